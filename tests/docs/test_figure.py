"""The README's figure is what this build draws."""

import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "img" / "make.py"


@pytest.mark.slow
def test_the_figure_is_not_stale():
    made = runpy.run_path(str(SCRIPT))
    committed = made["FIGURE"].read_text(encoding="utf-8")
    assert committed == made["draw"]().svg(), "docs/img/queues.svg is stale; run python docs/img/make.py"
