"""One run of a sweep: its scenario, and the key its result is stored under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from collectors.sweep.plan import Plan
from engine import _core
from engine.config import Capture
from engine.config.codec import encode
from engine.run import captures
from engine.scenario import Scenario

SCHEMA_VERSION = 1
"""Version of what a point's row holds; part of its key."""


@dataclass(frozen=True)
class Point:
    """A scenario with a seed, where it stands in its plan, and what its result is called."""

    key: str
    """SHA-256 of scenario, parameters, repeat, captures and build, 64 hexadecimal digits."""
    parameters: Mapping[str, Any]
    repeat: int
    scenario: Scenario


@cache
def build_digest() -> str:
    """SHA-256 of the compiled core: another build is another result."""
    with Path(_core.__file__).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def runs_of(plan: Plan) -> list[Point]:
    """Every run of a plan in the plan's order, points first, then repeats.

    Raises
    ------
    ScenarioError : a value no scenario can have; names the key and what is allowed. Nothing has run.
    OSError : a capture that cannot be read.
    """
    found = []
    digests: dict[tuple[str, ...], dict[str, str]] = {}
    for parameters in plan.points():
        scenario = plan.scenario.with_(**parameters)
        names = tuple(stream.file for stream in scenario.traffic.streams if isinstance(stream, Capture))
        if names not in digests:
            contents = captures(scenario)
            digests[names] = {name: hashlib.sha256(blob).hexdigest() for name, blob in contents.items()}
        for repeat in range(plan.repeats):
            seeded = scenario.with_(seed=scenario.seed + repeat)
            key = _key(seeded, parameters, repeat, digests[names])
            found.append(Point(key, parameters, repeat, seeded))
    return found


def _key(scenario: Scenario, parameters: Mapping[str, Any], repeat: int, contents: Mapping[str, str]) -> str:
    named = {
        "version": SCHEMA_VERSION,
        "scenario": scenario.key(),
        "parameters": {name: encode(value) for name, value in parameters.items()},
        "repeat": repeat,
        "captures": contents,
        "build": build_digest(),
    }
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()
