"""What is administered behind a name: a scenario that has not begun, or an engine that runs."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from engine import _core
from engine.config.path import assign
from engine.endpoint.refusal import Refusal
from engine.errors import ScenarioError
from engine.scenario import Scenario

Engine = _core.Engine | _core.LiveEngine
Document = Mapping[str, Any]
Settings = Mapping[str, object]
"""Dotted keys of the scenario and their new values."""


class Limits(NamedTuple):
    """What a NIC cannot exceed."""

    queues: int
    ring_size: int
    flow_table: bool


class Ground(Protocol):
    """What a card stands on."""

    started: bool

    def document(self) -> Document:
        """The scenario as it is now."""

    def change(self, settings: Settings) -> None:
        """Change it, all or nothing. Raises ScenarioError, Refusal."""

    def counters(self) -> Mapping[str, int]:
        """What the NIC counted, by the names declared for the stage `nic`."""

    def limits(self) -> Limits:
        """What it cannot exceed."""


class Prepared:
    """A scenario that has not begun: everything of its NIC can be set."""

    started = False

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def document(self) -> Document:
        """See the protocol."""
        return self.scenario.document()

    def change(self, settings: Settings) -> None:
        """See the protocol."""
        changed = self.scenario.with_(**settings)
        _core.check_scenario(changed.resolved())
        self.scenario = changed

    def counters(self) -> Mapping[str, int]:
        """See the protocol."""
        return {}

    def limits(self) -> Limits:
        """The engine's own: 128 queues, rings of 8192 descriptors."""
        steering = self.scenario.steering
        return Limits(128, 8192, steering.mode in ("arfs", "callback", "ntuple") or bool(steering.rules))


class Running:
    """An engine, from when it is built: what its memory was built with stays."""

    started = True

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def document(self) -> Document:
        """See the protocol."""
        document: Document = json.loads(self._asked(self.engine.document))
        return document

    def change(self, settings: Settings) -> None:
        """See the protocol."""
        if self.engine.finished:
            raise Refusal(errno.ENODEV, "device not present")
        patch: dict[str, Any] = {}
        for key, value in settings.items():
            *path, last = key.split(".")
            inner = patch
            for name in path:
                inner = inner.setdefault(name, {})
            inner[last] = value
        self._asked(lambda: self.engine.apply(json.dumps(patch)))

    def counters(self) -> Mapping[str, int]:
        """See the protocol."""
        counters: Mapping[str, int] = self._asked(self.engine.nic_counters)
        return counters

    def limits(self) -> Limits:
        """See the protocol."""
        return Limits(*self._asked(lambda: self.engine.built))

    def _asked(self, question: Any) -> Any:  # noqa: ANN401 - whatever it answers
        try:
            return question()
        except RuntimeError as cause:  # another thread is inside `Engine.advance`
            raise Refusal(errno.EBUSY, "the engine is between two steps of its run") from cause


def ground_of(given: Scenario | Engine) -> Prepared | Running:
    """What to stand on."""
    return Prepared(given) if isinstance(given, Scenario) else Running(given)


def possible(document: Document, settings: Settings) -> bool:
    """Whether a scenario could begin with these settings."""
    changed = json.loads(json.dumps(document))
    try:
        for key, value in settings.items():
            assign(changed, key, value)
        _core.check_scenario(json.dumps(changed))
    except ScenarioError:
        return False
    return True
