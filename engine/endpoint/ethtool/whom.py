"""Whom a request is for (ethnl_parse_header_dev_get, net/ethtool/netlink.c)."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from engine.endpoint.attributes import nest, text, u32
from engine.endpoint.card import Card
from engine.endpoint.family import Given
from engine.endpoint.message import Request
from engine.endpoint.policy import Allowed, inner
from engine.endpoint.refusal import Refusal

if TYPE_CHECKING:
    from engine.endpoint.endpoint import Endpoint

HEADER = 1
"""ETHTOOL_A_<message>_HEADER, of every message."""
INDEX, NAME, FLAGS = 1, 2, 3
COMPACT, OMIT_REPLY = 1, 2
"""ETHTOOL_FLAG_COMPACT_BITSETS, _OMIT_REPLY."""
POLICY = {
    INDEX: Allowed("u32"),
    NAME: Allowed("text", longest=127),
    FLAGS: Allowed("u32", mask=COMPACT | OMIT_REPLY),
}
NESTED = Allowed("nest", inner=POLICY)


def addressed_to(endpoint: Endpoint, request: Request, given: Given) -> Card:
    """The interface of a request whose command looks for the header by itself. Raises Refusal."""
    if HEADER not in given:
        raise Refusal(errno.EINVAL, "request header missing")
    card, _ = required(endpoint, request, given)
    return card


def named(
    endpoint: Endpoint, request: Request, given: Given, *, needed: bool = True
) -> tuple[Card | None, int]:
    """The interface a request names, and its flags. Raises Refusal."""
    header = given.get(HEADER)
    if header is None:
        if not needed:
            return None, 0
        raise Refusal(errno.EINVAL, missing=HEADER)
    about = inner(request.data, header, POLICY)
    flags = about[FLAGS].u32 if FLAGS in about else 0
    if INDEX in about:
        card = endpoint.at(about[INDEX].u32)
        if card is None:
            raise Refusal(errno.ENODEV, "no device matches ifindex", offset=about[INDEX].offset)
        if NAME in about and card.name != about[NAME].text:
            raise Refusal(errno.ENODEV, "ifindex and name do not match", offset=header.offset)
    elif NAME in about:
        card = endpoint.find(about[NAME].text)
        if card is None:
            raise Refusal(errno.ENODEV, "no device matches name", offset=about[NAME].offset)
    elif needed:
        raise Refusal(errno.EINVAL, "neither ifindex nor name specified", offset=header.offset)
    else:
        card = None
    return card, flags


def required(endpoint: Endpoint, request: Request, given: Given) -> tuple[Card, int]:
    """The interface a request has to name, and its flags. Raises Refusal."""
    card, flags = named(endpoint, request, given)
    if card is None:
        raise Refusal(errno.EINVAL, missing=HEADER)
    return card, flags


def addressed(card: Card) -> bytes:
    """The header of an answer."""
    return nest(HEADER, u32(INDEX, card.index), text(NAME, card.name))
