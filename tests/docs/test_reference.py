"""The reference pages are what the code declares now."""

import runpy
from pathlib import Path

import pytest

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
PAGES = runpy.run_path(str(REFERENCE / "generate.py"))["pages"]()


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_not_stale(name):
    committed = (REFERENCE / name).read_text(encoding="utf-8")
    assert committed == PAGES[name], f"docs/reference/{name} is stale; run python docs/reference/generate.py"


def test_every_page_is_generated():
    assert {path.name for path in REFERENCE.glob("*.md")} == set(PAGES)


def test_every_key_of_the_default_scenario_is_on_the_page():
    from engine import Scenario

    lists = {"0"}
    keys = {part for key in Scenario().settable() for part in key.split(".")} - lists
    assert {key for key in keys if f"`{key}`" not in PAGES["scenario.md"]} == set()
