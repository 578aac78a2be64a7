"""How much is offered, and how it is spread over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.config.codec import Variant


@dataclass(frozen=True, slots=True)
class LineShare(Variant):
    """Share of the line rate, above 0, at most 1; preamble, gap and FCS counted."""

    tag: ClassVar[str] = "line_share"
    newtype: ClassVar[bool] = True
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class FramesPerSecond(Variant):
    """Frames per second, of whatever size."""

    tag: ClassVar[str] = "frames_per_second"
    newtype: ClassVar[bool] = True
    per_second: int


@dataclass(frozen=True, slots=True)
class Constant(Variant):
    """Evenly: each frame takes its share of time."""

    tag: ClassVar[str] = "constant"


@dataclass(frozen=True, slots=True)
class Poisson(Variant):
    """A Poisson process; frames meant for a busy line queue up behind it."""

    tag: ClassVar[str] = "poisson"


@dataclass(frozen=True, slots=True)
class Bursts(Variant):
    """Back to back in bursts, then a pause, so that the mean holds."""

    tag: ClassVar[str] = "bursts"
    frames: int


Offered = LineShare | FramesPerSecond
Arrivals = Constant | Poisson | Bursts
