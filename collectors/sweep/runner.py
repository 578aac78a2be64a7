"""`sweep(plan, store)`: run what is not stored yet, in shuffled order, and store each result at once."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import nullcontext
from pathlib import Path

import pandas as pd

from collectors.dataset.errors import DatasetError
from collectors.dataset.points import Store, load_sweep, read_point
from collectors.progress import steps
from collectors.sweep.measure import Row, failed, measure
from collectors.sweep.plan import Plan
from collectors.sweep.point import Point, runs_of
from collectors.workers import available_cpus, workers
from engine.config.codec import encode

Keep = Callable[[Point, int, Row], None]


def sweep(
    plan: Plan,
    store: str | Path,
    *,
    jobs: int | None = None,
    executor: Executor | None = None,
    repeats: int | None = None,
    retries: int = 2,
    order_seed: int = 0,
    progress: bool = True,
) -> pd.DataFrame:
    """Run every point of a plan in virtual time that the store does not have, and return them all.

    Runs are started in a shuffled order, so that a drift of the machine follows no parameter. One that fails,
    or whose worker dies, is tried again and then stored as an error with its cause; the next sweep tries it
    anew. A sweep that was stopped, however it was, goes on where it was when it is called again.

    Parameters
    ----------
    store : a folder; made where it is not there. One sweep at a time may write to it.
    jobs : processes; default one per CPU this process may use. Frames in virtual time do not feel each other.
    executor : any `concurrent.futures.Executor` in place of own processes, such as dask's
        `client.get_executor()`.
    repeats : in place of the plan's.
    retries : further attempts after a failure.
    order_seed : of the shuffling.

    Returns
    -------
    As `load_sweep`: one row per run, in the order of the plan.

    Raises
    ------
    ScenarioError, PlanError, OSError : before anything ran.
    DatasetError : the store is another sweep's, in use, or of another version.
    KeyboardInterrupt : workers are ended; what was finished is stored.

    Examples
    --------
    >>> plan = Plan(Scenario().with_("duration_ns=100000"), grid={"nic.queues": [1, 2]})
    >>> list(sweep(plan, folder, jobs=1, progress=False)["nic.queues"])
    [1, 2]
    """
    if retries < 0:
        raise ValueError(f"retries = {retries}: must be 0 or more")
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs = {jobs}: must be 1 or more")
    chosen = plan if repeats is None else plan.repeated(repeats)
    points = runs_of(chosen)
    found = Store(store)
    with found.locked():
        found.open(chosen.key(), chosen.document(), [point.key for point in points])
        found.sweep_out()
        kept = found.files()
        missing = [point for point in points if not _is_done(kept.get(point.key))]
        random.Random(order_seed).shuffle(missing)
        width = min(jobs or available_cpus(), max(len(missing), 1))
        with steps(chosen.name or "sweep", len(missing), "run", progress) as stepped:

            def keep(point: Point, attempt: int, row: Row) -> None:
                found.put(point.key, _described(point) | row | {"attempt": attempt})
                stepped()

            if missing:
                _run_all(missing, width, executor, retries, keep)
    return load_sweep(store, chosen.key())


def _is_done(path: Path | None) -> bool:
    """Whether a run is stored, sound, and ended well."""
    try:
        return path is not None and read_point(path)["status"] == "ok"
    except DatasetError:
        return False


def _described(point: Point) -> Row:
    parameters = {name: encode(value) for name, value in point.parameters.items()}
    return {
        "key": point.key,
        "parameters": json.dumps(parameters),
        "repeat": point.repeat,
        "seed": point.scenario.seed,
    }


def _run_all(points: list[Point], width: int, executor: Executor | None, retries: int, keep: Keep) -> None:
    """Run points until each has a row. Runs under way when a worker dies are tried again, each alone."""
    queue = [(point, 1) for point in reversed(points)]
    while queue:
        suspects: list[tuple[Point, int]] = []
        with nullcontext(executor) if executor is not None else workers(width) as pool:
            under_way: dict[Future[Row], tuple[Point, int]] = {}
            try:
                while (queue and not suspects) or under_way:
                    while queue and not suspects and len(under_way) < 2 * width:
                        point, attempt = queue.pop()
                        try:
                            under_way[_submitted(pool, point)] = (point, attempt)
                        except BrokenExecutor:
                            suspects.append((point, attempt))
                    for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                        point, attempt = under_way.pop(future)
                        try:
                            row = _result(future)
                        except BrokenExecutor:
                            suspects.append((point, attempt))
                            continue
                        if row["status"] == "ok" or attempt > retries:
                            keep(point, attempt, row)
                        else:
                            queue.insert(0, (point, attempt + 1))
            finally:
                for future in under_way:
                    future.cancel()
        for point, attempt in suspects:
            _run_alone(point, attempt, retries, keep)


def _run_alone(point: Point, attempt: int, retries: int, keep: Keep) -> None:
    """A run in a process of its own, once at least: should it end the process, it condemns only itself."""
    row: Row = {}
    last = max(attempt, retries) + 1
    while attempt < last:
        attempt += 1
        try:
            with workers(1) as pool:
                row = _result(_submitted(pool, point))
        except BrokenExecutor:
            row = failed("the worker process died")
        if row["status"] == "ok":
            break
    keep(point, attempt, row)


def _submitted(pool: Executor, point: Point) -> Future[Row]:
    directory = point.scenario.directory
    return pool.submit(measure, point.scenario.resolved(), None if directory is None else str(directory))


def _result(future: Future[Row]) -> Row:
    """The row, also where it was the executor that failed. Raises BrokenExecutor."""
    try:
        return future.result()
    except BrokenExecutor:
        raise
    except Exception as error:  # noqa: BLE001 - an executor of any kind may fail in any way
        return failed(f"{type(error).__name__}: {error}")
