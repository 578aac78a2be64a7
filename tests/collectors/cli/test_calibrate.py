"""The commands calibrate and validate: refusals before measuring, and what the exit status says."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from collectors.calibrate.measure import COLUMNS as OBSERVED
from collectors.calibrate.own_host import Calibrated
from collectors.cli import app
from collectors.dataset import load_validation
from collectors.validate.validation import COLUMNS, Validation
from engine.calibration import Calibration, NicThread, Row

MACHINE = Calibration(
    "a machine", (Row("napi.poll", 2.0, 0.1, "fitted: x"),), NicThread(1.0, 0.1, 0.0, 0.0, "fitted: x")
)


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def one_line(shown):
    assert shown.exit_code == 2
    said = (shown.output or "") + (shown.stderr or "")
    assert "Traceback" not in said
    return said


@pytest.fixture
def costs(tmp_path):
    path = tmp_path / "costs.toml"
    path.write_text(MACHINE.to_toml())
    return path


def table(predicted, measured):
    alone = (3, False)
    rows = [
        (
            name,
            "throughput_pps",
            float("nan"),
            False,
            predicted[name],
            *[value] * 3,
            *alone,
            predicted[name] / value,
        )
        for name, value in measured.items()
    ]
    return Validation(pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS))


def validated(monkeypatch, made):
    monkeypatch.setattr("collectors.validate.validate", lambda *_, **__: made)


def test_the_exit_status_says_whether_the_order_was_right(monkeypatch, costs, tmp_path):
    validated(monkeypatch, table({"a": 10.0, "b": 19.0}, {"a": 10.0, "b": 20.0}))
    shown = call("validate", costs, "--save", tmp_path / "kept")
    assert shown.exit_code == 0, shown.output
    assert "order: 1 of 1 pairs more than 15% apart" in shown.output
    assert load_validation(tmp_path / "kept").in_order
    validated(monkeypatch, table({"a": 10.0, "b": 9.0}, {"a": 10.0, "b": 20.0}))
    shown = call("validate", costs)
    assert shown.exit_code == 1
    assert "b is 2.00 times as fast as a, predicted 0.90" in shown.output
    shown = call("validate", costs, "--json")
    assert shown.exit_code == 1
    assert json.loads(shown.output)["in_order"] is False


def test_nothing_is_measured_where_it_could_not_be_written(monkeypatch, costs, tmp_path):
    validated(monkeypatch, None)
    assert "already there" in one_line(call("validate", costs, "--save", tmp_path))
    (tmp_path / "own_host").mkdir()
    assert "already there" in one_line(call("calibrate", "--out", tmp_path, "--host", "own_host"))
    assert "must be YYYY-MM-DD" in one_line(call("calibrate", "--out", tmp_path / "new", "--date", "today"))
    assert "one of the two" in one_line(call("validate"))
    assert "one of the two" in one_line(call("validate", costs, "--anchors"))
    assert "none.toml" in one_line(call("validate", tmp_path / "none.toml"))


def test_a_calibration_is_written_with_its_date(monkeypatch, tmp_path):
    seen = pd.DataFrame(
        [("p", "full", 0, "round", 64, 100, 93.25, 0.0, 0.0, 0.0, True)], columns=list(OBSERVED)
    ).astype(OBSERVED)
    residuals = pd.DataFrame({"equation": ["p"], "measured_ns": [1.0], "fitted_ns": [1.1], "sigma_ns": [0.1]})
    asked = {}

    def made(**settings):
        asked.update(settings)
        return Calibrated(MACHINE, seen, residuals)

    monkeypatch.setattr("collectors.calibrate.calibrate_own_host", made)
    shown = call("calibrate", "--out", tmp_path / "new", "--host", "own_host", "--date", "2026-01-31", "-q")
    assert shown.exit_code == 0, shown.output
    assert asked["date"] == "2026-01-31"
    assert "fitted within 10.0%" in shown.output
    assert Calibration.read(tmp_path / "new" / "own_host" / "costs.toml") == MACHINE
