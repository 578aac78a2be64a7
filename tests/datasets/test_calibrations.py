"""The shipped calibrations are whole, say where they come from, and a scenario can name them."""

import tomllib
from pathlib import Path

import pytest

from collectors.calibrate.kernel import HOST as KERNEL
from collectors.calibrate.own_host import HOST as OWN
from collectors.dataset import load_observations, load_validation
from collectors.dataset.tables import MANIFEST, load_text
from engine import Scenario
from engine.calibration import Calibration

FOLDER = Path(__file__).resolve().parents[2] / "datasets" / "calibration"
CALIBRATIONS = sorted(path.parent for path in FOLDER.glob("*/*/costs.toml"))
VALIDATIONS = sorted(path.parent for path in FOLDER.glob("*/*/validation.csv"))


def name(folder):
    return str(folder.relative_to(FOLDER))


def test_both_hosts_are_there():
    machines = {folder.parent for folder in CALIBRATIONS}
    assert machines
    for machine in machines:
        hosts = {
            Calibration.read(machine / ground / "costs.toml").provenance["host"]
            for ground in ("own_host", "kernel")
        }
        assert hosts == {OWN, KERNEL}


@pytest.mark.parametrize("folder", [*CALIBRATIONS, *VALIDATIONS], ids=name)
def test_files_are_the_ones_described_and_name_no_machine(folder):
    manifest = tomllib.loads((folder / MANIFEST).read_text())
    described = {one["file"] for one in manifest["files"].values()}
    assert described | {MANIFEST} == {path.name for path in folder.iterdir()}
    for file in described:
        text = load_text(folder, file)
        assert "/tmp" not in text
        assert "/home" not in text
    assert {"host", "cpu", "kernel", "build", "repeats", "scheduling"} <= set(manifest["provenance"])


@pytest.mark.parametrize("folder", CALIBRATIONS, ids=name)
def test_a_scenario_names_it_and_every_row_its_source(folder):
    scenario = Scenario().with_(costs=str(folder / "costs.toml"))
    read = Calibration.read(folder / "costs.toml")
    assert scenario.costs == read.costs()
    assert all(row.source.startswith(("fitted: ", "measured: ", "assumed: ")) for row in read.rows)


@pytest.mark.parametrize("folder", [each for each in CALIBRATIONS if each.name == "own_host"], ids=name)
def test_what_it_was_made_from_is_there(folder):
    seen = load_observations(folder)
    points = Calibration.read(folder / "costs.toml").provenance["points"]
    assert set(seen["point"]) == set(points)


@pytest.mark.parametrize("folder", VALIDATIONS, ids=name)
def test_published_residuals_are_those_of_the_figures(folder):
    table = load_validation(folder).table
    residual = table["predicted"] / table["measured"] - 1.0
    assert (residual - table["residual"]).abs().max() < 1e-4
