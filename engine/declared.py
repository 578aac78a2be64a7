"""What the stages declare.

Counters, drop reasons, operations, layers and the cost table. Nothing is listed twice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from engine import _core


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter, by the stage that owns it."""

    stage: str
    name: str
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a frame may be dropped; Linux' name where it has one."""

    name: str
    layer: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Operation:
    """A piece of work that is charged; `key` is `layer.name`."""

    key: str
    layer: str
    name: str
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class CostRow:
    """What a unit of an operation costs by default, and where the number is from."""

    key: str
    ns: float
    source: str


@cache
def _all() -> dict[str, Any]:
    declared: dict[str, Any] = json.loads(_core.declarations())
    return declared


def counters() -> tuple[Counter, ...]:
    """Every counter, in the order of the stages."""
    return tuple(Counter(**row) for row in _all()["counters"])


def reasons() -> tuple[Reason, ...]:
    """Every drop reason."""
    return tuple(Reason(**row) for row in _all()["reasons"])


def operations() -> tuple[Operation, ...]:
    """Every operation the ledger may hold."""
    return tuple(Operation(**row) for row in _all()["ops"])


def layers() -> tuple[str, ...]:
    """Every layer, in the packet's order."""
    return tuple(_all()["layers"])


def costs() -> tuple[CostRow, ...]:
    """The cost table of the default scenario."""
    return tuple(CostRow(**row) for row in _all()["costs"])
