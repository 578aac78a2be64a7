"""What was measured as equations between costs, and as guesses where it is too blurred for one.

A point's plain rounds say how long a frame takes; its timed rounds say how that divides. A processor works on
many instructions at once, so that a wait shows in a lap some operations later: laps are only guesses at what
their operation takes. Sums of laps over the softirq's part of a round, and over the applications' part, which
follow each other by hundreds of laps, are measurements. The counter that times laps costs as much as a small
operation; what it adds is taken where it is: the timed rounds' sum less the plain rounds' time, by laps.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from collectors.calibrate.fit import Equation, Guess
from collectors.calibrate.points import MOST_IN_A_ROUND
from collectors.calibrate.work import Work

CALM = 0.25
"""The quantile over repeats that counts: what else shares caches or cores, only ever makes a run slower."""
SIGMA_SHARE = 0.02
"""Give or take of a plain round;"""
SPARSE_SIGMA_SHARE = 0.05
"""of one with a lone frame, whose waits nothing hides;"""
PART_SIGMA_SHARE = 0.1
"""of the softirq's and the applications' parts of it."""
BLUR_NS = 20.0
"""Of a guess at an operation, for the units a frame has."""
TASKS = frozenset(
    {"socket.recv_call", "socket.dequeue", "copy.payload", "copy.change", "skb.free", "app.message"}
)
"""Operations of the applications' part."""
PER_ROUND = frozenset({"irq.hardirq", "napi.softirq", "napi.poll", "napi.complete", "sched.wake"})
"""Operations of which a round has one, whatever its frames: seen best in rounds of one frame."""
WHOLE = frozenset({"whole", "round", "nic", "latency"})
"""What is not an operation."""


LEAD = 1.05
"""By so much a thread must be the slower one to be what a run waits for: of two equally slow, each waits now
and then for the other, and the whole takes longer than either."""
LEAST_STEADY = 2
"""Runs in the wanted state without which all count."""


def calm(observations: pd.DataFrame) -> pd.DataFrame:
    """The `CALM` quantile over repeats of what `measure` gives; index point and what.

    Runs in another state than the wanted one are left out, unless the point has no others.
    """
    columns = ["frames", "ns", "units", "laps", "lost_share"]
    steady = observations.groupby(["point", "what"], observed=True)["steady"].transform("sum")
    counted = observations[observations["steady"] | (steady < LEAST_STEADY)]
    grouped = counted.groupby(["point", "load", "what"], observed=True)[columns]
    quantile: pd.DataFrame = grouped.quantile(CALM)
    return quantile.reset_index("load")


def equations(observed: pd.DataFrame, works: Mapping[str, Work]) -> list[Equation]:
    """Every equation that `observed`, as `calm` gives it, holds for the points in `works`."""
    rows: list[Equation] = []
    for point, work in works.items():
        here = of_point(observed, point)
        if "round" not in here.index:
            continue
        frame_ns = _value(here, "round", "ns")
        full = here["load"].iloc[0] == "full"
        # Virtual time's rounds are full; those that were measured may be less so, and be more.
        rounds = MOST_IN_A_ROUND / _value(here, "round", "frames") if full else 1.0
        if full and by_host(here):
            frame_ns = _value(here, "whole", "ns")
        amounts = _together(work, None)
        amounts |= {op: amounts[op] * rounds for op in PER_ROUND.intersection(amounts)}
        rows.append(
            Equation(point, amounts, frame_ns, (SIGMA_SHARE if full else SPARSE_SIGMA_SHARE) * frame_ns)
        )
        ops = here[~here.index.isin(WHOLE)]
        if full and len(ops):
            own = _own(ops, frame_ns, lap_cost_ns(ops, frame_ns))
            for part, of_part in (("applications", TASKS), ("softirq", frozenset(work.units) - TASKS)):
                ns = float(own[own.index.isin(of_part)].sum())
                if ns > 0.0:
                    amounts = _together(work, of_part)
                    rows.append(Equation(f"{point}: {part}", amounts, ns, PART_SIGMA_SHARE * frame_ns))
    return rows


def by_host(here: pd.DataFrame) -> bool:
    """Whether the host was what took longest at a point, its rows by what: the whole run then is its time."""
    nic_ns = _value(here, "nic", "ns") if "nic" in here.index else 0.0
    round_ns = _value(here, "round", "ns")
    return "whole" in here.index and nic_ns * LEAD < round_ns <= _value(here, "whole", "ns")


def guesses(observed: pd.DataFrame) -> dict[str, Guess]:
    """What laps say an operation takes: the least of all points, where it waits least."""
    lap_ns = _lap_ns(observed)
    found: dict[str, Guess] = {}
    for _, here in observed.groupby(level="point"):
        here = here.droplevel("point")
        sparse = here["load"].iloc[0] != "full"
        for op, row in here[~here.index.isin(WHOLE)].iterrows():
            op, units = str(op), float(row["units"])
            if units <= 0.0 or (op in PER_ROUND) != sparse:
                continue
            ns = max(float(row["ns"]) - float(row["laps"]) * lap_ns, 0.0) / units
            if op not in found or ns < found[op].ns:
                found[op] = Guess(ns, max(ns, BLUR_NS / max(units, 1.0)))
    return found


def lap_cost_ns(ops: pd.DataFrame, frame_ns: float) -> float:
    """What a look at the clock adds to a lap: at least nothing."""
    return max(float(ops["ns"].sum() - frame_ns), 0.0) / max(float(ops["laps"].sum()), 1e-9)


def _lap_ns(observed: pd.DataFrame) -> float:
    """The same, in the middle of all full points."""
    found = []
    for _, here in observed[observed["load"] == "full"].groupby(level="point"):
        here = here.droplevel("point")
        if "round" in here.index:
            ops = here[~here.index.isin(WHOLE)]
            found.append(lap_cost_ns(ops, _value(here, "round", "ns")))
    return float(pd.Series(found).median()) if found else 0.0


def of_point(observed: pd.DataFrame, point: str) -> pd.DataFrame:
    """Its rows, by what."""
    return observed[observed.index.get_level_values("point") == point].droplevel("point")


def _value(here: pd.DataFrame, what: str, column: str) -> float:
    return float(here[column].to_dict()[what])


def _own(ops: pd.DataFrame, frame_ns: float, lap_ns: float) -> pd.Series:
    """ns of each operation without the clock's, adding up to the frame's."""
    own: pd.Series = (ops["ns"] - ops["laps"] * lap_ns).clip(lower=0.0)
    return own * (frame_ns / own.sum())


def _together(work: Work, ops: frozenset[str] | None) -> dict[str, float]:
    """Units and accesses of these operations (None: of all) as one sum."""
    amounts = {op: units for op, units in work.units.items() if ops is None or op in ops}
    for op, of_op in work.accesses.items():
        if ops is None or op in ops:
            for level, count in of_op.items():
                amounts[level] = amounts.get(level, 0.0) + count
    return amounts
