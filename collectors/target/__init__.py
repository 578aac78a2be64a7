"""An interface of this machine measured as the engine is: settings, a load, what its kernel did, compared."""

from collectors.target.compare import TargetComparison, compare
from collectors.target.load import Load
from collectors.target.measure import TargetRun, measure
from engine.linux.pair import Pair
from engine.linux.settings import CannotBeSet, Settings, check

__all__ = [
    "CannotBeSet",
    "Load",
    "Pair",
    "Settings",
    "TargetComparison",
    "TargetRun",
    "check",
    "compare",
    "measure",
]
