"""This machine's kernel measured through a TAP device: what is said is whole, and nothing is left behind."""

import pytest

from collectors.calibrate import calibrate_kernel
from collectors.calibrate.kernel import COLUMNS, HOST, POINTS
from collectors.calibrate.kernel_path import Traffic, receiver
from collectors.validate import validate_kernel
from engine.calibration import Calibration
from engine.linux import leftovers

pytestmark = pytest.mark.needs("tap", "namespaces")


@pytest.mark.parametrize(
    "traffic", [Traffic(64, 1), Traffic(1518, 3), Traffic(300, 64)], ids=lambda t: t.name
)
@pytest.mark.parametrize("many", [False, True])
def test_every_frame_written_is_read(traffic, many):
    with receiver(traffic) as kernel:
        for _ in range(5):
            seen = kernel.round(0.0, many=many)
            # A round raises if it reads fewer than it wrote.
            assert seen.written_ns > 0.0


def test_calibrated_and_validated(tmp_path):
    made = calibrate_kernel(repeats=2, rounds=5, command="test", date="2026-01-31", progress=False)
    assert list(made.observations.columns) == list(COLUMNS)
    assert set(made.observations["point"]) == {each.name for each in POINTS}
    told = made.calibration.provenance
    assert (told["host"], told["date"], told["repeats"]) == (HOST, "2026-01-31", 2)
    assert made.calibration.row("socket.recv_call").ns > 0.0
    (tmp_path / "costs.toml").write_text(made.calibration.to_toml())
    read = Calibration.read(tmp_path / "costs.toml")
    checked = validate_kernel(read, repeats=2, rounds=5, quick=True, progress=False)
    assert (checked.table[["predicted", "measured"]] > 0.0).all(axis=None)
    assert not checked.table["used"].any()
    assert not leftovers.find()
