"""The far end: interfaces by name, sockets that ask about them, groups that are told."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import threading
import weakref
from collections.abc import Iterator

from engine.control.interface import Interface
from engine.control.transport import GENERIC, IFNAMSIZ, ROUTE
from engine.endpoint import changes, ethtool, generic, route, rx_class
from engine.endpoint.card import Card
from engine.endpoint.ground import Engine, Prepared, ground_of
from engine.endpoint.message import Request
from engine.endpoint.refusal import Refusal
from engine.endpoint.socket import Answered, EndpointSocket
from engine.scenario import Scenario

PROTOCOLS = {ROUTE: route.asked, GENERIC: generic.asked}


class Endpoint:
    """Scenarios and engines as interfaces, administered as Linux administers its own. No kernel is asked.

    >>> from engine import Scenario
    >>> from engine.endpoint import Endpoint
    >>> endpoint = Endpoint(nic0=Scenario())
    >>> endpoint["nic0"].link().name
    'nic0'
    """

    def __init__(self, **interfaces: Scenario | Engine) -> None:
        self._lock = threading.RLock()
        self._cards: dict[int, Card] = {}
        self._sockets = weakref.WeakSet[EndpointSocket]()
        self._ports = itertools.count(1)
        self._indices = itertools.count(2)
        self._notifications = itertools.count(1)
        self.generation = 1
        """Another one whenever an interface comes, goes or is renamed."""
        for name, given in interfaces.items():
            self.add(name, given)

    def __repr__(self) -> str:
        return f"<Endpoint {' '.join(card.name for card in self.cards())}>"

    def __getitem__(self, name: str) -> Interface:
        """The interface of that name, with the methods of one of this machine. Raises KeyError."""
        if self.find(name) is None:
            known = ", ".join(card.name for card in self.cards())
            raise KeyError(f"no interface {name}: there are {known}")
        return Interface(name, self)

    def _ipython_key_completions_(self) -> list[str]:
        return [card.name for card in self.cards()]

    def add(self, name: str, given: Scenario | Engine) -> None:
        """One more interface; whoever listens is told. Raises ValueError for a bad or taken name."""
        with self._lock:
            if not valid(name):
                raise ValueError(
                    f"interface {name!r}: allowed is 1 to 15 characters without '/', ':' and blanks"
                )
            if self.find(name) is not None:
                raise ValueError(f"interface {name}: is there already")
            card = Card(name, next(self._indices), ground_of(given))
            self._cards[card.index] = card
            self.generation += 1
            route.tell_link(self, card, changed=0xFFFF_FFFF)

    def remove(self, name: str) -> None:
        """One interface less; whoever listens is told. Raises KeyError."""
        with self._lock:
            if (card := self.find(name)) is None:
                raise KeyError(f"no interface {name}")
            del self._cards[card.index]
            self.generation += 1
            route.tell_gone(self, card)

    def scenario(self, name: str) -> Scenario:
        """The scenario behind a name as it is now, to be run if it has not begun. Raises KeyError."""
        card = self.find(name)
        if card is None:
            raise KeyError(f"no interface {name}")
        if isinstance(card.ground, Prepared):
            return card.ground.scenario
        return Scenario.from_json(card.ground.engine.document())

    def netlink(self, protocol: int) -> EndpointSocket:
        """A socket for `IPRoute(use_socket=...)`: protocol 0, or 16 for generic netlink. Raises OSError."""
        if protocol not in PROTOCOLS:
            raise OSError(errno.EPROTONOSUPPORT, os.strerror(errno.EPROTONOSUPPORT))
        return EndpointSocket(self, protocol)

    def ethtool(self, device: str, request: bytearray) -> None:
        """SIOCETHTOOL: `request` becomes the answer. Raises OSError."""
        with self._lock:
            card = self.find(device)
            self.look()
            try:
                if card is None:
                    raise Refusal(errno.ENODEV)
                if rx_class.asked(card, request):
                    ethtool.tell_rss(self, card)
                    self._know()
            except Refusal as refusal:
                raise OSError(refusal.code, refusal.words or os.strerror(refusal.code)) from None

    def cards(self) -> list[Card]:
        """Every interface, by index."""
        with self._lock:
            return [self._cards[index] for index in sorted(self._cards)]

    def cards_lazily(self) -> Iterator[Card]:
        """Every interface, by index, those that come meanwhile as well."""
        last = 0
        while (card := next((each for each in self.cards() if each.index > last), None)) is not None:
            last = card.index
            yield card

    def find(self, name: str) -> Card | None:
        """The interface of that name."""
        return next((card for card in self.cards() if card.name == name), None)

    def at(self, index: int) -> Card | None:
        """The interface of that index."""
        return self._cards.get(index)

    def rename(self, card: Card, name: str) -> None:
        """Give it another name. Raises Refusal."""
        if not valid(name):
            raise Refusal(errno.EINVAL)
        if self.find(name) not in (None, card):
            raise Refusal(errno.EEXIST)
        if name != card.name:
            card.name = name
            self.generation += 1

    def tell(self, protocol: int, group: int, message: bytes) -> None:
        """Tell every socket that listens to a group."""
        for each in list(self._sockets):
            if each.proto == protocol and group in each.groups:
                each.told(message)

    def next_notification(self) -> int:
        """The number of the next notification of the ethtool family (ethnl_bcast_seq_next)."""
        return next(self._notifications)

    def asked(self, protocol: int, request: Request) -> Answered:
        """Answer one request; one at a time, as under rtnl_lock. Raises Refusal."""
        with self._lock:
            self.look()
            try:
                return PROTOCOLS[protocol](self, request)
            finally:
                self._know()

    def look(self) -> None:
        """Tell who listens what has changed without a request: by a control script, or by `apply`."""
        with self._lock:
            for card in self._watched():
                changes.tell(self, card)

    def _know(self) -> None:
        """What a request has changed is told."""
        for card in self._watched():
            with contextlib.suppress(Refusal):
                card.told = card.nic

    def _watched(self) -> list[Card]:
        """Those that change by themselves, if anybody listens."""
        listening = any(each.groups for each in list(self._sockets))
        return [card for card in self.cards() if card.ground.started] if listening else []

    def opened(self, port: int, given: EndpointSocket) -> int:
        """The port a socket gets. Raises OSError: EADDRINUSE."""
        with self._lock:
            taken = {each.port for each in self._sockets if each is not given and each.proto == given.proto}
            if port in taken:
                raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
            self._sockets.add(given)
            return port or next(each for each in self._ports if each not in taken)

    def closed(self, given: EndpointSocket) -> None:
        """A socket is gone."""
        self._sockets.discard(given)


def valid(name: str) -> bool:
    """dev_valid_name (net/core/dev.c)."""
    bad = name in ("", ".", "..") or any(each in "/:" or each.isspace() for each in name)
    return not bad and len(name.encode()) < IFNAMSIZ
