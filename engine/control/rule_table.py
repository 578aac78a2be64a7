"""The table of steering rules, by the SIOCETHTOOL ioctl."""

from __future__ import annotations

import errno
import struct
from dataclasses import replace

from engine.control.rule import (
    ANY_LOCATION,
    PLACES_AT,
    RXNFC,
    SPECIAL_LOCATION,
    Rule,
)
from engine.control.transport import Transport

COUNT, RULE, ALL, DELETE, INSERT = 0x2E, 0x2F, 0x30, 0x31, 0x32
"""ETHTOOL_GRXCLSRLCNT, _GRXCLSRULE, _GRXCLSRLALL, _SRXCLSRLDEL, _SRXCLSRLINS."""
PLACE = struct.Struct("=160xI4x")
"""A flow spec of which only the place counts."""


def _count(transport: Transport, device: str) -> tuple[int, int, bool]:
    """Rules there are, places there are, and whether the interface chooses places by itself."""
    request = bytearray(RXNFC.pack(COUNT, 0, 0, bytes(168), 0))
    transport.ethtool(device, request)
    _, _, data, _, count = RXNFC.unpack(request)
    return count, data & ~SPECIAL_LOCATION, bool(data & SPECIAL_LOCATION)


def rules(transport: Transport, device: str) -> tuple[Rule, ...]:
    """Every rule, by its place. Raises OSError."""
    return tuple(_rule(transport, device, place) for place in _taken(transport, device))


def _taken(transport: Transport, device: str) -> list[int]:
    """The places that have a rule."""
    while True:
        count, _, _ = _count(transport, device)
        request = bytearray(RXNFC.pack(ALL, 0, 0, bytes(168), count) + bytes(4 * count))
        try:
            transport.ethtool(device, request)
        except OSError as cause:
            if cause.errno != errno.EMSGSIZE:  # one more meanwhile
                raise
            continue
        (found,) = struct.unpack_from("=I", request, PLACES_AT - 4)
        return sorted(struct.unpack_from(f"={found}I", request, PLACES_AT))


def _rule(transport: Transport, device: str, place: int) -> Rule:
    request = bytearray(RXNFC.pack(RULE, 0, 0, PLACE.pack(place), 0))
    transport.ethtool(device, request)
    _, _, _, spec, context = RXNFC.unpack(request)
    return replace(Rule.of(spec, context), location=place)


def insert(transport: Transport, device: str, rule: Rule) -> int:
    """Add a rule; its place. A rule without one gets the first that is free. Raises OSError."""
    if rule.location is None:
        count, places, chooses = _count(transport, device)
        if not chooses:
            taken = set(_taken(transport, device)) if count else set()
            free = next((place for place in range(places) if place not in taken), None)
            if free is None:
                raise OSError(errno.ENOSPC, "the table is full")
            rule = replace(rule, location=free)
    request = bytearray(RXNFC.pack(INSERT, 0, 0, rule.spec(), rule.context))
    transport.ethtool(device, request)
    _, _, _, spec, _ = RXNFC.unpack(request)
    place: int = PLACE.unpack(spec)[0]
    return place if place != ANY_LOCATION else -1


def delete(transport: Transport, device: str, location: int) -> None:
    """Remove the rule at a place. Raises OSError."""
    transport.ethtool(device, bytearray(RXNFC.pack(DELETE, 0, 0, PLACE.pack(location), 0)))
