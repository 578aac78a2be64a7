"""Parameter sweeps: a plan is a value, a point is a file, a sweep that was killed goes on where it was."""

from collectors.dataset.points import load_sweep
from collectors.sweep.plan import Plan, Range
from collectors.sweep.runner import sweep

__all__ = ["Plan", "Range", "load_sweep", "sweep"]
