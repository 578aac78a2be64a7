"""RSS contexts made and taken away (ethnl_rss_create_doit, ethnl_rss_delete_doit, net/ethtool/rss.c)."""

from __future__ import annotations

import errno

from engine.endpoint.card import Card
from engine.endpoint.ethtool import rss, whom
from engine.endpoint.family import Given
from engine.endpoint.policy import Allowed
from engine.endpoint.refusal import Refusal

MOST = 64
"""MOST_CONTEXTS of engine/crates/nic."""
CONTEXT = rss.NUMBER["CONTEXT"]
CREATE_POLICY = {
    whom.HEADER: whom.NESTED,
    CONTEXT: Allowed("u32", low=1),
    rss.NUMBER["HFUNC"]: Allowed("u32", low=1),
    rss.NUMBER["INDIR"]: Allowed("binary", shortest=1),
    rss.NUMBER["HKEY"]: Allowed("binary", shortest=1),
    rss.NUMBER["INPUT_XFRM"]: Allowed("u32", high=2),
}
DELETE_POLICY = {whom.HEADER: whom.NESTED, CONTEXT: Allowed("u32", low=1)}


def create(card: Card, given: Given) -> int:
    """Make a context, with a rule of nobody's; its number.

    Raises Refusal: ERANGE for a number that is too high, EBUSY for one that is taken or where all are.
    """
    wanted = given.get(CONTEXT)
    if wanted is not None and wanted.u32 > MOST:
        raise Refusal(errno.ERANGE, offset=wanted.offset)
    rss.check_supported(given, context=1)
    spread = rss.spread(card, given, 0, card.nic["rss"]["key"])
    now = rss.contexts(card.nic)
    number = wanted.u32 if wanted is not None else next(n for n in range(1, MOST + 2) if n not in now)
    if number in now or number > MOST:
        offset = wanted.offset if wanted is not None else None
        raise Refusal(errno.EBUSY, "error allocating context ID", offset=offset)
    rss.check_function(given)
    card.change(rss.replaced(now | {number: {"table": [], "weights": [], "key": "", **spread}}))
    return number


def delete(card: Card, number: int) -> None:
    """Take a context away. Raises Refusal: EBUSY while a rule leads to it, ENOENT."""
    if any(rule.get("context") == number for rule in card.document["steering"]["rules"]):
        raise Refusal(errno.EBUSY)
    now = rss.contexts(card.nic)
    if number not in now:
        raise Refusal(errno.ENOENT)
    card.change(rss.replaced({other: each for other, each in now.items() if other != number}))


def asked_for(given: Given) -> int:
    """The context DELETE names. Raises Refusal."""
    if CONTEXT not in given:
        raise Refusal(errno.EINVAL, missing=CONTEXT)
    return given[CONTEXT].u32
