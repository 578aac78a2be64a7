"""What is told of changes to interfaces (ethtool --monitor), whoever made them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple

from engine.control.ethtool import bitset, channels, coalesce, features, header, rings, rss
from engine.control.ethtool.channels import Channels
from engine.control.ethtool.coalesce import Coalesce
from engine.control.ethtool.features import Features
from engine.control.ethtool.rings import Rings
from engine.control.ethtool.rss import RssState
from engine.control.ethtool.values import value_of
from engine.control.netlink import GenericConnection
from engine.control.transport import GENERIC, Transport


class Kind(NamedTuple):
    """A notification: its message and what it tells."""

    message: type[Any]
    value: Callable[[Any], Rings | Channels | Coalesce | RssState] | None


KINDS = {
    rings.CHANGED: Kind(rings.RingsMessage, lambda told: value_of(Rings, told)),
    channels.CHANGED: Kind(channels.ChannelsMessage, lambda told: value_of(Channels, told)),
    coalesce.CHANGED: Kind(
        coalesce.CoalesceMessage, lambda told: value_of(Coalesce, told, coalesce.ATTRIBUTES)
    ),
    features.CHANGED: Kind(features.FeaturesMessage, None),
    rss.CHANGED: Kind(rss.RssMessage, RssState.of),
    rss.CREATED: Kind(rss.RssMessage, RssState.of),
    rss.DELETED: Kind(rss.RssMessage, RssState.of),
}


@dataclass(frozen=True, slots=True)
class Change:
    """An interface changed; how it is now. Of an RSS context that was deleted only its number is told."""

    device: str
    value: Rings | Channels | Coalesce | Features | RssState


class Monitor:
    """Changes from when it is entered on: `with card.monitor() as told: ...; told.changes()`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._connection: GenericConnection | None = None
        self._names: list[str] = []

    def __enter__(self) -> Monitor:
        self._connection = GenericConnection(self._transport.netlink(GENERIC), header.FAMILY)
        self._connection.join(self._connection.family.groups[header.MONITOR])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def changes(self, seconds: float = 0.05) -> list[Change]:
        """Changes told so far, waiting at most `seconds` for each."""
        if self._connection is None:
            raise RuntimeError("a monitor is entered first: with card.monitor() as told")
        found = []
        for message in self._connection.told(seconds):
            # struct nlmsghdr, then struct genlmsghdr: its first byte is the command.
            if (kind := KINDS.get(message[16])) is None:
                continue
            told = kind.message(message)
            told.decode()
            whom = told.get_attr(f"{kind.message.prefix}HEADER")
            device = whom.get_attr("ETHTOOL_A_HEADER_DEV_NAME")
            value = kind.value(told) if kind.value else Features.of(told, self._feature_names(device))
            found.append(Change(device, value))
        return found

    def _feature_names(self, device: str) -> list[str]:
        """Names of the bits: notifications hold numbers alone (net/ethtool/netlink.c, compact bitsets)."""
        if not self._names:
            whom = [("ETHTOOL_A_FEATURES_HEADER", header.addressed(device))]
            with GenericConnection(self._transport.netlink(GENERIC), header.FAMILY) as generic:
                (answer,) = generic.ask(features.FeaturesMessage, features.GET, whom)
            self._names = bitset.numbered(answer.get_attr("ETHTOOL_A_FEATURES_HW"))
        return self._names
