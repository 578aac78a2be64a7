"""Watch the host while something runs: `with observe(["softirq", "drops"]) as watch: ...; watch.softirq`.

One thread takes every reading, in the network namespace of whoever enters; the programs of all collectors are
compiled together. On exit everything is unloaded; a killed process leaves nothing either, as all of it hangs
on the process' descriptors.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from types import TracebackType

import pandas as pd

from collectors.columns import Source
from collectors.linux.bpf.program import Program, load
from collectors.linux.columns import TABLES
from collectors.linux.counting import HostCollector
from collectors.linux.device import Device
from collectors.linux.drops import Drops
from collectors.linux.hardirq import Hardirq
from collectors.linux.observer import Observer
from collectors.linux.pmu import Pmu
from collectors.linux.protocols import Protocols
from collectors.linux.scheduler import Scheduler
from collectors.linux.softirq import Softirq
from collectors.linux.unavailable import Unavailable

KINDS: dict[str, type[HostCollector]] = {
    kind.name: kind for kind in (Softirq, Hardirq, Drops, Scheduler, Pmu, Protocols, Device)
}
"""Every collector by name, in the order of a packet's way where there is one."""


class Watch:
    """A watch of the host; made by `observe`. Tables are attributes: `watch.softirq`, `watch.drops` …

    Within the `with` block a table is as of the last interval; after it, whole.
    """

    def __init__(
        self, collectors: list[HostCollector], interval: float, *, bcc: bool, cost: bool, keep: int | None
    ) -> None:
        self._collectors = collectors
        self._interval = interval
        self._wants_bcc, self._wants_cost = bcc, cost
        self._keep = keep
        self._program: Program | None = None
        self._ended = threading.Event()
        self._began = threading.Event()
        self._interval_over = threading.Condition()
        self._failure: BaseException | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.bcc = False
        """Whether BPF programs are, or were, at work."""
        self.load_s = 0.0
        """Seconds it took to compile, load and attach them."""
        self.received = 0
        """Events streamed so far."""
        self.lost = 0
        """Events the stream had no room for: a figure above 0 makes its tables incomplete."""

    def __enter__(self) -> Watch:
        if self._thread is not None:
            raise RuntimeError("a watch is entered once: call observe again")
        texts = [each.text for each in self._collectors if each.text]
        if texts and self._wants_bcc:
            formats = [name for each in self._collectors for name in each.formats]
            try:
                self._program = load(texts, formats)
            except Unavailable as cause:
                self._no_bcc(str(cause))
            else:
                self.bcc, self.load_s = True, self._program.load_s
        elif texts:
            self._no_bcc("asked not to use bcc")
        if self._wants_cost:
            self._collectors.append(Observer(self._program, keep=self._keep))
        self._thread = threading.Thread(target=self._watch, name="rxbench-watch", daemon=True)
        self._thread.start()
        try:
            self._began.wait()
        except BaseException:  # Ctrl-C: who never got the watch cannot end it
            self._ended.set()
            self._thread.join()
            raise
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def _no_bcc(self, reason: str) -> None:
        for each in self._collectors:
            if each.text:
                each.without_bcc(reason)

    def _watch(self) -> None:
        started: list[HostCollector] = []
        try:
            for each in self._collectors:
                each.start(self._program)
                started.append(each)
            self._began.set()
            while not self._ended.wait(self._interval):
                with self._lock:
                    for each in started:
                        each.sample()
                    self._count_events()
                with self._interval_over:
                    self._interval_over.notify_all()
            for each in started:
                each.stop()
        except BaseException as cause:  # noqa: BLE001 - raised again where the watch was entered or left
            self._failure = cause
        finally:
            for each in started:
                each.abandon()
            if self._program is not None:
                self._count_events()
                self._program.close()
            self._began.set()
            with self._interval_over:
                self._interval_over.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end of an interval, at most `timeout` seconds; whether there was one.

        Raises what ended the watch before its time.
        """
        with self._interval_over:
            over = self._interval_over.wait(timeout)
        if self._failure is not None:
            raise self._failure
        return over

    def _count_events(self) -> None:
        if self._program is not None:
            self.received, self.lost = self._program.ring.received, self._program.lost

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        if self._failure is not None and error is None:
            raise self._failure

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of its tables."""
        return tuple(dict.fromkeys(name for each in self._collectors for name in each.tables))

    @property
    def sources(self) -> Mapping[str, Source]:
        """Where each table comes from."""
        found: dict[str, Source] = {}
        for each in self._collectors:
            for name, source in each.sources.items():
                if found.get(name, "unavailable") == "unavailable":
                    found[name] = source
        return found

    @property
    def reasons(self) -> Mapping[str, str]:
        """Why a table does not come from its best source, in one line each."""
        found: dict[str, str] = {}
        for each in self._collectors:
            found |= each.reasons
        sources = self.sources
        return {name: why for name, why in found.items() if sources[name] != TABLES[name].sources[0]}

    def table(self, name: str, *, latest: bool = False) -> pd.DataFrame:
        """One table, or its last interval alone. Raises KeyError for one that is not watched."""
        owners = [each for each in self._collectors if name in each.tables]
        if not owners:
            raise KeyError(f"{name}: this watch has {', '.join(self.tables)}")
        with self._lock:
            parts = [each.latest(name) if latest else each.table(name) for each in owners]
        filled = [part for part in parts if len(part)] or parts[:1]
        if len(filled) == 1:
            return filled[0]
        whole = pd.concat([part.astype({"part": "str"}) for part in filled], ignore_index=True)
        return whole.astype({"part": "category"})

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self.table(name)
        except KeyError as cause:
            raise AttributeError(str(cause)) from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.tables]


def observe(
    collectors: Collection[str] | None = None,
    interval: float = 0.1,
    *,
    bcc: bool = True,
    cost: bool = True,
    devices: Collection[str] | None = None,
    keep: int | None = None,
) -> Watch:
    """A watch of this host, to be entered.

    Parameters
    ----------
    collectors : names out of `KINDS`; None: all of them.
    interval : seconds between readings; rates are per interval.
    bcc : use BPF programs where they can be had; otherwise procfs and its like, as each table says.
    cost : also watch what watching costs (table observer); adds two clock reads to each call of a program.
    devices : interfaces for the collector device; None: all.
    keep : intervals to remember; None: all.

    Raises
    ------
    ValueError : an unknown collector, or an interval that is not positive.
    """
    names = list(KINDS) if collectors is None else list(dict.fromkeys(collectors))
    if unknown := [name for name in names if name not in KINDS]:
        raise ValueError(f"collector {unknown[0]!r} is unknown; there are {', '.join(KINDS)}")
    if not interval > 0:
        raise ValueError(f"interval = {interval}: must be above 0 seconds")
    made = [
        Device(devices, bcc=bcc, keep=keep) if name == "device" else KINDS[name](bcc=bcc, keep=keep)
        for name in names
    ]
    return Watch(made, interval, bcc=bcc, cost=cost, keep=keep)
