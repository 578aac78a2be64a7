"""`calibrate_own_host()`: what the engine's own code costs on this machine.

Runs the points in real time, counts in virtual time what each of their frames is charged for, and finds the
costs by which virtual time would have taken as long.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from collectors.calibrate.card import card
from collectors.calibrate.equations import calm, equations, guesses
from collectors.calibrate.fit import Equation, Guess, fit
from collectors.calibrate.measure import measure
from collectors.calibrate.memory import latencies, memory_guesses
from collectors.calibrate.pace import PATIENCE_S, Pace
from collectors.calibrate.points import Point, points
from collectors.calibrate.provenance import provenance
from collectors.calibrate.wait import dma
from collectors.calibrate.work import Work, work
from engine import _core
from engine.calibration import Calibration, Row
from engine.config import Cost

HOST = "own host"
"""What `host` in the provenance says."""
RESAMPLES = 60
"""Of the repeats, for the uncertainty of a row."""
COVERED = 0.9
"""Share of resamples a row's uncertainty covers."""


@dataclass(frozen=True)
class Calibrated:
    """A calibration and what it was made from."""

    calibration: Calibration
    observations: pd.DataFrame
    """As `collectors.calibrate.measure.COLUMNS` has it."""
    residuals: pd.DataFrame
    """One row per equation: measured and fitted ns, give or take."""


def calibrate_own_host(
    *,
    name: str = "own host",
    repeats: int = 9,
    frames: int = 200_000,
    command: str = "",
    date: str | None = None,
    scan_s: float = 0.0,
    patience_s: float = PATIENCE_S,
    progress: bool = True,
) -> Calibrated:
    """Measure and fit.

    Parameters
    ----------
    repeats : runs of each point, in turn; uncertainties come from them.
    frames : of a run at full load; a tenth where frames come one by one.
    command, date : what was typed and when, for the provenance.
    scan_s : seconds for which the machine is watched first; the quickest state it is in is the one that is
        calibrated (`pace`); 0: the one it is in now.
    patience_s : seconds waited in all for the machine to be in that state again.

    Raises
    ------
    ValueError : fewer than 2 repeats.
    ScenarioError : this machine has one CPU; the card needs one beside the host's.
    """
    if repeats < 2:
        raise ValueError(f"repeats = {repeats}: must be 2 or more, an uncertainty needs them")
    chosen = points(frames)
    pace = Pace(None, patience_s, scan_s)
    stalls, _ = pace.steadily(partial(latencies, chosen[0].scenario.host.cache))
    observations = measure(chosen, repeats, pace, progress=progress)
    made = fitted(name, chosen, observations, stalls)
    told = provenance(command, [point.name for point in chosen], HOST, repeats, date)
    told["pace"] = {thread: round(ns, 2) for thread, ns in pace.wanted._asdict().items()}
    told["steady_share"] = round(float(observations["steady"].mean()), 4)
    lost = observations.groupby(["point", "repeat"])["lost_share"].first().median()
    told["cpu_lost_to_others"] = round(float(lost), 4)
    return replace(made, calibration=replace(made.calibration, provenance=told))


def fitted(
    name: str,
    chosen: Sequence[Point],
    observations: pd.DataFrame,
    stalls: Mapping[str, float],
) -> Calibrated:
    """The calibration that measurements give, without provenance.

    Parameters
    ----------
    stalls : latencies as measured, by row of the cost table.

    Raises
    ------
    ValueError : no point has rounds to go by.
    """
    first = _first_costs(observations)
    works = {point.name: work(point, first) for point in chosen}
    guessed = {**guesses(calm(observations)), **memory_guesses(stalls)}
    rows = equations(calm(observations), works)
    if not rows:
        raise ValueError("no point had enough rounds to go by: offer more frames, or free the machine")
    costs = fit(rows, guessed)
    spread = _spread(observations, works, guessed, costs)
    settled = {key for row in rows for key in row.amounts}
    about = f"least squares over {len(rows)} equations of {len(works)} points of the own host"
    table = [
        Row(key, round(ns, 4), round(spread[key], 4), f"fitted: {about}")
        for key, ns in costs.items()
        if key in settled
    ]
    table += [
        Row(level, round(ns, 4), round(ns, 4), "measured: chain through memory, or single accesses timed")
        for level, ns in stalls.items()
        if level not in settled
    ]
    table.append(dma(chosen, observations, tuple(Cost(row.op, row.ns, row.source) for row in table)))
    residuals = pd.DataFrame(
        [(row.name, row.ns, row.predicted_ns(costs), row.sigma_ns) for row in rows],
        columns=["equation", "measured_ns", "fitted_ns", "sigma_ns"],
    )
    rows_in_order = tuple(sorted(table, key=_order))
    calibration = Calibration(name, rows_in_order, card(chosen, observations))
    return Calibrated(calibration, observations, residuals)


def _order(row: Row) -> tuple[bool, str]:
    return row.op.startswith(("memory.", "latency.")), row.op


def _first_costs(observations: pd.DataFrame) -> tuple[Cost, ...]:
    """What the timed rounds say at first sight, operations nobody timed at nothing."""
    ops = [str(op["key"]) for op in json.loads(_core.declarations())["ops"]]
    timed = observations[observations["units"] > 0.0]
    seen = (timed["ns"] / timed["units"]).groupby(timed["what"]).median()
    return tuple(Cost(op, float(seen.get(op, 0.0)), "measured: at first sight") for op in ops)


def _spread(
    observations: pd.DataFrame,
    works: Mapping[str, Work],
    guessed: Mapping[str, Guess],
    costs: Mapping[str, float],
) -> dict[str, float]:
    """Half the interval that fits to resampled repeats stay in."""
    generator = np.random.default_rng(1)
    by_repeat = {int(str(repeat)): rows for repeat, rows in observations.groupby("repeat")}
    repeats = sorted(by_repeat)
    found: dict[str, list[float]] = {key: [] for key in costs}
    for _ in range(RESAMPLES):
        drawn = generator.choice(repeats, len(repeats))
        sample = pd.concat([by_repeat[int(repeat)] for repeat in drawn])
        rows: list[Equation] = equations(calm(sample), works)
        for key, ns in fit(rows, guessed).items():
            if key in found:
                found[key].append(ns)
    edges = (0.5 - COVERED / 2, 0.5 + COVERED / 2)
    intervals = {key: np.quantile(values, edges) for key, values in found.items()}
    return {key: float(high - low) / 2 for key, (low, high) in intervals.items()}
