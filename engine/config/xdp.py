"""A program at the driver's hook, before an skb is allocated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class XdpRule:
    """On a frame's outermost IP header; what is not said fits anything."""

    protocol: Literal["", "tcp", "udp"] = ""
    source: str = ""
    """Address, or network as in 10.0.0.0/8."""
    destination: str = ""
    source_port: int | None = None
    destination_port: int | None = None
    action: Literal["drop", "pass", "redirect"] = "drop"


@dataclass(frozen=True, slots=True)
class Xdp:
    """The program: the first rule that fits decides, a frame that fits none goes on."""

    rules: tuple[XdpRule, ...] = ()
    """None: no program is attached."""
