"""Settings of an interface of this machine: checked, made, and made undone, whatever ends the program."""

from engine.linux.settings.applied import applied
from engine.linux.settings.check import CannotBeSet, check
from engine.linux.settings.value import Settings

__all__ = ["CannotBeSet", "Settings", "applied", "check"]
