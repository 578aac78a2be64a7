"""Sets of strings (ETHTOOL_MSG_STRSET_GET, net/ethtool/strset.c): the names of bits, by set."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from engine.control.ethtool.rss import FUNCTIONS
from engine.endpoint.attributes import Attribute, found, nest, text, u32
from engine.endpoint.card import Card
from engine.endpoint.ethtool import whom
from engine.endpoint.ethtool.feature_names import NAMES
from engine.endpoint.family import Given
from engine.endpoint.message import Request
from engine.endpoint.policy import Allowed, inner
from engine.endpoint.refusal import Refusal

if TYPE_CHECKING:
    from engine.endpoint.endpoint import Endpoint

GET, REPLY = 1, 1
"""ETHTOOL_MSG_STRSET_GET, _GET_REPLY."""
SETS, COUNTS_ONLY = 2, 3
SET, SET_ID, SET_COUNT, SET_STRINGS = 1, 1, 2, 3
STRING, STRING_INDEX, STRING_VALUE = 1, 1, 2
NUMBER_OF_SETS = 23
"""ETH_SS_COUNT of Linux 6.18."""
OF_DEVICES = {0: "test", 1: "stats", 2: "private flags", 7: "PHY stats"}
"""ETH_SS_* that drivers name; the engine's NIC has none of them."""
NAMED: dict[int, Sequence[str]] = {4: NAMES, 5: tuple(FUNCTIONS)}
"""ETH_SS_FEATURES, ETH_SS_RSS_HASH_FUNCS: the same of every interface, as far as they mean something here."""
POLICY = {whom.HEADER: whom.NESTED, SETS: Allowed("nest"), COUNTS_ONLY: Allowed("flag")}
SETS_POLICY = {SET: Allowed("nest")}
SET_POLICY = {SET_ID: Allowed("u32")}


def asked_for(request: Request, given: Given) -> set[int]:
    """The sets a request names. Raises Refusal."""
    if (outer := given.get(SETS)) is None:
        return set()
    wanted = set()
    inner(request.data, outer, SETS_POLICY)
    at = outer.offset + 4
    for each in found(request.data, at, at + len(outer.value))[0]:
        number = _id(request, each)
        if number.u32 >= NUMBER_OF_SETS:
            raise Refusal(errno.EOPNOTSUPP, "unknown string set id", offset=each.offset)
        wanted.add(number.u32)
    return wanted


def _id(request: Request, given: Attribute) -> Attribute:
    number = inner(request.data, given, SET_POLICY).get(SET_ID)
    if number is None:
        raise Refusal(errno.EINVAL, missing=SET_ID, missing_in=given.offset)
    return number


def described(card: Card | None, wanted: set[int], given: Given) -> list[bytes]:
    """The attributes of an answer. Raises Refusal."""
    if card is None and wanted & OF_DEVICES.keys():
        raise Refusal(errno.EINVAL, "requested per device strings without dev")
    # Of none in particular: an interface's own sets, or those of all.
    shown = wanted or (set() if card is not None else NAMED.keys())
    sets = []
    for number, names in NAMED.items():
        if number in shown:
            strings = [
                nest(STRING, u32(STRING_INDEX, at), text(STRING_VALUE, name)) for at, name in enumerate(names)
            ]
            counted = [u32(SET_ID, number), u32(SET_COUNT, len(names))]
            whole = [] if COUNTS_ONLY in given else [nest(SET_STRINGS, *strings)]
            sets.append(nest(SET, *counted, *whole))
    return [nest(SETS, *sets)]


def dumped(endpoint: Endpoint, request: Request, given: Given) -> Iterator[tuple[Card, list[bytes]]]:
    """Interfaces of a dump, with the attributes of each. Raises Refusal."""
    wanted = asked_for(request, given)
    meant, _ = whom.named(endpoint, request, given, needed=False)
    for card in endpoint.cards_lazily() if meant is None else [meant]:
        yield card, described(card, wanted, given)
