"""Folders of text files: whole or not there, verified, replaced only where they are ours."""

import tomllib

import pandas as pd
import pytest

from collectors.calibrate.measure import COLUMNS as OBSERVED
from collectors.calibrate.own_host import Calibrated
from collectors.dataset import (
    DatasetError,
    load_observations,
    load_validation,
    save_calibration,
    save_validation,
)
from collectors.dataset.tables import MANIFEST, load_text, save_tables
from collectors.validate.validation import COLUMNS as VALIDATED
from collectors.validate.validation import Validation
from engine.calibration import Calibration, Row

MACHINE = Calibration("a machine", (Row("napi.poll", 2.0, 0.1, "fitted: x"),), None, {"kernel": "6"})


def write(folder, text="one\n", **options):
    return save_tables(folder, "x", {"a.txt": text}, {"a.txt": "A file."}, {"when": "now"}, **options)


def test_what_is_written_is_read(tmp_path):
    folder = write(tmp_path / "new" / "x")
    assert load_text(folder, "a.txt") == "one\n"
    manifest = tomllib.loads((folder / MANIFEST).read_text())
    assert manifest["files"]["a"]["about"] == "A file."
    assert manifest["provenance"] == {"when": "now"}
    assert [each.name for each in folder.parent.iterdir()] == ["x"]


def test_nothing_is_overwritten_but_what_is_ours(tmp_path):
    folder = write(tmp_path / "x")
    with pytest.raises(FileExistsError):
        write(folder, "two\n")
    assert load_text(folder, "a.txt") == "one\n"
    write(folder, "two\n", replace=True)
    assert load_text(folder, "a.txt") == "two\n"
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "mine").write_text("keep")
    with pytest.raises(DatasetError, match="not a folder of tables"):
        write(foreign, replace=True)
    assert (foreign / "mine").read_text() == "keep"
    assert {each.name for each in tmp_path.iterdir()} == {"x", "foreign"}


def test_a_failure_leaves_nothing(tmp_path):
    with pytest.raises(KeyError):
        save_tables(tmp_path / "x", "x", {"a.txt": "one"}, {}, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "a.txt").write_text("two\n"), "SHA-256"),
        (lambda f: (f / "a.txt").unlink(), "missing"),
        (lambda f: (f / MANIFEST).unlink(), "not a folder of tables"),
        (lambda f: (f / MANIFEST).write_text("version ="), "not readable as TOML"),
        (lambda f: (f / MANIFEST).write_text("version = 9"), "version 9"),
    ],
)
def test_what_was_changed_is_refused(tmp_path, spoil, message):
    folder = write(tmp_path / "x")
    spoil(folder)
    with pytest.raises(DatasetError, match=message):
        load_text(folder, "a.txt")


def test_a_calibration_and_a_validation(tmp_path):
    seen = pd.DataFrame(
        [("p", "full", 0, "round", 64, 100, 93.25, 0.0, 0.0, 0.0, True)], columns=list(OBSERVED)
    ).astype(OBSERVED)
    residuals = pd.DataFrame({"equation": ["p"], "measured_ns": [1.0], "fitted_ns": [1.0], "sigma_ns": [0.1]})
    folder = save_calibration(Calibrated(MACHINE, seen, residuals), tmp_path / "calibration")
    assert Calibration.read(folder / "costs.toml") == MACHINE
    assert load_observations(folder).equals(seen)
    table = pd.DataFrame(
        [("c", "throughput_pps", float("nan"), False, 1.5, 1.25, 1.0, 1.5, 3, False, 0.2)],
        columns=list(VALIDATED),
    ).astype(VALIDATED)
    folder = save_validation(Validation(table), MACHINE, tmp_path / "validation")
    assert load_validation(folder).table.equals(table)
