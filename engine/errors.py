"""What may go wrong, as ordinary exceptions. The core raises them; this is where Python names them."""

from engine._core import CaptureError, ConservationError, EngineError, ScenarioError

BAD_INPUT = (ScenarioError, CaptureError, OSError)
"""What a user can cure: a wrong scenario, a capture that is none, a file that cannot be read."""

__all__ = ["BAD_INPUT", "CaptureError", "ConservationError", "EngineError", "ScenarioError"]
