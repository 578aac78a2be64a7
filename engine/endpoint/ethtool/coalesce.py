"""Interrupt moderation (net/ethtool/coalesce.c)."""

from __future__ import annotations

import errno

from engine.control.ethtool.coalesce import CoalesceMessage
from engine.endpoint.attributes import u32
from engine.endpoint.card import Card
from engine.endpoint.ethtool import whom
from engine.endpoint.ethtool.numbers import numbers_of
from engine.endpoint.family import Given
from engine.endpoint.policy import Allowed, Kind
from engine.endpoint.refusal import Refusal

NUMBER = numbers_of(CoalesceMessage)
KEYS = {"RX_USECS": "rx_usecs", "RX_MAX_FRAMES": "rx_max_coalesced_frames"}
"""What the NIC has, and what the scenario calls it: `supported_coalesce_params`."""
BOOLEANS = ("USE_ADAPTIVE_RX", "USE_ADAPTIVE_TX", "USE_CQE_MODE_TX", "USE_CQE_MODE_RX")


def _allowed(name: str) -> Allowed:
    kind: Kind = "u8" if name in BOOLEANS else "nest" if name.endswith("_PROFILE") else "u32"
    return Allowed(kind, high=1 if name in BOOLEANS[2:] else None)


POLICY = {
    whom.HEADER: whom.NESTED,
    **{number: _allowed(name) for name, number in NUMBER.items() if number > whom.HEADER},
}


def described(card: Card, flags: int) -> list[bytes]:  # noqa: ARG001 - as those that have bitsets
    """The attributes of an answer: what the NIC has."""
    now = card.nic["coalesce"]
    return [u32(NUMBER[name], now[key]) for name, key in KEYS.items()]


def change(card: Card, given: Given, data: bytes) -> bool:  # noqa: ARG001 - as those that nest
    """Change what is asked for; whether anything has. Raises Refusal."""
    meant = {NUMBER[name]: key for name, key in KEYS.items()}
    for number in sorted(set(given) - {whom.HEADER} - set(meant)):
        words = "cannot modify an unsupported parameter"
        raise Refusal(errno.EINVAL, words, offset=given[number].offset)
    now = card.nic["coalesce"]
    wanted = {key: given[number] for number, key in meant.items() if number in given}
    settings = {f"nic.coalesce.{key}": each.u32 for key, each in wanted.items() if now[key] != each.u32}
    if settings:
        card.change(settings, next(iter(wanted.values())).offset)
    return bool(settings)
