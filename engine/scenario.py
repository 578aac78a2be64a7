"""The scenario: one frozen value that says everything a run depends on."""

from __future__ import annotations

import hashlib
import html
import json
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine import _core
from engine.calibration import Calibration
from engine.config import ControlStep, Cost, Host, Nic, Observe, Steering, Traffic
from engine.config.codec import decode, encode
from engine.config.path import assign, leaves, lookup, parse_setting
from engine.config.toml import dumps
from engine.errors import refusal


@dataclass(frozen=True)
class Scenario:
    """NIC, host, traffic and what is observed; equal by value, checked when it is made.

    Raises
    ------
    ScenarioError : names the key, the value and what is allowed.

    Examples
    --------
    >>> Scenario().with_("nic.queues=4", seed=7).nic.queues
    4
    """

    version: int = 1
    name: str = ""
    seed: int = 1
    duration_ns: int = 10_000_000
    """How long frames are offered."""
    drain_ns: int = 0
    """How long the host may go on afterwards, at most."""
    traffic: Traffic = field(default_factory=Traffic)
    nic: Nic = field(default_factory=Nic)
    host: Host = field(default_factory=Host)
    steering: Steering = field(default_factory=Steering)
    control: tuple[ControlStep, ...] = ()
    """Changes while it runs."""
    costs: tuple[Cost, ...] = ()
    observe: Observe = field(default_factory=Observe)
    directory: Path | None = field(default=None, compare=False, repr=False, metadata={"document": False})
    """Where relative capture paths start; not part of the document."""

    def __post_init__(self) -> None:
        self.resolved()

    @classmethod
    def from_toml(cls, source: str | Path) -> Scenario:
        """Read TOML: a path, or the text itself when it holds a newline or an equals sign.

        Raises
        ------
        ScenarioError, OSError
        """
        return cls._read(source, "toml")

    @classmethod
    def from_json(cls, source: str | Path) -> Scenario:
        """Read JSON: a path, or the text itself when it starts with a brace.

        Raises
        ------
        ScenarioError, OSError
        """
        return cls._read(source, "json")

    @classmethod
    def _read(cls, source: str | Path, kind: Any) -> Scenario:  # noqa: ANN401 - "toml" or "json"
        is_text = isinstance(source, str) and (
            "\n" in source or "=" in source or source.lstrip().startswith("{")
        )
        directory = None if is_text else Path(source).parent
        try:
            text = str(source) if is_text else Path(source).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise refusal("scenario", source, "must be text in UTF-8") from None
        named = _names_costs(text, kind)
        if named is not None:
            text, kind = json.dumps(_with_costs(named, directory)), "json"
        return cls._built(_core.resolve_scenario(text, kind), directory)

    @classmethod
    def _built(cls, resolved: str, directory: Path | None) -> Scenario:
        scenario: Scenario = decode(cls, json.loads(resolved))
        return replace(scenario, directory=directory)

    def document(self) -> dict[str, Any]:
        """The scenario as plain data, every key written out."""
        document: dict[str, Any] = encode(self)
        return document

    def resolved(self) -> str:
        """Canonical JSON, as the core reads it: validated, every default filled in."""
        return _core.resolve_scenario(json.dumps(self.document()), "json")

    def key(self) -> str:
        """SHA-256 of the canonical JSON, 64 hexadecimal digits."""
        return hashlib.sha256(self.resolved().encode()).hexdigest()

    def to_json(self) -> str:
        """The same as `resolved()`."""
        return self.resolved()

    def to_toml(self) -> str:
        """What differs from the defaults, as TOML; reading it gives an equal scenario."""
        return dumps({"version": self.version, **self.settings()})

    def settings(self) -> dict[str, Any]:
        """What differs from the defaults, as nested plain data."""
        difference: dict[str, Any] = _difference(self.document(), _DEFAULTS)
        return difference

    def with_(self, *settings: str, **changes: object) -> Scenario:
        """A scenario that differs in the given keys.

        Parameters
        ----------
        settings : `"nic.queues=4"`, the value as TOML.
        changes : dotted keys (`**{"nic.queues": 4}`) or top-level names (`seed=2`); plain values
            or configuration values; None takes an optional key away.

        Raises
        ------
        ScenarioError : names the key, the value and what is allowed; nothing is changed then.
        """
        document = self.document()
        for key, value in [*map(parse_setting, settings), *changes.items()]:
            assign(document, key, encode(value))
        document = _with_costs(document, self.directory)
        return self._built(_core.resolve_scenario(json.dumps(document), "json"), self.directory)

    def settable(self) -> list[str]:
        """Every dotted key `with_` accepts for this scenario, in document order."""
        return list(leaves(self.document()))

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - any value of the document
        """The value at a dotted key, as plain data."""
        return lookup(self.document(), key)

    def _ipython_key_completions_(self) -> list[str]:
        return self.settable()

    def _repr_html_(self) -> str:
        settings = self.settings()
        rows = "".join(
            f"<tr><td style='text-align:left'><code>{html.escape(key)}</code></td>"
            f"<td style='text-align:left'>{html.escape(json.dumps(lookup(settings, key)))}</td></tr>"
            for key in leaves(settings)
            if key
        )
        title = html.escape(self.name or "scenario")
        return f"<table><caption>{title} · {self.key()[:12]} · else the defaults</caption>{rows}</table>"


def _names_costs(text: str, kind: str) -> dict[str, Any] | None:
    """The document, if its costs are a calibration's file; what is wrong with others the core says best."""
    try:
        document = tomllib.loads(text) if kind == "toml" else json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) and isinstance(document.get("costs"), str) else None


def _with_costs(document: dict[str, Any], directory: Path | None) -> dict[str, Any]:
    """The document with a calibration's rows in place of its file's name: it says all a run depends on.

    A relative path starts at the scenario's own file, then at the working directory.
    """
    named = document.get("costs")
    if not isinstance(named, str):
        return document
    beside = (directory or Path()) / named
    calibration = Calibration.read(beside if beside.exists() else named)
    return {**document, "costs": encode(calibration.costs())}


def _difference(value: Any, base: Any) -> Any:  # noqa: ANN401 - plain data
    return {
        key: _difference(inner, base[key])
        if isinstance(inner, dict) and isinstance(base.get(key), dict)
        else inner
        for key, inner in value.items()
        if key not in base or inner != base[key]
    }


_DEFAULTS: dict[str, Any] = encode(Scenario())
