"""The plan of a sweep: a scenario, the keys that vary, and how often each point is run."""

from __future__ import annotations

import hashlib
import itertools
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from collectors.sweep.errors import PlanError
from engine.config.codec import encode
from engine.scenario import Scenario

Scale = Literal["linear", "log"]


@dataclass(frozen=True, slots=True)
class Range:
    """Where random values come from: `low` to `high`, evenly or evenly in the logarithm.

    Raises
    ------
    PlanError : names the key and what is allowed.
    """

    low: float
    high: float
    scale: Scale = "linear"
    integer: bool = True

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise PlanError("low", self.low, f"must be {self.high} (high) or less")
        if self.scale not in ("linear", "log"):
            raise PlanError("scale", self.scale, "must be linear or log")
        if self.scale == "log" and self.low <= 0:
            raise PlanError("low", self.low, "must be above 0 where scale is log")

    def draw(self, random: np.random.Generator) -> float | int:
        """One value."""
        if self.scale == "log":
            value = float(np.exp(random.uniform(np.log(self.low), np.log(self.high))))
        else:
            value = float(random.uniform(self.low, self.high))
        return round(value) if self.integer else value


Choices = tuple[Any, ...]


@dataclass(frozen=True)
class Plan:
    """Every combination of `grid`, each with every sample of `random`; each point run `repeats` times.

    Examples
    --------
    >>> plan = Plan(Scenario(), grid={"nic.queues": (1, 8), "seed": (1,)}, repeats=2)
    >>> len(plan.points()), len(plan)
    (2, 4)
    """

    scenario: Scenario = field(default_factory=Scenario)
    grid: Mapping[str, Choices] = field(default_factory=dict)
    """Values by dotted key; all combinations."""
    random: Mapping[str, Range | Choices] = field(default_factory=dict)
    """Ranges, or choices, by dotted key; drawn together, `samples` times."""
    samples: int = 1
    sample_seed: int = 0
    repeats: int = 1
    """Runs per point. The repeat, from 0, is added to the scenario's seed: points share their randomness."""
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "grid", {key: tuple(values) for key, values in self.grid.items()})
        if both := sorted(set(self.grid) & set(self.random)):
            raise PlanError(both[0], "grid and random", "must be in one of them")
        for key, values in self.grid.items():
            if not values:
                raise PlanError(f"grid.{key}", "[]", "must have a value or more")
        for key, source in self.random.items():
            if not isinstance(source, Range) and not source:
                raise PlanError(f"random.{key}", "[]", "must have a value or more")
        for name, number in (("repeats", self.repeats), ("samples", self.samples)):
            if number < 1:
                raise PlanError(name, number, "must be 1 or more")

    @property
    def parameters(self) -> tuple[str, ...]:
        """The dotted keys that vary, in the order of the plan."""
        return (*self.grid, *self.random)

    def __len__(self) -> int:
        """How many runs."""
        points = self.samples if self.random else 1
        for values in self.grid.values():
            points *= len(values)
        return points * self.repeats

    def repeated(self, repeats: int) -> Plan:
        """The same plan with another number of repeats. Raises PlanError."""
        return replace(self, repeats=repeats)

    def points(self) -> list[dict[str, Any]]:
        """The parameters of every point, in the plan's order; the same for equal plans."""
        samples = [{key: drawn[i] for key, drawn in self._drawn().items()} for i in range(self.samples)]
        return [
            dict(zip(self.grid, values, strict=True)) | sample
            for values in itertools.product(*self.grid.values())
            for sample in (samples if self.random else [{}])
        ]

    def _drawn(self) -> dict[str, list[Any]]:
        # A stream of its own for each key: another key in the plan does not change this one's values.
        drawn: dict[str, list[Any]] = {}
        for key, source in self.random.items():
            stream = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])
            random = np.random.default_rng([self.sample_seed, stream])
            drawn[key] = [
                source.draw(random) if isinstance(source, Range) else source[random.integers(len(source))]
                for _ in range(self.samples)
            ]
        return drawn

    def document(self) -> dict[str, Any]:
        """The plan as plain data."""
        return {
            "name": self.name,
            "repeats": self.repeats,
            "scenario": self.scenario.document(),
            "grid": {key: [encode(value) for value in values] for key, values in self.grid.items()},
            "random": {key: _plain(source) for key, source in self.random.items()},
            "samples": self.samples,
            "sample_seed": self.sample_seed,
        }

    def key(self) -> str:
        """SHA-256 of the plan as canonical JSON."""
        text = json.dumps(self.document(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def from_toml(cls, source: str | Path) -> Plan:
        """Read a plan: a path, or the text itself when it holds a newline.

        Keys: `name`, `repeats`, `samples`, `sample_seed`; `scenario` (a file's path, beside the plan, or the
        scenario itself as a table); `[grid]` with a list per dotted key; `[random]` with a list, or
        `{low, high, scale, integer}`, per dotted key.

        Raises
        ------
        PlanError, ScenarioError, OSError
        """
        is_text = isinstance(source, str) and "\n" in source
        text = str(source) if is_text else Path(source).read_text(encoding="utf-8")
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise PlanError("plan", "text" if is_text else source, f"must be TOML: {error}") from None
        return _parse(document, Path() if is_text else Path(source).parent)


_KEYS = ("name", "repeats", "samples", "sample_seed", "scenario", "grid", "random")


def _parse(document: Mapping[str, Any], directory: Path) -> Plan:
    for key in document:
        if key not in _KEYS:
            raise PlanError(key, document[key], f"is not a key of a plan; they are {', '.join(_KEYS)}")
    described = document.get("scenario", {})
    if isinstance(described, str):
        scenario = Scenario.from_toml(directory / described)
    else:
        scenario = Scenario().with_(**_flat(_table("scenario", described)))
    numbers = {key: document[key] for key in ("repeats", "samples", "sample_seed") if key in document}
    for key, value in numbers.items():
        if not isinstance(value, int) or isinstance(value, bool):
            raise PlanError(key, value, "must be a whole number")
    grid = _flat(_table("grid", document.get("grid", {})))
    for key, values in grid.items():
        if not isinstance(values, list):
            raise PlanError(f"grid.{key}", values, "must be a list of values")
    random = _flat(_table("random", document.get("random", {})), stop=_is_range)
    return Plan(
        scenario,
        grid,
        {key: _source(key, value) for key, value in random.items()},
        name=str(document.get("name", "")),
        **numbers,
    )


def _table(key: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise PlanError(key, value, "must be a table")
    return value


def _is_range(value: Mapping[str, Any]) -> bool:
    return "low" in value or "high" in value


def _flat(
    table: Mapping[str, Any],
    prefix: str = "",
    stop: Any = lambda _value: False,  # noqa: ANN401
) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping) and not stop(value):
            flat |= _flat(value, f"{prefix}{key}.", stop)
        else:
            flat[prefix + key] = value
    return flat


def _source(key: str, value: object) -> Range | Choices:
    if isinstance(value, list):
        return tuple(value)
    if not isinstance(value, Mapping):
        raise PlanError(f"random.{key}", value, "must be a list of values, or a table with low and high")
    try:
        return Range(**value)
    except TypeError:
        allowed = "must have low and high, and may have scale and integer"
        raise PlanError(f"random.{key}", dict(value), allowed) from None


def _plain(source: Range | Choices) -> Any:  # noqa: ANN401 - plain data
    if isinstance(source, Range):
        return {"low": source.low, "high": source.high, "scale": source.scale, "integer": source.integer}
    return [encode(value) for value in source]
