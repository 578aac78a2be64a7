"""What killed runs have left on this machine."""

from __future__ import annotations

from collectors.doctor.capability import Found
from engine.linux import leftovers


def none_left() -> Found:
    """Whether nothing outlived its run, else what did."""
    found = leftovers.find()
    return Found(not found, "; ".join(map(str, found)) or "nothing of a killed run is left")
