"""Offloads that are on or off (net/ethtool/features.c)."""

from __future__ import annotations

import errno

from engine.control.ethtool.features import FeaturesMessage
from engine.endpoint.card import Card
from engine.endpoint.ethtool import bitset, whom
from engine.endpoint.ethtool.feature_names import NAMES, NEVER_CHANGED
from engine.endpoint.ethtool.numbers import numbers_of
from engine.endpoint.family import Given
from engine.endpoint.policy import Allowed
from engine.endpoint.refusal import Refusal

NUMBER = numbers_of(FeaturesMessage)
POLICY = {whom.HEADER: whom.NESTED, NUMBER["WANTED"]: Allowed("nest")}
ALWAYS = frozenset({"highdma"})


def _bits(names: frozenset[str]) -> int:
    return sum(1 << at for at, name in enumerate(NAMES) if name in names)


def active(card: Card) -> frozenset[str]:
    """Those that are on."""
    mode = card.document["steering"]["mode"]
    found = set(ALWAYS)
    if card.nic["rx_checksum"]:
        found.add("rx-checksum")
    if card.nic["lro"]["enabled"]:
        found.add("rx-lro")
    if card.document["host"]["gro"]["enabled"]:
        found.add("rx-gro")
    if mode != "none":
        found.add("rx-hashing")
    if card.limits.flow_table:
        found.add("rx-ntuple-filter")
    return frozenset(found)


def changeable(card: Card) -> frozenset[str]:
    """Those that may be turned on and off: how flows are steered and merged is built in, once it runs."""
    if card.ground.started:
        return frozenset({"rx-checksum"})
    steered = card.document["steering"]["mode"] not in ("none", "rss", "ntuple")
    merged = {"rx-checksum", "rx-lro", "rx-gro"}
    return frozenset(merged | (set() if steered else {"rx-hashing", "rx-ntuple-filter"}))


def described(card: Card, flags: int) -> list[bytes]:
    """The attributes of an answer."""
    compact = bool(flags & whom.COMPACT)
    on = active(card)
    sets = {
        "HW": (_bits(changeable(card)), (1 << len(NAMES)) - 1),
        "WANTED": (_bits(on & changeable(card)), None),
        "ACTIVE": (_bits(on), None),
        "NOCHANGE": (_bits(NEVER_CHANGED), None),
    }
    return [
        bitset.written(NUMBER[name], value, NAMES, mask, compact=compact)
        for name, (value, mask) in sets.items()
    ]


def change(card: Card, given: Given, data: bytes) -> bool:
    """Change what is asked for and can be; whether anything has. Raises Refusal."""
    if (wanted := given.get(NUMBER["WANTED"])) is None:
        raise Refusal(errno.EINVAL)
    value, mask = bitset.read(data, wanted, NAMES)
    may, before = changeable(card), active(card)
    asked = {name: bool(value >> at & 1) for at, name in enumerate(NAMES) if mask >> at & 1 and name in may}
    on = (before | {name for name, is_on in asked.items() if is_on}) - {
        name for name, is_on in asked.items() if not is_on
    }
    settings: dict[str, object] = {}
    if ("rx-checksum" in on) != ("rx-checksum" in before):
        settings["nic.rx_checksum"] = "rx-checksum" in on
    if ("rx-lro" in on) != ("rx-lro" in before):
        settings["nic.lro.enabled"] = "rx-lro" in on
    if ("rx-gro" in on) != ("rx-gro" in before):
        settings["host.gro.enabled"] = "rx-gro" in on
    if on & {"rx-hashing", "rx-ntuple-filter"} != before & {"rx-hashing", "rx-ntuple-filter"}:
        mode = "ntuple" if "rx-ntuple-filter" in on else "rss" if "rx-hashing" in on else "none"
        settings["steering.mode"] = mode
        if "rx-ntuple-filter" not in on:  # as drivers do, the rules go with their table
            settings["steering.rules"] = []
    if settings:
        card.change(settings, wanted.offset)
    return bool(settings)


def replied(card: Card, given: Given, data: bytes, before: frozenset[str], flags: int) -> list[bytes]:
    """What FEATURES_SET tells: what was wanted and is not so, and what has changed."""
    value, mask = bitset.read(data, given[NUMBER["WANTED"]], NAMES)
    now = _bits(active(card))
    compact = bool(flags & whom.COMPACT)
    refused, changed = (value ^ now) & mask, (_bits(before) ^ now) & mask
    return [
        bitset.written(NUMBER["WANTED"], value & mask, NAMES, refused, compact=compact),
        bitset.written(NUMBER["ACTIVE"], now & changed, NAMES, changed, compact=compact),
    ]
