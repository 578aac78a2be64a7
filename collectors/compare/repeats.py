"""`compare(...)`: every scenario with every seed, one run each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import as_completed

from collectors.compare.comparison import Comparison
from collectors.compare.record import RunRecord, record
from collectors.progress import steps
from collectors.run import run
from collectors.workers import available_cpus, workers
from engine.scenario import Scenario


def compare(
    scenarios: Sequence[Scenario] | Mapping[str, Scenario],
    *,
    repeats: int = 8,
    seeds: Sequence[int] | None = None,
    jobs: int | None = None,
    progress: bool = True,
) -> Comparison:
    """Run every scenario `repeats` times, each time with another seed; the run is the unit of all statistics.

    Parameters
    ----------
    scenarios : by name, or a sequence of scenarios with different names.
    repeats : runs per scenario, at least 2.
    seeds : one per repeat, shared by all scenarios; default 1 to `repeats`.
    jobs : processes; 1 runs here; default one per CPU this process may use.

    Raises
    ------
    ValueError : no scenario, equal names, too few repeats or a wrong number of seeds.
    ScenarioError, CaptureError, OSError : from the first run that meets it.
    """
    named = _named(scenarios)
    chosen = list(range(1, repeats + 1)) if seeds is None else list(seeds)
    if repeats < 2:
        raise ValueError(f"repeats = {repeats}: must be 2 or more, an interval needs them")
    if len(chosen) != repeats or len(set(chosen)) != repeats:
        raise ValueError(f"seeds = {chosen}: must be {repeats} different ones")
    points = [
        (name, repeat, each.with_(seed=chosen[repeat]))
        for repeat in range(repeats)
        for name, each in named.items()
    ]
    width = min(jobs or available_cpus(), len(points))
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
    return Comparison(named, tuple(records[name, repeat] for name in named for repeat in range(repeats)))


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


def _one(name: str, repeat: int, scenario: Scenario) -> RunRecord:
    return record(name, repeat, run(scenario, progress=False))
