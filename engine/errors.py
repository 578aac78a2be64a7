"""What may go wrong, as ordinary exceptions. The core raises them; this is where Python names them."""

from engine._core import CaptureError, ConservationError, EngineError, ScenarioError

BAD_INPUT = (ScenarioError, CaptureError, OSError)
"""What a user can cure: a wrong scenario, a capture that is none, a file that cannot be read."""


def refusal(key: str, value: object, allowed: str) -> ScenarioError:
    """The error that says which key is wrong, what it is and what it may be; to be raised."""
    error = ScenarioError(f"{key} = {value}: {allowed}")
    error.key, error.value, error.allowed = key, str(value), allowed
    return error


__all__ = ["BAD_INPUT", "CaptureError", "ConservationError", "EngineError", "ScenarioError", "refusal"]
