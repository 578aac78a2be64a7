"""`compare(...)`: every scenario with every seed, one run each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import as_completed

from collectors.columns import Clock
from collectors.compare.comparison import Comparison
from collectors.compare.record import RunRecord, record
from collectors.live_run import RealTime, real_time
from collectors.progress import steps
from collectors.run import run
from collectors.workers import available_cpus, workers
from engine.scenario import Scenario


def compare(
    scenarios: Sequence[Scenario] | Mapping[str, Scenario],
    *,
    clock: Clock | RealTime = "virtual",
    repeats: int = 8,
    seeds: Sequence[int] | None = None,
    jobs: int | None = None,
    progress: bool = True,
) -> Comparison:
    """Run every scenario `repeats` times, each time with another seed; the run is the unit of all statistics.

    Parameters
    ----------
    scenarios : by name, or a sequence of scenarios with different names.
    clock : `virtual`; or `real`, with `RealTime(...)` for how: runs then take turns, one at a time.
    repeats : runs per scenario, at least 2.
    seeds : one per repeat, shared by all scenarios; default 1 to `repeats`.
    jobs : processes; 1 runs here; default one per CPU this process may use, and 1 in real time.

    Raises
    ------
    ValueError : no scenario, equal names, too few repeats, a wrong number of seeds, or several processes in
        real time.
    ScenarioError, CaptureError, OSError : from the first run that meets it.
    """
    named, how = _named(scenarios), real_time(clock)
    chosen = list(range(1, repeats + 1)) if seeds is None else list(seeds)
    if repeats < 2:
        raise ValueError(f"repeats = {repeats}: must be 2 or more, an interval needs them")
    if len(chosen) != repeats or len(set(chosen)) != repeats:
        raise ValueError(f"seeds = {chosen}: must be {repeats} different ones")
    if how is not None and jobs not in (None, 1):
        raise ValueError(
            f"jobs = {jobs}: must be 1 with clock = real, runs side by side take each other's CPUs"
        )
    # Round by round, so that in real time what the machine does meanwhile falls on all scenarios alike.
    points = [
        (name, repeat, each.with_(seed=chosen[repeat]), clock)
        for repeat in range(repeats)
        for name, each in named.items()
    ]
    width = 1 if how is not None else min(jobs or available_cpus(), len(points))
    with steps("compare", len(points), "run", progress) as stepped:
        records: dict[tuple[str, int], RunRecord] = {}
        if width == 1:
            for point in points:
                records[point[:2]] = _one(*point)
                stepped()
        else:
            with workers(width) as pool:
                under_way = {pool.submit(_one, *point): point[:2] for point in points}
                for future in as_completed(under_way):
                    records[under_way[future]] = future.result()
                    stepped()
    # The order of results is the order of the question, whichever run ended first.
    ordered = tuple(records[name, repeat] for name in named for repeat in range(repeats))
    return Comparison(named, ordered, how)


def _named(scenarios: Sequence[Scenario] | Mapping[str, Scenario]) -> dict[str, Scenario]:
    if isinstance(scenarios, Mapping):
        named = {str(name): each for name, each in scenarios.items()}
    else:
        named = {each.name or f"scenario {i + 1}": each for i, each in enumerate(scenarios)}
    if len(named) != len(scenarios):
        raise ValueError("scenarios: their names must differ; give a dict to name them")
    if not named:
        raise ValueError("scenarios: there must be at least one")
    return named


def _one(name: str, repeat: int, scenario: Scenario, clock: Clock | RealTime) -> RunRecord:
    return record(name, repeat, run(scenario, clock=clock, progress=False))
