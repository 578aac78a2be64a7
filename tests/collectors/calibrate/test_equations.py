"""Measurements as equations and guesses: what the clock adds is taken off where it was added."""

import pandas as pd
import pytest

from collectors.calibrate.equations import TASKS, calm, equations, guesses, lap_cost_ns
from collectors.calibrate.fit import Guess, fit
from collectors.calibrate.measure import COLUMNS
from collectors.calibrate.work import Work

WORK = Work(
    {"ip.receive": 1.0, "copy.payload": 100.0, "napi.poll": 1 / 64},
    {"ip.receive": {"memory.llc": 0.5}, "copy.payload": {"memory.llc": 2.0}},
)
LONE = Work({"ip.receive": 1.0, "copy.payload": 100.0, "napi.poll": 1.0}, WORK.accesses)
COSTS = {"ip.receive": 20.0, "copy.payload": 0.1, "napi.poll": 64.0, "memory.llc": 10.0}
LAP_NS = 6.0


def observed(disturbance=0.0):
    """What a machine with these costs and a clock of `LAP_NS` would show."""
    rows = []
    for repeat in range(5):
        off = 1.0 + disturbance * (repeat == 3)
        for point, load, work in (("full", "full", WORK), ("lone", "sparse", LONE)):
            common = {"point": point, "load": load, "repeat": repeat, "rounds": 100, "lost_share": 0.0}
            common["steady"] = True
            total = work.ns(COSTS) * off
            rows.append(common | {"what": "round", "frames": 64, "ns": total, "units": 0.0, "laps": 0.0})
            for op, units in work.units.items():
                own = Work({op: units}, {op: work.accesses.get(op, {})}).ns(COSTS)
                laps = min(units, 1.0)
                timed = {"what": op, "frames": 64, "ns": own * off + laps * LAP_NS, "units": units}
                rows.append(common | timed | {"laps": laps})
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def test_equations_hold_for_the_costs_that_made_the_measurements():
    rows = equations(calm(observed()), {"full": WORK, "lone": LONE})
    assert {row.name for row in rows} == {"full", "full: applications", "full: softirq", "lone"}
    for row in rows:
        assert row.predicted_ns(COSTS) == pytest.approx(row.ns, rel=1e-6)
    copied = next(row for row in rows if row.name == "full: applications")
    assert set(copied.amounts) == {"copy.payload", "memory.llc"}
    assert {"copy.payload"} == TASKS & set(COSTS)


def test_with_memory_known_the_costs_are_found():
    seen = calm(observed())
    rows = equations(seen, {"full": WORK, "lone": LONE})
    known = {"memory.llc": Guess(COSTS["memory.llc"], 0.01)}
    assert fit(rows, guesses(seen) | known) == pytest.approx(COSTS, rel=0.15)


def test_a_guess_is_what_the_least_of_the_laps_says():
    found = guesses(calm(observed()))
    assert set(found) == {"ip.receive", "copy.payload", "napi.poll"}
    # A lone frame's round shows best what a round costs; 5 ns of its memory are in the lap of ip.receive.
    assert found["napi.poll"].ns == pytest.approx(COSTS["napi.poll"], rel=0.01)
    assert found["ip.receive"].ns == pytest.approx(COSTS["ip.receive"] + 5.0, rel=0.01)
    assert found["ip.receive"].sigma_ns >= found["ip.receive"].ns


def test_a_round_that_was_less_full_has_more_of_what_comes_once_a_round():
    half = observed()
    half.loc[(half["point"] == "full") & (half["what"] == "round"), "frames"] = 32
    (whole,) = (row for row in equations(calm(half), {"full": WORK}) if row.name == "full")
    assert whole.amounts["napi.poll"] == pytest.approx(2 * WORK.units["napi.poll"])
    assert whole.amounts["ip.receive"] == WORK.units["ip.receive"]


def test_one_bad_repeat_moves_nothing():
    quiet, disturbed = (calm(observed(off)) for off in (0.0, 4.0))
    assert equations(quiet, {"full": WORK}) == equations(disturbed, {"full": WORK})


def test_what_a_look_at_the_clock_adds_is_found_where_it_is():
    of_point = calm(observed()).loc["full"]
    ops = of_point[of_point.index != "round"]
    assert lap_cost_ns(ops, WORK.ns(COSTS)) == pytest.approx(LAP_NS)
    assert lap_cost_ns(ops, 1e9) == 0.0


def test_a_point_without_enough_rounds_says_nothing():
    few = observed()
    few = few[~((few["point"] == "full") & (few["what"] == "round"))]
    rows = equations(calm(few), {"full": WORK, "lone": LONE})
    assert {row.name.partition(":")[0] for row in rows} == {"lone"}


@pytest.mark.parametrize(("nic_ns", "led"), [(10.0, "host"), (500.0, "card")])
def test_a_whole_run_is_the_time_of_who_led(nic_ns, led):
    seen = calm(observed())
    whole_ns = 2.0 * WORK.ns(COSTS)
    rows = [
        {"point": "full", "what": what, "load": "full", "frames": 64.0, "ns": ns, "units": 0.0, "laps": 0.0}
        for what, ns in (("whole", whole_ns), ("nic", nic_ns))
    ]
    seen = pd.concat([seen, pd.DataFrame(rows).set_index(["point", "what"])])
    (found,) = (row for row in equations(seen, {"full": WORK}) if row.name == "full")
    assert found.ns == pytest.approx(whole_ns if led == "host" else WORK.ns(COSTS))


def test_runs_in_another_state_count_only_where_there_are_no_others():
    runs = observed()
    runs["steady"] = runs["repeat"] < 2
    runs.loc[~runs["steady"], "ns"] *= 0.5
    assert calm(runs).loc[("full", "round"), "ns"] == pytest.approx(WORK.ns(COSTS))
    runs["steady"] = False
    assert calm(runs).loc[("full", "round"), "ns"] == pytest.approx(WORK.ns(COSTS) / 2)
