"""One thing a machine may offer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Capability:
    """What was looked for, whether it is there, and what to do where it is not."""

    name: str
    """Short and stable: tests ask for it by this name."""
    available: bool
    """It was tried and worked, for this process with the rights it has now."""
    detail: str
    """What was found, or the reason it is not available. Names no user, host or personal path."""
    needed_for: str
    """What of rxbench uses it."""
    how_to_get: str
    """What an administrator would do; empty where nothing can be done on this machine."""


class Found(NamedTuple):
    """What a trial says of itself."""

    available: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Probe:
    """A capability to look for: the trial may raise, its cause is then the reason."""

    name: str
    trial: Callable[[], Found]
    needed_for: str
    how_to_get: str

    def attempt(self) -> Capability:
        """The outcome of the trial. Never raises."""
        try:
            found = self.trial()
        except OSError as cause:
            found = Found(False, cause.strerror or str(cause))
        except Exception as cause:  # noqa: BLE001 - a survey that raises tells less than one that says why
            found = Found(False, f"could not be tried: {type(cause).__name__} {cause}")
        return Capability(self.name, found.available, found.detail, self.needed_for, self.how_to_get)
