"""Figures of a sweep: what they draw, and what they say."""

import pandas as pd
import pytest

from collectors.plots import sweep_heat, sweep_lines
from collectors.sweep import Plan, sweep
from engine import Scenario


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    plan = Plan(Scenario(duration_ns=200_000), grid={"nic.queues": [1, 2, 4], "host.cpus": [4, 8]}, repeats=2)
    return sweep(plan, tmp_path_factory.mktemp("sweep"), jobs=1, progress=False)


def test_a_line_for_each_value_with_the_mean_at_each_point(runs):
    axes = sweep_lines(runs, "nic.queues", "delivered_pps", by="host.cpus").axes[0]
    assert [line.get_label() for line in axes.lines] == ["4", "8"]
    for line in axes.lines:
        own = runs[runs["host.cpus"] == int(line.get_label())]
        assert list(line.get_xdata()) == [1, 2, 4]
        assert list(line.get_ydata()) == list(own.groupby("nic.queues")["delivered_pps"].mean())
    assert axes.get_ylabel() == "delivered_pps (pps)"


def test_runs_that_failed_are_left_out_and_counted(runs):
    failed = runs.astype({"status": "str"})
    failed.loc[failed["nic.queues"] == 4, "status"] = "error"
    drawing = sweep_lines(failed, "nic.queues", "delivered_pps", log_x=True)
    assert list(drawing.axes[0].lines[0].get_xdata()) == [1, 2]
    assert "4 runs failed" in drawing.svg() or "4 runs failed" in drawing.figure.get_supxlabel()


def test_a_cell_for_each_pair(runs):
    drawing = sweep_heat(runs, "nic.queues", "host.cpus", "loss_ratio")
    axes = drawing.axes[0]
    cells = axes.images[0].get_array()
    assert cells.shape == (2, 3)
    assert len(axes.texts) == 6
    mean = runs.groupby(["host.cpus", "nic.queues"])["loss_ratio"].mean()
    assert cells[1][2] == pytest.approx(mean[8, 4])
    assert "n = 2" in drawing.figure.get_supxlabel()


def test_a_column_that_is_not_there_is_named(runs):
    with pytest.raises(KeyError, match="speed"):
        sweep_lines(runs, "nic.queues", "speed")
    with pytest.raises(KeyError, match="queues"):
        sweep_heat(pd.DataFrame({"status": ["ok"]}), "queues", "status", "status")
