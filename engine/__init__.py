"""Configure and run a receive path: scenarios, units and the driver of the Rust core."""

from engine.errors import CaptureError, ConservationError, EngineError, ScenarioError
from engine.run import Result, execute
from engine.scenario import Scenario

__all__ = [
    "CaptureError",
    "ConservationError",
    "EngineError",
    "Result",
    "Scenario",
    "ScenarioError",
    "execute",
]
