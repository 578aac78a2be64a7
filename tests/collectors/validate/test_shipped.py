"""The calibration that is shipped predicts, with the code as it is, what was measured beside it."""

from pathlib import Path

import pytest

from collectors.dataset import load_validation
from collectors.validate import BAR
from collectors.validate.kernel import TRAFFIC, predicted_pps
from collectors.validate.predict import predict
from collectors.validate.scenarios import throughput_cases
from engine.calibration import Calibration

MACHINE = Path(__file__).resolve().parents[3] / "datasets" / "calibration" / "epyc-zen5-2vcpu"


@pytest.mark.parametrize(("folder", "cases"), [("own_host_validation", 25), ("kernel_validation", 14)])
def test_throughput_was_predicted_and_configurations_put_in_order(folder, cases):
    kept = load_validation(MACHINE / folder)
    assert len(kept.judged) == cases
    assert not kept.judged["disturbed"].any()
    assert kept.score["within_bar"] == 1.0
    assert kept.in_order


def predicted_still(kept, predicted):
    """Throughput by case: measured then, and predicted now."""
    judged = kept.judged.set_index("case")["measured"]
    assert set(judged.index) <= set(predicted)
    return {case: predicted[case] / measured - 1.0 for case, measured in judged.items()}


def test_the_model_still_predicts_the_own_host():
    calibration = Calibration.read(MACHINE / "own_host" / "costs.toml")
    cases = [case for case in throughput_cases() if not case.used]
    predicted = {case.name: predict(case, calibration)["throughput_pps"] for case in cases}
    residuals = predicted_still(load_validation(MACHINE / "own_host_validation"), predicted)
    assert max(abs(residual) for residual in residuals.values()) <= BAR, residuals


def test_the_model_still_predicts_the_kernel():
    calibration = Calibration.read(MACHINE / "kernel" / "costs.toml")
    predicted = {f"TAP, {each.name}": predicted_pps(each, calibration) for each in TRAFFIC}
    residuals = predicted_still(load_validation(MACHINE / "kernel_validation"), predicted)
    assert max(abs(residual) for residual in residuals.values()) <= BAR, residuals
