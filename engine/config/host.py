"""The host behind the interface."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.config.apps import Apps
from engine.config.cache import Cache
from engine.config.forwarding import Forwarding
from engine.config.gro import Gro
from engine.config.napi import Napi
from engine.config.page_pool import PagePool
from engine.config.rps import Rps
from engine.config.sockets import Sockets
from engine.config.tcp import Tcp
from engine.config.xdp import Xdp


@dataclass(frozen=True, slots=True)
class Unplug:
    """A CPU taken offline."""

    at_ns: int = 0
    cpu: int = 0


@dataclass(frozen=True, slots=True)
class Host:
    """Virtual CPUs and what runs on them."""

    cpus: int = 8
    unplug: tuple[Unplug, ...] = ()
    """CPUs taken offline; one must remain."""
    polling: bool = False
    """CPUs look at their queues themselves and take no interrupts: rings, then applications, in turn.

    The engine's own host in real time always does.
    """
    addresses: tuple[str, ...] = ()
    """This host's, or networks as in 10.0.0.0/8; packets to others are forwarded, or dropped. Empty: all."""
    forwarding: Forwarding = field(default_factory=Forwarding)
    xdp: Xdp = field(default_factory=Xdp)
    page_pool: PagePool = field(default_factory=PagePool)
    napi: Napi = field(default_factory=Napi)
    gro: Gro = field(default_factory=Gro)
    rps: Rps = field(default_factory=Rps)
    sockets: Sockets = field(default_factory=Sockets)
    tcp: Tcp = field(default_factory=Tcp)
    apps: Apps = field(default_factory=Apps)
    cache: Cache = field(default_factory=Cache)
