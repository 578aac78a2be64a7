"""Between the scenario's explicit rules and those of ethtool(8)."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any, cast

from engine.control.rule import SPEC, Protocol, Rule
from engine.endpoint.card import Card
from engine.endpoint.refusal import Refusal

PLACES = 1024
"""Of the NIC's table: MOST_RULES of engine/crates/nic."""
ANY = {"4": "0.0.0.0/0", "6": "::/0"}
Section = Mapping[str, Any]


def table(card: Card) -> dict[int, Section]:
    """The rules by their place."""
    given: list[Section] = card.document["steering"]["rules"]
    return {_location(place, rule): rule for place, rule in enumerate(given)}


def _location(place: int, rule: Section) -> int:
    location = rule.get("location")
    return place if location is None else int(location)


def insert(card: Card, rule: Rule, place: int | None) -> int:
    """Add a rule, or replace the one at its place; the place.

    Raises Refusal: EOPNOTSUPP without a table, EINVAL for a queue or place there is not, EEXIST for a rule of
    the same at another place, ENOSPC for a full table.
    """
    if not card.limits.flow_table:
        raise Refusal(errno.EOPNOTSUPP)
    if rule.queue is not None and rule.queue >= card.nic["queues"]:
        raise Refusal(errno.EINVAL)
    now = table(card)
    if place is None:
        place = next((free for free in range(PLACES) if free not in now), None)
        if place is None:
            raise Refusal(errno.ENOSPC)
    if place >= PLACES:
        raise Refusal(errno.EINVAL)
    new = _section(rule, place)
    if any(other != place and _selects(each) == _selects(new) for other, each in now.items()):
        raise Refusal(errno.EEXIST)
    _write(card, now | {place: new})
    return place


def remove(card: Card, place: int) -> None:
    """Remove the rule at a place. Raises Refusal: ENOENT."""
    now = table(card)
    if place not in now:
        raise Refusal(errno.ENOENT)
    _write(card, {other: rule for other, rule in now.items() if other != place})


def _write(card: Card, now: dict[int, Section]) -> None:
    # Each keeps its place, also those that had it from their position.
    card.change({"steering.rules": [{**rule, "location": place} for place, rule in sorted(now.items())]})


def _section(rule: Rule, place: int) -> Section:
    version = rule.protocol[-1]
    return {
        "location": place,
        "protocol": "" if rule.protocol.startswith("ip") else rule.protocol[:-1],
        # A rule without addresses is for one family as well: the network of all its addresses says which.
        "source": rule.source or ("" if rule.destination else ANY[version]),
        "destination": rule.destination or "",
        "source_port": rule.source_port,
        "source_port_mask": rule.source_port_mask,
        "destination_port": rule.destination_port,
        "destination_port_mask": rule.destination_port_mask,
        "vlan": rule.vlan,
        "queue": 0 if rule.context else -1 if rule.queue is None else rule.queue,
        "context": rule.context or None,
    }


def _selects(rule: Section) -> tuple[object, ...]:
    """What a rule looks for: two of the same are duplicates."""
    ports = (
        (rule.get(f"{side}_port"), rule.get(f"{side}_port_mask", 0xFFFF))
        for side in ("source", "destination")
    )
    masked = [None if port is None or not mask else (port & mask, mask) for port, mask in ports]
    return (rule.get("protocol"), rule.get("source"), rule.get("destination"), rule.get("vlan"), *masked)


def rule_of(place: int, given: Section) -> Rule:
    """As ethtool(8) shows it.

    Raises Refusal: EOPNOTSUPP for one that ethtool(8) has no words for, since it is for IPv4 and IPv6 alike,
    or for the ports of TCP and UDP alike.
    """
    address = given["source"] or given["destination"]
    has_ports = given.get("source_port") is not None or given.get("destination_port") is not None
    if not address or (has_ports and not given["protocol"]):
        raise Refusal(errno.EOPNOTSUPP)
    protocol = f"{given['protocol'] or 'ip'}{6 if ':' in address else 4}"
    return Rule(
        cast(Protocol, protocol),
        None if given["queue"] < 0 or given.get("context") else given["queue"],
        None if given["source"] in ("", *ANY.values()) else given["source"],
        None if given["destination"] in ("", *ANY.values()) else given["destination"],
        given.get("source_port"),
        given.get("destination_port"),
        given["source_port_mask"],
        given["destination_port_mask"],
        given.get("vlan"),
        given.get("context") or 0,
        location=place,
    )


def is_prefix(spec: bytes, protocol: str) -> bool:
    """Whether the masks of both addresses are those of networks: ones, then zeros."""
    mask = SPEC.unpack(spec)[3]
    size = 4 if protocol.endswith("4") else 16
    bits = (f"{int.from_bytes(mask[at : at + size]):0{8 * size}b}" for at in (0, size))
    return all("01" not in each for each in bits)
