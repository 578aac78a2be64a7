"""How many flows there are and how frames are spread over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from engine.config.codec import Variant
from engine.config.distribution import CdfPoint


@dataclass(frozen=True, slots=True)
class Uniform(Variant):
    """Each flow as likely as any other."""

    tag: ClassVar[str] = "uniform"


@dataclass(frozen=True, slots=True)
class InTurn(Variant):
    """One flow after the other."""

    tag: ClassVar[str] = "in_turn"


@dataclass(frozen=True, slots=True)
class Zipf(Variant):
    """The k-th flow has weight 1 / k^exponent."""

    tag: ClassVar[str] = "zipf"
    exponent: float


Popularity = Uniform | InTurn | Zipf


@dataclass(frozen=True, slots=True)
class FixedFlow(Variant):
    """All flows carry the same payload."""

    tag: ClassVar[str] = "fixed"
    bytes: int


@dataclass(frozen=True, slots=True)
class WebSearch(Variant):
    """Alizadeh et al., DCTCP, SIGCOMM 2010; mean 1.71 MB."""

    tag: ClassVar[str] = "web_search"


@dataclass(frozen=True, slots=True)
class DataMining(Variant):
    """Greenberg et al., VL2, SIGCOMM 2009; mean 7.47 MB."""

    tag: ClassVar[str] = "data_mining"


@dataclass(frozen=True, slots=True)
class Hadoop(Variant):
    """Roy et al., SIGCOMM 2015; mean 4.14 MB."""

    tag: ClassVar[str] = "hadoop"


@dataclass(frozen=True, slots=True)
class CacheFollower(Variant):
    """Cache servers: Roy et al., SIGCOMM 2015; mean 0.91 MB."""

    tag: ClassVar[str] = "cache"


@dataclass(frozen=True, slots=True)
class EmpiricalFlow(Variant):
    """Drawn from a cumulative distribution function, rounded to whole bytes, at least 1."""

    tag: ClassVar[str] = "empirical"
    points: tuple[CdfPoint, ...]


Lifetime = FixedFlow | WebSearch | DataMining | Hadoop | CacheFollower | EmpiricalFlow


@dataclass(frozen=True, slots=True)
class Destination:
    """Whom the frames are for."""

    ipv4: str = "192.0.2.1"
    ipv6: str = "2001:db8::1"
    addresses: int = 1
    """Consecutive addresses, of either family."""
    port: int = 9
    ports: int = 1
    """Consecutive ports."""


@dataclass(frozen=True, slots=True)
class Flows:
    """Flows of a generated stream."""

    count: int = 256
    """Flows alive at a time."""
    popularity: Popularity = field(default_factory=Uniform)
    ipv6_share: float = 0.0
    tcp_share: float = 0.0
    destination: Destination = field(default_factory=Destination)
    dscp: int = 0
    lifetime: Lifetime | None = None
    """Payload after which a flow ends and a new one takes its place; None: they last."""
