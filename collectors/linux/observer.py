"""What watching costs: the kernel's account of each BPF program, and the time of the thread that reads.

`observer_cost` measures the same from outside: one load with and without the watch, taken in turns.
"""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from collectors.linux.bpf.program import Program
from collectors.linux.bpf.weigh import Scales, weights
from collectors.linux.counting import Counts, HostCollector

NAN = float("nan")


class Observer(HostCollector):
    """Table observer: the watch as it watches itself."""

    name = "observer"
    tables = ("observer",)

    def __init__(self, watched: Program | None, *, keep: int | None = None) -> None:
        super().__init__(bcc=False, keep=keep)
        self._watched = watched
        self._scales: Scales | None = None

    def open(self) -> None:
        """See the base."""
        self._scales = Scales() if self._watched else None
        self.sources = {"observer": "bcc" if self._scales and self._scales.working else "procfs"}

    def read(self) -> dict[str, Counts]:
        """See the base; the thread that calls is the one whose time is told."""
        found: Counts = {("sampling",): (NAN, float(time.thread_time_ns()))}
        if self._watched is not None and self.sources["observer"] == "bcc":
            for program, (runs, ns) in weights(self._watched.descriptors).items():
                found[program,] = (float(runs), float(ns))
        return {"observer": found}

    def close(self) -> None:
        """See the base."""
        if self._scales is not None:
            self._scales.close()


@dataclass(frozen=True, slots=True)
class ObserverCost:
    """One load with and without the watch; medians over rounds taken in turns, real time."""

    without_ns: float
    """Nanoseconds per packet, unwatched."""
    watched_ns: float
    """Nanoseconds per packet, watched."""
    programs_ns: float
    """Of these in BPF programs, as the kernel accounts them; NaN without bcc."""
    rounds: int
    spread: float
    """Largest deviation of an unwatched round from their median, as a share: the machine's own noise."""

    @property
    def added_ns(self) -> float:
        """Nanoseconds the watch adds to a packet; below what the machine varies it may be negative."""
        return self.watched_ns - self.without_ns

    def sentence(self) -> str:
        """For people."""
        return (
            f"watching adds {self.added_ns:.0f} ns to the {self.without_ns:.0f} ns of a packet "
            f"({self.programs_ns:.0f} ns in BPF programs by the kernel's account; "
            f"n = {self.rounds}, unwatched rounds vary by {self.spread:.0%}, clock real)"
        )


def loopback_datagrams(packets: int = 5000) -> int:
    """The load: datagrams to ourselves over the loopback, one softirq and one read each; returns packets."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.bind(("127.0.0.1", 0))
        sender.connect(receiver.getsockname())
        payload = bytes(64)
        for _ in range(packets):
            sender.send(payload)
            receiver.recv(2048)
    return packets


def observer_cost(
    collectors: Collection[str] = ("softirq",),
    load: Callable[[], int] = loopback_datagrams,
    rounds: int = 5,
    *,
    bcc: bool = True,
) -> ObserverCost:
    """What watching adds to a load.

    Parameters
    ----------
    collectors : names, as for `observe`.
    load : called once a round; returns how many packets it moved.
    rounds : with and without, in turns. Raises ValueError below 1.
    """
    from collectors.linux.observe import observe

    if rounds < 1:
        raise ValueError(f"rounds = {rounds}: must be at least 1")
    without, watched, programs = [], [], []
    load()
    for _ in range(rounds):
        without.append(_ns_per_packet(load)[0])
        # The kernel's account costs two clock reads a call: it is taken in a round of its own.
        with observe(collectors, bcc=bcc, cost=False):
            watched.append(_ns_per_packet(load)[0])
    with observe(collectors, bcc=bcc) as watch:
        _, packets = _ns_per_packet(load)
    account = watch.table("observer")
    if watch.bcc:
        programs.append(float(account.loc[account["program"] != "sampling", "ns"].sum()) / packets)
    middle = statistics.median(without)
    return ObserverCost(
        without_ns=middle,
        watched_ns=statistics.median(watched),
        programs_ns=programs[0] if programs else NAN,
        rounds=rounds,
        spread=max(abs(value - middle) for value in without) / middle,
    )


def _ns_per_packet(load: Callable[[], int]) -> tuple[float, int]:
    begin = time.perf_counter_ns()
    packets = load()
    return (time.perf_counter_ns() - begin) / packets, packets
