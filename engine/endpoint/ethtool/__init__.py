"""The ethtool family: a file per pair of commands, with what may be asked and what is answered."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, Protocol

from engine.control.ethtool import channels as channels_numbers
from engine.control.ethtool import coalesce as coalesce_numbers
from engine.control.ethtool import features as features_numbers
from engine.control.ethtool import header
from engine.control.ethtool import rings as rings_numbers
from engine.control.ethtool import rss as rss_numbers
from engine.control.transport import GENERIC
from engine.endpoint.attributes import u32
from engine.endpoint.card import Card
from engine.endpoint.ethtool import channels, coalesce, contexts, features, rings, rss, strings, whom
from engine.endpoint.family import GENERIC_HEADER, Command, Family, Given
from engine.endpoint.message import Request, answer, message
from engine.endpoint.policy import Policy
from engine.endpoint.refusal import Refusal

if TYPE_CHECKING:
    from engine.endpoint.endpoint import Endpoint

NUMBER, VERSION, MONITOR = 21, 1, 6
"""Of the family and its group: the first that Linux gives away, as it happens to number them."""


class Numbers(Protocol):
    """Numbers of a pair of commands."""

    GET: int
    SET: int
    REPLY: int
    CHANGED: int


class Pair(NamedTuple):
    """GET and SET of one subject."""

    numbers: Numbers
    policy: Policy
    """What SET may be given."""
    described: Callable[[Card, int], list[bytes]]
    """The attributes of an answer, by the flags of the request. Raises Refusal."""
    change: Callable[[Card, Given, bytes], bool]
    """Change what is asked for; whether anything has. Raises Refusal."""


PAIRS = (
    Pair(features_numbers, features.POLICY, features.described, features.change),
    Pair(rings_numbers, rings.POLICY, rings.described, rings.change),
    Pair(channels_numbers, channels.POLICY, channels.described, channels.change),
    Pair(coalesce_numbers, coalesce.POLICY, coalesce.described, coalesce.change),
)


def payload(number: int, card: Card, attributes: list[bytes]) -> bytes:
    """A message of the family about an interface."""
    return GENERIC_HEADER.pack(number, VERSION, 0) + whom.addressed(card) + b"".join(attributes)


def tell(endpoint: Endpoint, number: int, card: Card, attributes: list[bytes]) -> None:
    """A notification to the group `monitor`."""
    told = message(NUMBER, payload(number, card, attributes), sequence=endpoint.next_notification())
    endpoint.tell(GENERIC, MONITOR, told)


def tell_pair(endpoint: Endpoint, card: Card, pair: Pair) -> None:
    """What a pair of commands is about has changed."""
    # Notifications hold bitsets in their compact form (net/ethtool/netlink.c).
    tell(endpoint, pair.numbers.CHANGED, card, pair.described(card, whom.COMPACT))


def _getter(pair: Pair) -> Command:
    def answered(request: Request, card: Card, flags: int) -> bytes:
        return answer(request, NUMBER, payload(pair.numbers.REPLY, card, pair.described(card, flags)))

    def do(endpoint: Endpoint, request: Request, given: Given) -> list[bytes]:
        card, flags = whom.required(endpoint, request, given)
        return [answered(request, card, flags)]

    def dump(endpoint: Endpoint, request: Request, given: Given) -> Iterator[bytes]:
        one, flags = whom.named(endpoint, request, given, needed=False)
        cards = endpoint.cards_lazily() if one is None else iter([one])
        return (answered(request, card, flags) for card in cards)

    return Command({whom.HEADER: whom.NESTED}, do, dump)


def _setter(pair: Pair) -> Command:
    def do(endpoint: Endpoint, request: Request, given: Given) -> list[bytes]:
        card, flags = whom.required(endpoint, request, given)
        before = features.active(card)
        if pair.change(card, given, request.data):
            tell_pair(endpoint, card, pair)
        if pair.numbers.SET != features_numbers.SET or flags & whom.OMIT_REPLY:
            return []
        reply = features.replied(card, given, request.data, before, flags)
        return [answer(request, NUMBER, payload(features_numbers.SET_REPLY, card, reply))]

    return Command(pair.policy, do, sets=True)


def _rss_payload(card: Card, context: int) -> bytes:
    return payload(rss_numbers.REPLY, card, rss.described(card, context))


def _rss_get(endpoint: Endpoint, request: Request, given: Given) -> list[bytes]:
    card, _ = whom.required(endpoint, request, given)
    return [answer(request, NUMBER, _rss_payload(card, rss.asked_for(given)))]


def _rss_dump(endpoint: Endpoint, request: Request, given: Given) -> Iterator[bytes]:
    rows = rss.dumped(endpoint, request, given)
    return (answer(request, NUMBER, _rss_payload(card, context)) for card, context in rows)


def _rss_set(endpoint: Endpoint, request: Request, given: Given) -> list[bytes]:
    card, _ = whom.required(endpoint, request, given)
    context = given[rss.NUMBER["CONTEXT"]].u32 if rss.NUMBER["CONTEXT"] in given else 0
    if rss.change(card, given, request.data):
        tell_rss(endpoint, card, context)
    return []


def _context_create(endpoint: Endpoint, request: Request, given: Given) -> list[bytes]:
    card = whom.addressed_to(endpoint, request, given)
    number = contexts.create(card, given)
    tell_created(endpoint, card, number)
    return [answer(request, NUMBER, payload(rss_numbers.CREATE_REPLY, card, rss.described(card, number)))]


def _context_delete(endpoint: Endpoint, request: Request, given: Given) -> list[bytes]:
    number = contexts.asked_for(given)
    card = whom.addressed_to(endpoint, request, given)
    contexts.delete(card, number)
    tell_deleted(endpoint, card, number)
    return []


def tell_created(endpoint: Endpoint, card: Card, context: int) -> None:
    """There is an RSS context more."""
    tell(endpoint, rss_numbers.CREATED, card, rss.described(card, context))


def tell_deleted(endpoint: Endpoint, card: Card, context: int) -> None:
    """An RSS context is no more."""
    tell(endpoint, rss_numbers.DELETED, card, [u32(contexts.CONTEXT, context)])


def tell_rss(endpoint: Endpoint, card: Card, context: int = 0) -> None:
    """How frames are spread has changed."""
    tell(endpoint, rss_numbers.CHANGED, card, rss.described(card, context))


def _strings_payload(card: Card | None, attributes: list[bytes]) -> bytes:
    whose = whom.addressed(card) if card is not None else b""
    return GENERIC_HEADER.pack(strings.REPLY, VERSION, 0) + whose + b"".join(attributes)


def _strings_get(endpoint: Endpoint, request: Request, given: Given) -> list[bytes]:
    if whom.HEADER not in given:
        raise Refusal(errno.EINVAL, missing=whom.HEADER)
    wanted = strings.asked_for(request, given)
    card, _ = whom.named(endpoint, request, given, needed=False)
    return [answer(request, NUMBER, _strings_payload(card, strings.described(card, wanted, given)))]


def _strings_dump(endpoint: Endpoint, request: Request, given: Given) -> Iterator[bytes]:
    rows = strings.dumped(endpoint, request, given)
    return (answer(request, NUMBER, _strings_payload(card, attributes)) for card, attributes in rows)


FAMILY = Family(
    header.FAMILY,
    NUMBER,
    VERSION,
    {
        number: command
        for pair in PAIRS
        for number, command in ((pair.numbers.GET, _getter(pair)), (pair.numbers.SET, _setter(pair)))
    }
    | {
        strings.GET: Command(strings.POLICY, _strings_get, _strings_dump),
        rss_numbers.GET: Command(rss.GET_POLICY, _rss_get, _rss_dump),
        rss_numbers.SET: Command(rss.SET_POLICY, _rss_set, sets=True),
        rss_numbers.CREATE: Command(contexts.CREATE_POLICY, _context_create, sets=True),
        rss_numbers.DELETE: Command(contexts.DELETE_POLICY, _context_delete, sets=True),
    },
    {header.MONITOR: MONITOR},
)
