"""Cache misses as the processor counts them, or rows that say they are unavailable.

Nothing is modelled here. What an access costs is another table of another source, `measured-latency`: the
engine times single accesses when the watch begins, before anything is counted.
"""

from __future__ import annotations

import errno

from collectors.linux import access
from collectors.linux.counting import Counts, HostCollector, Row
from collectors.linux.files import cpus
from collectors.linux.perf_event import EVENTS, Counter
from collectors.linux.unavailable import Unavailable

ROUNDS = 10
"""Of timed accesses, a few milliseconds."""


class Pmu(HostCollector):
    """Tables pmu and access_latency."""

    name = "pmu"
    tables = ("pmu", "access_latency")

    def open(self) -> None:
        """See the base."""
        self._counters: dict[tuple[object, ...], Counter] = {}
        try:
            self._accesses, can_time = access.rows(rounds=ROUNDS), True
        except Unavailable as cause:
            self._accesses, can_time = access.unavailable(), False
            self.reasons["access_latency"] = str(cause)
        refusal = ""
        for event in EVENTS:
            refusal = self._add(event) or refusal
        if refusal:
            self.reasons["pmu"] = refusal
        self.sources = {
            "pmu": "pmu" if self._counters else "unavailable",
            "access_latency": "measured-latency" if can_time else "unavailable",
        }

    def _add(self, event: str) -> str:
        """Open an event on every CPU, else for this thread; the reason where neither can be."""
        try:
            for cpu in cpus():
                self._counters[cpu, event, "cpu"] = Counter(event, cpu=cpu)
        except OSError as cause:
            for key in [key for key in self._counters if key[1] == event]:
                self._counters.pop(key).close()
            if cause.errno in (errno.ENOENT, errno.EOPNOTSUPP, errno.ENODEV):
                return "no hardware counters here: bare metal, or a guest with a virtual PMU"
        else:
            return ""
        try:
            self._counters[-1, event, "thread"] = Counter(event, cpu=None, user_only=True)
        except OSError as cause:
            return f"perf_event_open: {cause.strerror}: sysctl kernel.perf_event_paranoid=0, or run as root"
        return "only the starting thread is counted: sysctl kernel.perf_event_paranoid=0, or run as root"

    def read(self) -> dict[str, Counts]:
        """See the base."""
        if not self._counters:
            return {"pmu": {(-1, event, "none"): (float("nan"),) for event in EVENTS}}
        return {"pmu": {key: (counter.value(),) for key, counter in self._counters.items()}}

    def totals(self) -> dict[str, list[Row]]:
        """See the base."""
        return {"access_latency": self._accesses}

    def close(self) -> None:
        """See the base."""
        for counter in getattr(self, "_counters", {}).values():
            counter.close()
        super().close()
