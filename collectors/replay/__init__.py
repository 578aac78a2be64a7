"""A capture through the engine, with its own timing, and what became of every frame."""

from collectors.replay.replay import Replay, replay
from collectors.replay.span import span_ns

__all__ = ["Replay", "replay", "span_ns"]
