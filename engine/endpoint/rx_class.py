"""Steering rules and hashed fields, by the structures of SIOCETHTOOL: Linux has no message for rules.

ethtool_get_rxnfc and ethtool_set_rxnfc, net/ethtool/ioctl.c.
"""

from __future__ import annotations

import errno
import struct
from typing import Any

from engine.control.ethtool.rss import BITS
from engine.control.rule import (
    ANY_LOCATION,
    EXTENDED,
    LAST_LOCATION,
    RSS_CONTEXT,
    RXNFC,
    SPEC,
    VLAN,
    Rule,
)
from engine.control.rule_table import ALL, COUNT, DELETE, INSERT, PLACE, RULE
from engine.control.rxfh import FIELDS, FLOWS, GRXFH, SRXFH
from engine.endpoint import rules
from engine.endpoint.card import Card
from engine.endpoint.ethtool.rss import contexts
from engine.endpoint.refusal import Refusal

RINGS = 0x2D
"""ETHTOOL_GRXRINGS."""
COUNT_AT, DATA_AT, SPEC_AT = 184, 8, 16
"""Offsets within struct ethtool_rxnfc."""


def asked(card: Card, request: bytearray) -> bool:
    """Answer one request in place; whether how frames are hashed has changed. Raises Refusal."""
    (command,) = struct.unpack_from("=I", request)
    if command in (GRXFH, SRXFH):
        return _fields(card, request, sets=command == SRXFH)
    if command == RINGS:
        struct.pack_into("=Q", request, DATA_AT, card.nic["queues"])
    elif command in (COUNT, RULE, ALL):
        _read(card, request, command)
    elif command == INSERT:
        _insert(card, request)
    elif command == DELETE:
        rules.remove(card, _place(request))
    else:
        raise Refusal(errno.EOPNOTSUPP)
    return False


def _place(request: bytearray) -> int:
    place: int = PLACE.unpack_from(request, SPEC_AT)[0]
    return place


def _read(card: Card, request: bytearray, command: int) -> None:
    table = rules.table(card)
    if command == COUNT:
        struct.pack_into("=Q", request, DATA_AT, rules.PLACES)
        struct.pack_into("=I", request, COUNT_AT, len(table))
    elif command == ALL:
        (room,) = struct.unpack_from("=I", request, COUNT_AT)
        if len(table) > room:
            raise Refusal(errno.EMSGSIZE)
        struct.pack_into("=Q", request, DATA_AT, rules.PLACES)
        struct.pack_into(f"=I{len(table)}I", request, COUNT_AT, len(table), *sorted(table))
    else:
        place = _place(request)
        if place not in table:
            raise Refusal(errno.ENOENT)
        rule = rules.rule_of(place, table[place])
        request[SPEC_AT : SPEC_AT + SPEC.size] = rule.spec()
        struct.pack_into("=I", request, COUNT_AT, rule.context)  # rss_context, in a union with the count


def _insert(card: Card, request: bytearray) -> None:
    _, _, _, spec, context = RXNFC.unpack_from(request)
    kind, _, _, _, extension_mask, cookie, _ = SPEC.unpack(spec)
    # A queue beside a context would be added to what its table says, which few NICs do (cap_rss_rxnfc_adds).
    if kind & RSS_CONTEXT and (cookie & 0xFFFF_FFFF or context not in contexts(card.nic)):
        raise Refusal(errno.EINVAL)
    try:
        rule = Rule.of(bytes(spec), context)
    except ValueError:
        raise Refusal(errno.EOPNOTSUPP) from None
    if kind & ~(EXTENDED | RSS_CONTEXT | 0xFF) or not rules.is_prefix(bytes(spec), rule.protocol):
        raise Refusal(errno.EOPNOTSUPP)
    if kind & EXTENDED and extension_mask != VLAN.pack(0, 0x0FFF):
        raise Refusal(errno.EOPNOTSUPP)  # of the extension only the VLAN's identifier, all of it
    given = rule.location
    place = rules.insert(card, rule, None if given in (ANY_LOCATION, LAST_LOCATION) else given)
    struct.pack_into("=I", request, SPEC_AT + 160, place)


def _fields(card: Card, request: bytearray, *, sets: bool) -> bool:
    _, flow, bits = FIELDS.unpack_from(request)
    protocol = next((name for name, number in FLOWS.items() if number == flow & 0xFF), None)
    if protocol is None:
        raise Refusal(errno.EOPNOTSUPP)
    now: Any = card.nic["rss"]["fields"][protocol]
    if not sets:
        struct.pack_into("=Q", request, DATA_AT, BITS[now])
        return False
    word = next((word for word, number in BITS.items() if number == bits), None)
    if word is None:
        raise Refusal(errno.EINVAL)
    if word == now:
        return False
    card.change({f"nic.rss.fields.{protocol}": word})
    return True
