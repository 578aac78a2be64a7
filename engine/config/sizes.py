"""How large the frames are, in bytes with FCS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.config.codec import Variant
from engine.config.distribution import CdfPoint

IMIX_MEAN_BYTES = (7 * 64 + 4 * 594 + 1518) / 12
"""Mean frame of the mix 7:4:1, 361.8 bytes."""


@dataclass(frozen=True, slots=True)
class Fixed(Variant):
    """All the same."""

    tag: ClassVar[str] = "fixed"
    bytes: int = 64


@dataclass(frozen=True, slots=True)
class Imix(Variant):
    """Seven of 64, four of `middle_bytes` and one of 1518 in each twelve, in random order."""

    tag: ClassVar[str] = "imix"
    middle_bytes: int = 594


@dataclass(frozen=True, slots=True)
class Rfc2544(Variant):
    """The seven sizes of RFC 2544 section 9.1, in turn."""

    tag: ClassVar[str] = "rfc2544"


@dataclass(frozen=True, slots=True)
class UniformSizes(Variant):
    """Each size of the range as likely as any other."""

    tag: ClassVar[str] = "uniform"
    min_bytes: int
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Empirical(Variant):
    """Drawn from a cumulative distribution function, rounded to whole bytes."""

    tag: ClassVar[str] = "empirical"
    points: tuple[CdfPoint, ...]


Sizes = Fixed | Imix | Rfc2544 | UniformSizes | Empirical
