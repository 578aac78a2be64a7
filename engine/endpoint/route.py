"""rtnetlink: links read, set and told of (net/core/rtnetlink.c)."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.control.transport import ROUTE
from engine.endpoint import link
from engine.endpoint.attributes import Attribute, found
from engine.endpoint.card import Card
from engine.endpoint.dump import parts
from engine.endpoint.link import IFINFO
from engine.endpoint.message import CREATE, EXCLUSIVE, HEADER, Request, answer, message
from engine.endpoint.refusal import Refusal
from engine.endpoint.socket import Answered

if TYPE_CHECKING:
    from engine.endpoint.endpoint import Endpoint

NEWLINK, DELLINK, GETLINK, SETLINK = 16, 17, 18, 19
LINK_GROUP = 1
"""RTNLGRP_LINK."""
UP = 1
"""IFF_UP."""
MTU, NAME, ALTERNATIVE_NAME, EXT_MASK = 4, 3, 53, 29
LONGEST = {NAME: 15, ALTERNATIVE_NAME: 127}
TARGET_NAMESPACE = 46


def asked(endpoint: Endpoint, request: Request) -> Answered:
    """Answer one request. Raises Refusal."""
    if request.kind == GETLINK and request.dump:
        if request.strict:
            _fixed(request, "dump request")
        return Answered([], _dump(endpoint, request))
    if request.kind == GETLINK:
        return Answered([_get(endpoint, request)])
    if request.kind in (SETLINK, NEWLINK):
        _set(endpoint, request)
        return Answered([])
    # Routes, addresses, queueing disciplines: nobody has registered for them here.
    raise Refusal(errno.EOPNOTSUPP)


def tell_link(endpoint: Endpoint, card: Card, changed: int = 0) -> None:
    """RTM_NEWLINK to the group: how a link is now, and which of its flags have changed."""
    endpoint.tell(ROUTE, LINK_GROUP, message(NEWLINK, link.described(card, changed)))


def tell_gone(endpoint: Endpoint, card: Card) -> None:
    """RTM_DELLINK to the group."""
    endpoint.tell(ROUTE, LINK_GROUP, message(DELLINK, link.described(card, 0xFFFF_FFFF)))


def _fixed(request: Request, what: str) -> tuple[int, int, int]:
    """Index, flags and mask of struct ifinfomsg."""
    if len(request.data) < HEADER.size + IFINFO.size:
        raise Refusal(errno.EINVAL, f"Invalid header for {what}" if request.strict else "")
    _, pad, kind, index, flags, change = IFINFO.unpack_from(request.data, HEADER.size)
    if request.strict and what != "set link" and (pad or kind or flags or change):
        raise Refusal(errno.EINVAL, f"Invalid values in header for {what}")
    return index, flags, change


def _attributes(request: Request) -> dict[int, Attribute]:
    attributes, _ = found(request.data, HEADER.size + IFINFO.size, len(request.data))
    for each in attributes:
        longest = LONGEST.get(each.number)
        if longest is not None and len(each.value.rstrip(b"\0")) > longest:
            words = "Attribute failed policy validation"
            raise Refusal(errno.ERANGE, words, offset=each.offset, policy=link.text_policy(longest))
    return {each.number: each for each in attributes}


def _find(endpoint: Endpoint, index: int, attributes: dict[int, Attribute]) -> Card:
    name = attributes.get(NAME) or attributes.get(ALTERNATIVE_NAME)
    if index <= 0 and name is None:
        raise Refusal(errno.EINVAL)
    card = endpoint.at(index) if index > 0 else endpoint.find(name.text if name else "")
    if card is None:
        raise Refusal(errno.ENODEV)
    return card


def _get(endpoint: Endpoint, request: Request) -> bytes:
    index, _, _ = _fixed(
        request, "get link" if len(request.data) < HEADER.size + IFINFO.size else "get link request"
    )
    attributes = _attributes(request)
    if request.strict and set(attributes) - {NAME, ALTERNATIVE_NAME, EXT_MASK, TARGET_NAMESPACE}:
        raise Refusal(errno.EINVAL, "Unsupported attribute in get link request")
    if TARGET_NAMESPACE in attributes:
        raise Refusal(errno.EINVAL, "Invalid target network namespace id")
    return answer(request, NEWLINK, link.described(_find(endpoint, index, attributes)))


def _dump(endpoint: Endpoint, request: Request) -> Iterator[bytes]:
    rows = (answer(request, NEWLINK, link.described(card)) for card in endpoint.cards_lazily())
    return parts(request, rows, lambda: endpoint.generation)


def _set(endpoint: Endpoint, request: Request) -> None:
    """do_setlink: here all of it or nothing, as everything the engine is told."""
    index, flags, mask = _fixed(request, "set link")
    attributes = _attributes(request)
    creates = request.kind == NEWLINK and request.flags & CREATE and index <= 0 and NAME in attributes
    if creates and endpoint.find(attributes[NAME].text) is None:
        raise Refusal(errno.EOPNOTSUPP, "Unknown device type")
    card = _find(endpoint, index, attributes)
    if request.kind == NEWLINK and request.flags & EXCLUSIVE:
        raise Refusal(errno.EEXIST)
    for each in attributes.values():
        if each.number not in (MTU, NAME, ALTERNATIVE_NAME, EXT_MASK):
            raise Refusal(errno.EOPNOTSUPP, offset=each.offset)
    settings: dict[str, object] = {}
    if (mtu := attributes.get(MTU)) is not None:
        settings |= link.mtu_settings(mtu)
    up = bool(card.nic["up"])
    wanted = bool(flags & UP) if not mask or mask & UP else up
    if (flags or mask) and wanted != up:
        settings["nic.up"] = wanted
    before = card.name
    new_name = attributes[NAME].text if index > 0 and NAME in attributes else before
    endpoint.rename(card, new_name)
    try:
        changed = {
            key: value for key, value in settings.items() if card.nic[key.removeprefix("nic.")] != value
        }
        if changed:
            card.change(changed, mtu.offset if mtu else None)
    except Refusal:
        endpoint.rename(card, before)
        raise
    if "nic.up" in changed:
        card.carrier_changes += 1
    if changed or new_name != before:
        tell_link(endpoint, card, UP if "nic.up" in changed else 0)
