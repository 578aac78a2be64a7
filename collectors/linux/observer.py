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
RUNS_PER_ROUND = 5


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
    """One load with and without the watch, taken in turns, real time.

    The fastest run of each counts: what other work on the machine takes is not the watch's cost.
    """

    without_ns: float
    """Nanoseconds per packet, unwatched."""
    watched_ns: float
    """Nanoseconds per packet, watched."""
    programs_ns: float
    """Of these in BPF programs, as the kernel accounts them; NaN without bcc."""
    runs: int
    """Of the load, with and without each."""
    spread: float
    """How far the median unwatched run is above the fastest, as a share: the machine's own noise."""

    @property
    def added_ns(self) -> float:
        """Nanoseconds the watch adds to a packet; below what the machine varies it may be negative."""
        return self.watched_ns - self.without_ns

    def sentence(self) -> str:
        """For people."""
        return (
            f"watching adds {self.added_ns:.0f} ns to the {self.without_ns:.0f} ns of a packet "
            f"({self.programs_ns:.0f} ns in BPF programs by the kernel's account; "
            f"fastest of {self.runs}, unwatched median {self.spread:.0%} above it, clock real)"
        )


def loopback_datagrams(packets: int = 3000) -> int:
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
    rounds: int = 3,
    *,
    bcc: bool = True,
) -> ObserverCost:
    """What watching adds to a load.

    Parameters
    ----------
    collectors : names, as for `observe`.
    load : called five times a round; returns how many packets it moved.
    rounds : without and with, in turns; each loads the programs anew. Raises ValueError below 1.
    """
    from collectors.linux.observe import observe

    if rounds < 1:
        raise ValueError(f"rounds = {rounds}: must be at least 1")
    without: list[float] = []
    watched: list[float] = []
    load()
    for _ in range(rounds):
        without += [_ns_per_packet(load)[0] for _ in range(RUNS_PER_ROUND)]
        # The kernel's account costs two clock reads a call: it is taken in a round of its own.
        with observe(collectors, bcc=bcc, cost=False):
            watched += [_ns_per_packet(load)[0] for _ in range(RUNS_PER_ROUND)]
    with observe(collectors, bcc=bcc) as watch:
        _, packets = _ns_per_packet(load)
    account = watch.table("observer")
    programs_ns = float(account.loc[account["program"] != "sampling", "ns"].sum())
    return ObserverCost(
        without_ns=min(without),
        watched_ns=min(watched),
        programs_ns=programs_ns / packets if watch.bcc else NAN,
        runs=len(without),
        spread=statistics.median(without) / min(without) - 1,
    )


def _ns_per_packet(load: Callable[[], int]) -> tuple[float, int]:
    begin = time.perf_counter_ns()
    packets = load()
    return (time.perf_counter_ns() - begin) / packets, packets
