"""Comparisons in real time: one run at a time, what it can say and what only virtual time can."""

import threading

import pytest

from collectors.compare import compare, explain, repeats
from collectors.compare.findings import finding
from collectors.dataset import load, save
from collectors.live_run import RealTime
from collectors.plots import cache_misses, delivered_and_drops, latency_curve, softirq_heat
from collectors.run import run
from engine import Scenario

SMALL = Scenario().with_(
    **{
        "duration_ns": 2_000_000,
        "nic.queues": 1,
        "host.cpus": 1,
        "traffic.streams.0.generated.offered": {"frames_per_second": 200_000},
    }
)
HOW = RealTime(pacing="lossless", oversubscribe=True)
SIDES = {
    "small": SMALL,
    "large": SMALL.with_(**{"traffic.streams.0.generated.sizes": {"fixed": {"bytes": 1518}}}),
}


@pytest.fixture(scope="module")
def comparison():
    return compare(SIDES, clock=HOW, repeats=2, progress=False)


def test_runs_take_turns_round_by_round(monkeypatch):
    order, here = [], threading.get_ident()

    def noted(scenario, **named):
        assert threading.get_ident() == here
        order.append((scenario.seed, scenario.key()))
        return run(scenario, **named)

    monkeypatch.setattr(repeats, "run", noted)
    compare(SIDES, clock=HOW, repeats=2, progress=False)
    assert [seed for seed, _ in order] == [1, 1, 2, 2]
    assert len({key for _, key in order}) == 4


def test_several_processes_are_refused():
    with pytest.raises(ValueError, match="jobs = 2: must be 1 with clock = real"):
        compare(SIDES, clock="real", jobs=2)


def test_figures_say_that_they_were_measured(comparison):
    assert comparison.clock == "real"
    summary = comparison.summary
    assert summary["clock"].eq("real").all()
    sources = summary.loc["small", "source"]
    assert sources["delivered_pps"] == "engine"
    assert sources["llc_misses_per_frame"] == "unavailable"
    assert "clock real, source engine, offered as fast as taken" in finding(comparison, "small", "large")
    assert "clock real" in repr(comparison)
    assert "of 4 runs disturbed" in repr(comparison)
    for draw in (delivered_and_drops, latency_curve):
        assert "clock real" in draw(comparison).figure.get_supxlabel()


def test_what_only_a_model_has_is_refused(comparison):
    with pytest.raises(ValueError, match="clock = real: must be virtual, whose model alone has a ledger"):
        comparison.explain("small", "large")
    for draw in (cache_misses, softirq_heat):
        with pytest.raises(ValueError, match="clock = real: must be virtual"):
            draw(comparison)
    real = run(SMALL, clock=HOW)
    with pytest.raises(ValueError, match="a: clock = real has no ledger"):
        explain(real, real)


def test_datasets_keep_the_clock_and_what_other_work_took(comparison, tmp_path):
    back = load(save(comparison, tmp_path / "comparison"))
    assert (back.how, back.clock) == (HOW, "real")
    assert [run.lost_share for run in back.runs] == [run.lost_share for run in comparison.runs]
    assert back.table.equals(comparison.table)
    real = run(SMALL, clock=HOW)
    back = load(save(real, tmp_path / "run"))
    assert (back.clock, back.how, back.lost_ns, back.rated_ns) == ("real", HOW, real.lost_ns, real.rated_ns)
    assert back.summary.equals(real.summary)
