"""What is changed while a scenario runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ControlStep:
    """What an administrator changes at a time, all of it or none."""

    at_ns: int = 0
    """From the start; a frame that arrives then still finds everything as it was."""
    settings: tuple[str, ...] = ()
    """`"nic.coalesce.rx_usecs=100"`, the value as TOML: the settings `Scenario.with_` takes, of keys that may
    change while it runs."""
