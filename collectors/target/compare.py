"""`compare(on, settings)`: every setting in turn, round by round; the answers of `collectors.compare`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import pandas as pd

from collectors.columns import Clock
from collectors.compare.comparison import Comparison
from collectors.compare.record import RunRecord
from collectors.progress import steps
from collectors.target.load import Load
from collectors.target.measure import TargetRun, measure
from engine.linux.pair import Pair
from engine.linux.settings import Settings, check

FROM_BPF = ("cpu_ns_per_frame", "softirq_cpus", "busiest_cpu_share")
DESCRIBED = ("device", "counted_by", "bytes_by", "timed", "said_of_load")
COUNTED = ("offered_pps", "delivered_pps", "loss_ratio")


@dataclass(frozen=True, repr=False)
class TargetComparison(Comparison):
    """Settings of one interface compared: what `Comparison` answers, of this machine's kernel.

    `scenarios` has the settings by name, `tables` what `collectors.linux` saw of every run.
    """

    device: str = ""
    counted_by: str = "netlink"
    """Where frames were counted: `socket` or `netlink`."""
    bytes_by: str = "netlink"
    """Where bytes were: `socket` where sockets read streams."""
    timed: bool = False
    """Whether softirqs were timed (bcc)."""
    said_of_load: str = ""

    @property
    def target(self) -> Mapping[str, Any]:
        """See the base: what `from_target` takes."""
        settings = cast(Mapping[str, Settings], self.scenarios)
        return {
            **{name: getattr(self, name) for name in DESCRIBED},
            "settings": {name: each.given() for name, each in settings.items()},
        }

    @classmethod
    def from_target(cls, target: Mapping[str, Any], runs: tuple[RunRecord, ...]) -> TargetComparison:
        """From `target` and its runs, as a dataset has them."""
        named = {name: Settings.of({"name": name, **given}) for name, given in target["settings"].items()}
        return cls(cast(Any, named), runs, **{name: target[name] for name in DESCRIBED})

    @property
    def clock(self) -> Clock:
        """This machine's."""
        return "real"

    @property
    def loop(self) -> str:
        """How the load was offered."""
        return self.said_of_load

    @property
    def said(self) -> str:
        """What goes with every figure."""
        return f"{self.device}, clock real, {self.loop}"

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The host's tables of all runs, with columns name (str) and repeat (int64) in front."""
        kept = self.runs[0].tables if self.runs else {}
        return {table: self._stacked(table) for table in kept}

    def source_of(self, metric: str) -> str:
        """Where a metric comes from; most of the engine's have none here."""
        if metric == "delivered_bps":
            return self.bytes_by
        if metric in COUNTED or (metric == "read_pps" and self.counted_by == "socket"):
            return self.counted_by
        return "bcc" if self.timed and metric in FROM_BPF else "unavailable"

    def modelled(self, what: str) -> None:
        """Raises ValueError: a kernel has no model."""
        raise ValueError(f"{self.device}: clock = real: must be virtual, whose model alone has {what}")


def compare(
    on: Pair | str,
    settings: Sequence[Settings] | Mapping[str, Settings],
    *,
    load: Load | None = None,
    seconds: float = 1.0,
    repeats: int = 8,
    watch: Collection[str] = ("softirq",),
    progress: bool = True,
) -> TargetComparison:
    """Measure an interface under each of several settings, `repeats` times, one run at a time, in rounds.

    What it cannot be set to is said before the first run. Parameters are those of `measure`.

    Raises
    ------
    ValueError : no settings, equal names, too few repeats; CannotBeSet.
    OSError : as `measure`; nothing is left changed.
    """
    named = _named(settings)
    if repeats < 2:
        raise ValueError(f"repeats = {repeats}: must be 2 or more, an interval needs them")
    device = on if isinstance(on, str) else on.device
    for each in named.values():
        check(device, each)
    records: dict[tuple[str, int], RunRecord] = {}
    run: TargetRun | None = None
    with steps("compare", repeats * len(named), "run", progress) as stepped:
        for repeat in range(repeats):
            for name, each in named.items():
                run = measure(on, each, load=load, seconds=seconds, watch=watch)
                records[name, repeat] = _record(name, repeat, run)
                stepped()
    ordered = tuple(records[name, repeat] for name in named for repeat in range(repeats))
    return TargetComparison(
        cast(Any, named),
        ordered,
        device=device,
        counted_by=run.source if run else "netlink",
        bytes_by="netlink" if run is None or run.read_bytes is None else "socket",
        timed=run is not None and len(run.softirq_ns) > 0,
        said_of_load="traffic from elsewhere" if isinstance(on, str) else str(load or Load()),
    )


def _named(settings: Sequence[Settings] | Mapping[str, Settings]) -> dict[str, Settings]:
    named = dict(settings) if isinstance(settings, Mapping) else {str(each): each for each in settings}
    if len(named) != len(settings):
        raise ValueError("settings: their names must differ; give a dict to name them")
    if not named:
        raise ValueError("settings: there must be at least one")
    return named


def _record(name: str, repeat: int, run: TargetRun) -> RunRecord:
    lost = max(run.offered_frames - run.delivered_frames, 0)
    figures = {str(metric): float(value) for metric, value in run.summary.items()}
    watched = {} if run.kernel is None else {table: run.kernel.table(table) for table in run.kernel.tables}
    delivered = run.offered_frames - lost
    stats = {
        "rx": run.offered_frames,
        "delivered": delivered,
        "dropped": {"not_read": lost} if lost else {},
        "pending": 0,
        "consumed": 0,
    }
    return RunRecord(name, repeat, repeat + 1, cast(Any, stats), figures, watched)
