"""An interface of this machine measured as the engine is: settings, a load, what its kernel did, compared."""

from collectors.target.compare import compare
from collectors.target.measure import Load, TargetRun, measure
from engine.linux.pair import Pair
from engine.linux.settings import CannotBeSet, Settings, check

__all__ = ["CannotBeSet", "Load", "Pair", "Settings", "TargetRun", "check", "compare", "measure"]
