"""`follow(...) -> FollowRun`: a reader is moved from CPU to CPU, and its flow comes after it."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from collectors.columns import Clock, Source
from collectors.linux.columns import TABLES
from collectors.linux.following.endpoints import Endpoint, Protocol, Settings
from collectors.linux.following.engine import EngineSteering, Wire
from collectors.linux.following.ground import Loss, Veth
from collectors.linux.following.kernel import KernelSteering
from collectors.linux.following.moves import moves as moves_of
from collectors.linux.following.rfs import RfsSteering
from collectors.linux.following.steering import Steering
from collectors.linux.frame import frame
from collectors.linux.unavailable import Unavailable

By = Literal["xdp", "engine", "rfs", "none"]
BY: dict[By, type[Steering]] = {
    "xdp": KernelSteering,
    "engine": EngineSteering,
    "rfs": RfsSteering,
    "none": Steering,
}
Part = Literal["packet", "read", "told"]
FIRST_READ_S = 5.0
LOOK_S = 0.05
STILL_LOOKS = 6
"""After so many looks at which nothing had come, nothing comes."""


class FollowRun:
    """What came of it. Every packet is accounted for: `unaccounted` is 0."""

    clock: Clock = "real"

    def __init__(
        self,
        protocol: Protocol,
        steering: By,
        moves: pd.DataFrame,
        packets: pd.DataFrame,
        sent_per_s: float,
        lost_events: int,
    ) -> None:
        self.protocol = protocol
        """udp or tcp."""
        self.steering = steering
        """Who chose the CPU of a packet."""
        self.moves = moves
        """Table follow: one row per move."""
        self.packets = packets
        """Table follow_packets: where they were counted."""
        self.sent_per_s = sent_per_s
        """Messages a second the sender reached."""
        self.lost_events = lost_events
        """Events the ring had no room for: above 0, moves are incomplete."""

    def count(self, place: str) -> int:
        """Packets at a place, whatever the reason."""
        return int(self.packets.loc[self.packets["place"] == place, "packets"].sum())

    @property
    def unaccounted(self) -> int:
        """Packets sent that were neither received nor counted as dropped."""
        return self.count("sent") - self.count("received") - self.count("dropped")

    @property
    def followed(self) -> float:
        """Share of moves after which a packet met the stack on the new CPU before the next move."""
        return float(self.moves["packet_ns"].notna().mean()) if len(self.moves) else float("nan")

    def percentile(self, percent: float | Sequence[float], part: Part = "packet") -> npt.NDArray[np.float64]:
        """Percentiles in ns of the time from the move to the first packet, or read, on the new CPU."""
        known = self.moves[f"{part}_ns"].dropna().to_numpy(dtype=np.float64)
        asked = np.atleast_1d(np.asarray(percent, dtype=np.float64))
        return np.percentile(known, asked) if len(known) else np.full(len(asked), np.nan)

    def sentence(self) -> str:
        """For people."""
        p50, p90, p99 = (value / 1e3 for value in self.percentile((50, 90, 99)))
        return (
            f"{self.protocol}, steering {self.steering}: the first packet on the new CPU p50 {p50:.0f}, "
            f"p90 {p90:.0f}, p99 {p99:.0f} µs after the move, in {self.followed:.0%} of "
            f"{len(self.moves)} moves; "
            f"{self.count('sent')} packets sent, {self.count('received')} received, "
            f"{self.count('dropped')} dropped (clock real, source bcc)"
        )

    def __repr__(self) -> str:
        return f"<FollowRun: {self.sentence()}>"


def follow(
    protocol: Protocol = "udp",
    steering: By = "xdp",
    *,
    moves: int = 100,
    every_s: float = 0.02,
    packets_per_s: float = 10_000.0,
    message_bytes: int = 200,
    cpus: Sequence[int] | None = None,
    sender_cpu: int | None = None,
    receive_buffer_bytes: int = 1 << 20,
    seed: int = 1,
) -> FollowRun:
    """Move a reader of a flow from CPU to CPU by `sched_setaffinity`, and time how its packets follow.

    Two namespaces and what joins them, a veth pair or the engine between two TAP devices, are made for it and
    vanish with it. Nothing else of the machine is touched, but with `rfs`
    `net.core.rps_sock_flow_entries` is held above 0 as long as it lasts.

    Parameters
    ----------
    steering : `xdp`: the scheduler's tracepoint tells a BPF map, which native XDP obeys; `engine`: it tells
        the engine's NIC, which stands between sender and reader, and whose flow table obeys; `rfs`: the
        kernel's own receive flow steering; `none`: as the kernel does it by itself.
    moves : how many.
    every_s : seconds between two moves on average; each is up to half earlier or later.
    packets_per_s : of the sender, one message a packet.
    cpus : the reader moves through these in turn; None: every one this process may use.
    sender_cpu : where the sender runs, and with it the card's part; None: the first of `cpus`.
    receive_buffer_bytes : of the reading socket; datagrams beyond are dropped and counted.
    seed : of the times between moves.

    Raises
    ------
    Unavailable : a right, bcc, or native XDP is missing.
    ValueError : fewer than two CPUs, or a number out of range.
    RuntimeError : an end of the traffic failed.
    """
    allowed = sorted(os.sched_getaffinity(0))
    among = allowed if cpus is None else list(cpus)
    _check(protocol, steering, moves, every_s, packets_per_s, message_bytes, among, allowed)
    first = among[0] if sender_cpu is None else sender_cpu
    with (
        Wire(list(dict.fromkeys(among))) if steering == "engine" else Veth() as ground,
        BY[steering](ground) as followed,
        ExitStack() as ends,
    ):
        settings = Settings(
            protocol, ground.reader_address, packets_per_s, message_bytes, receive_buffer_bytes
        )
        reader = ends.enter_context(Endpoint(settings, ground.reader, among[0]))
        sender = ends.enter_context(Endpoint(settings, ground.sender, first, reader.port))
        _await_first_read(followed)
        _move(reader.tid, among, moves, every_s, random.Random(seed))
        sender.stop()
        if protocol == "tcp":  # it closes when the reader has seen the end
            read, sent = reader.answer(), sender.answer()
        else:
            sent = sender.answer()
            _await_arrivals(followed, sent["packets"])
            reader.stop()
            read = reader.answer()
        events, places, lost = followed.events(), followed.places(), followed.lost
        losses = ground.losses()
    table = frame(TABLES["follow"], moves_of(events[events["tid"] == reader.tid]), "bcc")
    packets = _account(sent, read, places, losses)
    return FollowRun(protocol, steering, table, packets, sent["messages"] / sent["elapsed_ns"] * 1e9, lost)


def _check(
    protocol: str,
    steering: str,
    moves: int,
    every_s: float,
    packets_per_s: float,
    message_bytes: int,
    among: list[int],
    allowed: list[int],
) -> None:
    for name, value, known in (
        ("protocol", protocol, get_args(Protocol)),
        ("steering", steering, get_args(By)),
    ):
        if value not in known:
            raise ValueError(f"{name} = {value!r}: must be one of {', '.join(known)}")
    if len(set(among)) < 2:
        raise ValueError(f"cpus = {among}: at least two are needed to move between; usable here: {allowed}")
    if foreign := sorted(set(among) - set(allowed)):
        raise ValueError(f"cpus: {foreign[0]} is not usable; usable here: {allowed}")
    for name, number, low, high in (
        ("moves", moves, 1, 100_000),
        ("every_s", every_s, 0.001, 10.0),
        ("packets_per_s", packets_per_s, 1, 100_000),
        ("message_bytes", message_bytes, 8, 1400),
    ):
        if not low <= number <= high:
            raise ValueError(f"{name} = {number}: must be between {low} and {high}")


def _await_first_read(followed: Steering) -> None:
    """Until the tracepoints know whose flow it is."""
    deadline = time.monotonic() + FIRST_READ_S
    while not followed.followed():
        if time.monotonic() > deadline:
            raise Unavailable(
                "no read was seen: sock:sock_recv_length does not tell them", "Linux 6.3 or newer"
            )
        time.sleep(0.005)


def _await_arrivals(followed: Steering, sent: int) -> None:
    """Until what was sent has met the stack, or no more does: a thread of the kernel may be behind."""
    arrived, still = followed.places()["stack"], 0
    while arrived < sent and still < STILL_LOOKS:
        time.sleep(LOOK_S)
        before, arrived = arrived, followed.places()["stack"]
        still = still + 1 if arrived == before else 0


def _move(tid: int, among: Sequence[int], moves: int, every_s: float, dice: random.Random) -> None:
    for number in range(1, moves + 1):
        os.sched_setaffinity(tid, {among[number % len(among)]})
        time.sleep(every_s * dice.uniform(0.5, 1.5))


def _account(
    sent: dict[str, int], read: dict[str, int], places: dict[str, int], losses: list[Loss]
) -> pd.DataFrame:
    """The table follow_packets."""
    spec = TABLES["follow_packets"]
    rows: list[tuple[str, str, int, Source]] = [
        ("sent", "", sent["packets"], "socket"),
        ("received", "", read["packets"], "socket"),
        ("reordered", "", read["reordered"], "socket"),
        *((name, "", places[name], "bcc") for name in ("steered", "passed", "stack")),
        *(("dropped", name, places[name], "bcc") for name in ("cpumap.drops", "xdp.redirect_errors")),
        *(("dropped", *loss) for loss in losses),
    ]
    parts = [
        frame(spec, [row[:3] for row in rows if row[3] == source], source)
        for source in dict.fromkeys(row[3] for row in rows)
    ]
    whole = pd.concat([part.astype({"place": "str", "reason": "str"}) for part in parts])
    return whole.astype({"place": "category", "reason": "category"}).reset_index(drop=True)
