"""What every collector of the host does alike: read counters, keep what moved between two readings.

A collector says what it reads; the base keeps rows per interval, remembers where each table comes from, and
why it is not the best source. The protocol is `collectors.base.Collector`'s.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from collectors.columns import Clock, Source
from collectors.linux import distribution
from collectors.linux.bpf.program import Program, load
from collectors.linux.columns import TABLES
from collectors.linux.files import Reread
from collectors.linux.frame import frame
from collectors.linux.unavailable import Unavailable

Counts = dict[tuple[object, ...], tuple[float, ...]]
"""Values by key, in the order the table declares them, counted since whenever."""

Row = tuple[object, ...]


class HostCollector(ABC):
    """A collector of the Linux host.

    Parameters
    ----------
    bcc : try BPF programs first. Without, or where they cannot be had, procfs and its like.
    keep : intervals to remember; None: all.
    """

    name: ClassVar[str]
    tables: ClassVar[tuple[str, ...]]
    text: ClassVar[str] = ""
    """Its BPF programs in bcc's C; empty: it has none."""
    formats: ClassVar[tuple[str, ...]] = ()
    """Tracepoints whose description it needs."""
    clock: ClassVar[Clock] = "real"

    def __init__(self, *, bcc: bool = True, keep: int | None = None) -> None:
        self._wants_bcc = bcc
        self._own: Program | None = None
        self._program: Program | None = None
        self._rows: dict[str, deque[list[Row]]] = {
            name: deque(maxlen=None if name == "distribution" else keep) for name in self.tables
        }
        self._before: dict[str, Counts] = {}
        self._before_ns = 0
        self._buckets_before: dict[str, npt.NDArray[np.uint64]] = {}
        self._running = False
        self._files: dict[str, Reread] = {}
        """What `open` opens, and `close` closes."""
        self.sources: Mapping[str, Source] = dict.fromkeys(self.tables, "unavailable")
        """Where each table comes from, known once started."""
        self.reasons: dict[str, str] = {}
        """Why a table does not come from its best source, in one line."""

    def start(self, program: Program | None = None) -> None:
        """Begin to watch, with programs loaded by whoever watches several, or with its own."""
        if program is None and self.text and self._wants_bcc:
            try:
                program = self._own = load((self.text,), self.formats)
            except Unavailable as cause:
                self.reasons |= dict.fromkeys(self.tables, str(cause))
        self._program = program if self.text else None
        try:
            self.open()
            self._before_ns = time.monotonic_ns()
            self._before = self.read()
            self._buckets_before = self.distributions()
        except BaseException:
            self._close()
            raise
        self._running = True

    def sample(self) -> None:
        """End one interval and begin the next."""
        now_ns = time.monotonic_ns()
        counts = self.read()
        interval_ns = now_ns - self._before_ns
        for name in self.tables:
            if TABLES[name].timed and name in counts:
                before = self._before.get(name, {})
                moved = _moved(counts[name], before, sparse=TABLES[name].sparse)
                self._rows[name].append([(self._before_ns, interval_ns, *row) for row in moved])
        for name, rows in self.events().items():
            self._rows[name].append(rows)
        self._before, self._before_ns = counts, now_ns

    def stop(self) -> None:
        """End the last interval and let go of everything; safe to call twice."""
        if not self._running:
            return
        self._running = False
        try:
            self.sample()
            for name, rows in self.totals().items():
                self._rows[name].append(rows)
            for part, counts in self.distributions().items():
                buckets = distribution.rows(part, counts - self._buckets_before[part])
                self._rows["distribution"].append(buckets)
        finally:
            self._close()

    def collect(self) -> Mapping[str, pd.DataFrame]:
        """Every table, as declared in `collectors.linux.columns`."""
        return {name: self.table(name) for name in self.tables}

    def table(self, name: str) -> pd.DataFrame:
        """One table as far as it is known now. Raises KeyError for a name that is not its own."""
        # A copy: another thread may add an interval meanwhile.
        rows = [row for interval in list(self._rows[name]) for row in interval]
        return frame(TABLES[name], rows, self.sources[name])

    def latest(self, name: str) -> pd.DataFrame:
        """One table's last interval."""
        intervals = self._rows[name]
        return frame(TABLES[name], intervals[-1] if intervals else [], self.sources[name])

    def without_bcc(self, reason: str) -> None:
        """Start without BPF programs, and say why."""
        self._wants_bcc = False
        self.reasons |= dict.fromkeys(self.tables, reason)

    def abandon(self) -> None:
        """Let go of everything without a last reading, where it has not been stopped."""
        if self._running:
            self._running = False
            self._close()

    def _close(self) -> None:
        self.close()
        if self._own is not None:
            self._own.close()
            self._own = None
        self._program = None

    @abstractmethod
    def open(self) -> None:
        """Open what it reads and say where each table comes from; `self._program` is None without bcc."""

    @abstractmethod
    def read(self) -> dict[str, Counts]:
        """The counters now, by table."""

    def events(self) -> dict[str, list[Row]]:
        """Rows of tables without intervals that came up since the last call."""
        return {}

    def distributions(self) -> dict[str, npt.NDArray[np.uint64]]:
        """Buckets now, of shape (CPUs, buckets), by the part they are of in the table distribution."""
        return {}

    def totals(self) -> dict[str, list[Row]]:
        """Rows of tables without intervals that are known at the end."""
        return {}

    def close(self) -> None:
        """Let go of what `open` opened, in whatever state."""
        for file in self._files.values():
            file.close()
        self._files = {}


def _moved(now: Counts, before: Counts, *, sparse: bool) -> list[Row]:
    rows: list[Row] = []
    for key, values in now.items():
        earlier = before.get(key, (0.0,) * len(values))
        change = tuple(value - old for value, old in zip(values, earlier, strict=True))
        if not sparse or any(moved != 0 and moved == moved for moved in change):  # NaN is not itself
            rows.append((*key, *change))
    return rows
