"""A calibration: what work costs on one machine, as a file a scenario may name: `costs = "costs.toml"`.

Rows it does not have keep the cost table's own. `[nic]` is what virtual time has no row for, since a card's
work costs no CPU: how long the thread that plays the card takes in real time.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.config.costs import Cost
from engine.config.toml import dumps
from engine.errors import ScenarioError, refusal

VERSION = 2
"""Version of the file's layout; another one is refused by name."""
SOURCES = ("measured: ", "fitted: ", "assumed: ")
"""What a row's source begins with: read off a clock; found by least squares over measurements; neither."""


@dataclass(frozen=True, slots=True)
class Row:
    """What an operation, an access beyond L1 or a wait costs, how sure that is, and who says so."""

    op: str
    """`layer.name`, or `memory.llc`, `latency.dma` and their like."""
    ns: float
    uncertainty_ns: float
    """Half the width of an interval that repeats of the measurement stay in, 9 of 10 times."""
    source: str


@dataclass(frozen=True, slots=True)
class NicThread:
    """What the thread that plays the card takes for a frame."""

    frame_ns: float
    byte_ns: float
    made_frame_ns: float
    """More where the frame was not laid out before the run;"""
    made_doubling_ns: float
    """and again for each doubling of the flows: what they are made from leaves cache after cache."""
    source: str

    def ns(self, frame_bytes: float, flows: int, *, made: bool) -> float:
        """Of frames of so many bytes on average, spread over flows, laid out before the run or not."""
        of_making_ns = self.made_frame_ns + self.made_doubling_ns * math.log2(flows) if made else 0.0
        return self.frame_ns + self.byte_ns * frame_bytes + of_making_ns


@dataclass(frozen=True, slots=True)
class Calibration:
    """Costs of one machine and one build."""

    name: str
    rows: tuple[Row, ...]
    nic: NicThread | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Machine, kernel, date, command, what was measured: plain data."""

    def __post_init__(self) -> None:
        for row in self.rows:
            if not row.source.startswith(SOURCES):
                allowed = " or ".join(kind.strip() for kind in SOURCES)
                raise refusal(f"source of {row.op}", row.source, f"must begin with {allowed} and say what")
            for what, value in (("ns", row.ns), ("uncertainty_ns", row.uncertainty_ns)):
                if not 0.0 <= value < math.inf:
                    raise refusal(f"{what} of {row.op}", value, "must be a finite number, at least 0")
        ops = [row.op for row in self.rows]
        twice = sorted({op for op in ops if ops.count(op) > 1})
        if twice:
            raise refusal(f"row {twice[0]}", "two rows", "allowed is one")
        # The core knows which operations there are, and what a cost may be.
        _resolve(self.costs())

    def costs(self) -> tuple[Cost, ...]:
        """The rows as a scenario takes them: `scenario.with_(costs=calibration.costs())`."""
        return tuple(Cost(row.op, row.ns, row.source) for row in self.rows)

    def row(self, op: str) -> Row:
        """The row of an operation. Raises KeyError."""
        for row in self.rows:
            if row.op == op:
                return row
        raise KeyError(op)

    @classmethod
    def read(cls, path: str | Path) -> Calibration:
        """The calibration in a file.

        Raises
        ------
        ScenarioError : not a calibration, another version, a row without a source or of an unknown operation;
            names the file, the key and what is allowed.
        OSError
        """
        try:
            document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
            raise refusal("costs", path, f"must be a calibration in TOML: {cause}") from None
        try:
            return _parse(document)
        except ScenarioError as cause:
            raise refusal(f"costs = {path}: {cause.key}", cause.value, cause.allowed) from None

    def to_toml(self) -> str:
        """The file's text; `read` gives an equal value."""
        rows = [
            {"op": r.op, "ns": r.ns, "uncertainty_ns": r.uncertainty_ns, "source": r.source}
            for r in self.rows
        ]
        document: dict[str, Any] = {"calibration": VERSION, "name": self.name}
        if self.provenance:
            document["provenance"] = dict(self.provenance)
        if self.nic is not None:
            document["nic"] = {
                "frame_ns": self.nic.frame_ns,
                "byte_ns": self.nic.byte_ns,
                "made_frame_ns": self.nic.made_frame_ns,
                "made_doubling_ns": self.nic.made_doubling_ns,
                "source": self.nic.source,
            }
        return dumps({**document, "row": rows})


def _resolve(costs: tuple[Cost, ...]) -> None:
    """Let the core look at the rows, as part of a scenario that has nothing else."""
    from engine.scenario import Scenario

    Scenario(costs=costs)


def _parse(document: Mapping[str, Any]) -> Calibration:
    version = document.get("calibration")
    if version != VERSION:
        raise refusal("calibration", version, f"must be {VERSION}, the version of the layout")
    unknown = sorted(set(document) - {"calibration", "name", "provenance", "nic", "row"})
    if unknown:
        raise refusal(unknown[0], "a key", "allowed are calibration, name, provenance, nic, row")
    rows = document.get("row", [])
    if not isinstance(rows, list) or not rows:
        raise refusal("row", "nothing", "must be at least one")
    nic = document.get("nic")
    return Calibration(
        str(document.get("name", "")),
        tuple(_built(Row, f"row {i}", row) for i, row in enumerate(rows)),
        None if nic is None else _built(NicThread, "nic", nic),
        document.get("provenance", {}),
    )


def _built(kind: Any, key: str, table: object) -> Any:  # noqa: ANN401 - Row or NicThread
    """A value of a class whose fields are numbers and strings, from a table with exactly these keys."""
    wanted = {name: str(hint) for name, hint in kind.__annotations__.items()}
    if not isinstance(table, Mapping) or set(table) != set(wanted):
        found = ", ".join(table) if isinstance(table, Mapping) else table
        raise refusal(key, found, f"must have {', '.join(wanted)}")
    for name, value in table.items():
        if wanted[name] == "str" and not isinstance(value, str):
            raise refusal(f"{key}: {name}", value, "must be text")
        if wanted[name] == "float" and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise refusal(f"{key}: {name}", value, "must be a number")
    return kind(**{name: float(v) if wanted[name] == "float" else v for name, v in table.items()})
