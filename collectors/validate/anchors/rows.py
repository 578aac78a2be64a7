"""One row of a comparison with a published table."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from engine import _core
from engine.config import Cost

COLUMNS = {
    "anchor": "str",
    "row": "str",
    "unit": "str",
    "published": "float64",
    "predicted": "float64",
    "used": "bool",
    "remark": "str",
}
"""`used`: an extreme row the check was calibrated on; others are predicted. `remark`: why it is far off."""


class Row(NamedTuple):
    """A published figure and what virtual time says."""

    row: str
    unit: str
    published: float
    predicted: float
    used: bool
    remark: str = ""


def costs(changed: Callable[[str, float], float], why: str) -> tuple[Cost, ...]:
    """The cost table with other numbers: `changed` is told each operation and its ns."""
    table = json.loads(_core.declarations())["costs"]
    return tuple(Cost(row["key"], changed(row["key"], float(row["ns"])), f"derived: {why}") for row in table)
