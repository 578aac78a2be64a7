"""One interface, asked and told: rings, coalescing, channels, features, RSS, steering rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pyroute2.netlink.rtnl import RTM_GETLINK
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from engine.control import rule_table, rxfh
from engine.control.errors import Refused
from engine.control.ethtool import bitset, channels, coalesce, features, header, rings, rss
from engine.control.ethtool.channels import Channels
from engine.control.ethtool.coalesce import Coalesce
from engine.control.ethtool.features import Features
from engine.control.ethtool.rings import Rings
from engine.control.ethtool.rss import HashInput, RssChanges, RssState
from engine.control.ethtool.values import SAME, Value, value_of
from engine.control.link import Link
from engine.control.monitor import Monitor
from engine.control.netlink import Connection, GenericConnection, NetlinkAnswer
from engine.control.rule import Rule
from engine.control.transport import GENERIC, ROUTE, Kernel, Transport


class Interface:
    """An interface of this machine, or the engine's NIC: the same lines administer both.

    Nothing is kept open. Every method raises `Refused` with what the far end answered; what is refused has
    changed nothing.
    """

    def __init__(self, device: str, transport: Transport | None = None) -> None:
        self.device = device
        self.transport: Transport = transport or Kernel()

    def __repr__(self) -> str:
        return f"<Interface {self.device}>"

    def link(self) -> Link:
        """Name, index, counters."""
        with self._answering("link"), Connection(self.transport.netlink(ROUTE)) as route:
            message = ifinfmsg()
            message["attrs"] = [("IFLA_IFNAME", self.device)]
            (answer,) = route.request(message, RTM_GETLINK)
            return Link.of(answer)

    def rings(self) -> Rings:
        """Ring sizes (ethtool -g)."""
        return self._read(Rings, rings.RingsMessage, rings.GET)

    def set_rings(
        self,
        *,
        rx: int | None = None,
        tx: int | None = None,
        rx_buf_len: int | None = None,
        tcp_data_split: int | None = None,
        hds_thresh: int | None = None,
    ) -> None:
        """Change ring sizes (ethtool -G), as fields of `Rings`; None: as it is."""
        changes = {
            "rx": rx,
            "tx": tx,
            "rx_buf_len": rx_buf_len,
            "tcp_data_split": tcp_data_split,
            "hds_thresh": hds_thresh,
        }
        self._write(rings.RingsMessage, rings.SET, "rings", changes)

    def coalesce(self) -> Coalesce:
        """Interrupt moderation (ethtool -c)."""
        return self._read(Coalesce, coalesce.CoalesceMessage, coalesce.GET, coalesce.ATTRIBUTES)

    def set_coalesce(
        self,
        *,
        rx_usecs: int | None = None,
        rx_max_coalesced_frames: int | None = None,
        tx_usecs: int | None = None,
        tx_max_coalesced_frames: int | None = None,
        use_adaptive_rx: bool | None = None,
        use_adaptive_tx: bool | None = None,
    ) -> None:
        """Change interrupt moderation (ethtool -C), as fields of `Coalesce`; None: as it is."""
        changes = {
            "rx_usecs": rx_usecs,
            "rx_max_coalesced_frames": rx_max_coalesced_frames,
            "tx_usecs": tx_usecs,
            "tx_max_coalesced_frames": tx_max_coalesced_frames,
            "use_adaptive_rx": use_adaptive_rx,
            "use_adaptive_tx": use_adaptive_tx,
        }
        self._write(coalesce.CoalesceMessage, coalesce.SET, "coalesce", changes, coalesce.ATTRIBUTES)

    def channels(self) -> Channels:
        """Queues in use (ethtool -l)."""
        return self._read(Channels, channels.ChannelsMessage, channels.GET)

    def set_channels(
        self,
        *,
        combined_count: int | None = None,
        rx_count: int | None = None,
        tx_count: int | None = None,
    ) -> None:
        """Change the number of queues (ethtool -L), as fields of `Channels`; None: as it is."""
        changes = {"combined_count": combined_count, "rx_count": rx_count, "tx_count": tx_count}
        self._write(channels.ChannelsMessage, channels.SET, "channels", changes)

    def features(self) -> Features:
        """Offloads (ethtool -k)."""
        return Features.of(self._ask(features.FeaturesMessage, features.GET, "features")[0])

    def set_features(self, changes: Mapping[str, bool]) -> None:
        """Turn offloads on and off (ethtool -K), by the kernel's names: `{"rx-gro": True}`.

        Raises
        ------
        Refused : also with EOPNOTSUPP where the kernel accepts the request and a feature stays as it was.
        """
        said = " ".join(f"{name} {'on' if value else 'off'}" for name, value in changes.items())
        asked = f"set features {said}"
        before = self.features()
        wanted = [("ETHTOOL_A_FEATURES_WANTED", bitset.written(changes))]
        self._ask(features.FeaturesMessage, features.SET, asked, wanted)
        left = features.unchanged(changes, before, self.features())
        if left:
            raise Refused(self.device, asked, features.NOT_CHANGED, f"{', '.join(left)} cannot be changed")

    def rss(self, context: int = 0) -> RssState:
        """Indirection table, key, hash function and, since Linux 6.17, the hashed fields (ethtool -x)."""
        with self._answering("rss"), self._generic() as generic:
            if rss.GET not in generic.family.commands and not context:
                return rxfh.read(self.transport, self.device)
            whose = [*self._header(rss.RssMessage), *_of_context(context)]
            (answer,) = generic.ask(rss.RssMessage, rss.GET, whose)
            return RssState.of(answer)

    def contexts(self) -> tuple[RssState, ...]:
        """Additional RSS contexts, by number (ethtool -x ... context)."""
        attributes = [*self._header(rss.RssMessage), ("ETHTOOL_A_RSS_START_CONTEXT", 1)]
        with self._answering("rss contexts"), self._generic() as generic:
            answers = generic.ask(rss.RssMessage, rss.GET, attributes, dump=True)
            return tuple(RssState.of(answer) for answer in answers)

    def add_context(
        self, *, table: Sequence[int] | None = None, key: str | None = None, context: int = 0
    ) -> int:
        """Make an RSS context (ethtool -X ... context new); its number, which 0 leaves to the far end.

        Raises ValueError for a key that is not hexadecimal. Linux has the message since 6.17.
        """
        changes = RssChanges(table, key)
        attributes = [*_of_context(context), *changes.attributes()]
        said = f"add context {context or ''} {changes}".rstrip()
        (answer,) = self._ask(rss.RssMessage, rss.CREATE, said, attributes)
        number: int = answer.get_attr("ETHTOOL_A_RSS_CONTEXT")
        return number

    def remove_context(self, context: int) -> None:
        """Take an RSS context away (ethtool -X ... context N delete)."""
        whose = [("ETHTOOL_A_RSS_CONTEXT", context)]
        self._ask(rss.RssMessage, rss.DELETE, f"delete context {context}", whose)

    def set_rss(
        self,
        *,
        table: Sequence[int] | None = None,
        key: str | None = None,
        function: str | None = None,
        symmetric: bool | None = None,
        fields: Mapping[str, HashInput] | None = None,
        context: int = 0,
    ) -> None:
        """Change how frames are spread (ethtool -X, and -N rx-flow-hash for `fields`), or how in a context.

        Raises
        ------
        ValueError : a key that is not hexadecimal, a function or a field without a name.
        """
        changes = RssChanges(table, key, function, symmetric, fields)
        attributes = [*_of_context(context), *changes.attributes()]
        with self._answering(f"set rss {changes}"), self._generic() as generic:
            if rss.SET in generic.family.commands or context:
                generic.ask(rss.RssMessage, rss.SET, [*self._header(rss.RssMessage), *attributes])
            else:
                rxfh.write(self.transport, self.device, changes)

    def hash_fields(self, protocol: str) -> HashInput | str:
        """What is hashed of a protocol: tcp4, udp4, ipv4, tcp6, udp6, ipv6."""
        with self._answering(f"rx-flow-hash {protocol}"):
            return rxfh.hash_fields(self.transport, self.device, protocol)

    def rules(self) -> tuple[Rule, ...]:
        """Steering rules, by their place (ethtool -n)."""
        with self._answering("rules"):
            return rule_table.rules(self.transport, self.device)

    def add_rule(self, rule: Rule) -> int:
        """Add a steering rule (ethtool -N flow-type); the place it got."""
        with self._answering(f"add rule {rule}"):
            return rule_table.insert(self.transport, self.device, rule)

    def remove_rule(self, location: int) -> None:
        """Remove the rule at a place (ethtool -N delete)."""
        with self._answering(f"delete rule {location}"):
            rule_table.delete(self.transport, self.device, location)

    def monitor(self) -> Monitor:
        """Changes of every interface here, from when it is entered on (ethtool --monitor)."""
        return Monitor(self.transport)

    def _generic(self) -> GenericConnection:
        return GenericConnection(self.transport.netlink(GENERIC), header.FAMILY)

    def _header(self, kind: type[Any]) -> list[tuple[str, Any]]:
        return [(f"{kind.prefix}HEADER", header.addressed(self.device))]

    def _read(
        self, value: type[Value], kind: type[Any], command: int, names: Mapping[str, str] = SAME
    ) -> Value:
        (answer,) = self._ask(kind, command, value.__name__.lower())
        return value_of(value, answer, names)

    def _write(
        self,
        kind: type[Any],
        command: int,
        what: str,
        changes: Mapping[str, int | None],
        names: Mapping[str, str] = SAME,
    ) -> None:
        given = {name: number for name, number in changes.items() if number is not None}
        attributes = [
            (f"{kind.prefix}{names.get(name, name.upper())}", int(number)) for name, number in given.items()
        ]
        said = " ".join(f"{name}={number}" for name, number in given.items())
        self._ask(kind, command, f"set {what} {said}", attributes)

    def _ask(
        self, kind: type[Any], command: int, asked: str, attributes: Sequence[tuple[str, Any]] = ()
    ) -> list[Any]:
        with self._answering(asked), self._generic() as generic:
            return generic.ask(kind, command, [*self._header(kind), *attributes])

    @contextmanager
    def _answering(self, asked: str) -> Iterator[None]:
        try:
            yield
        except NetlinkAnswer as answer:
            raise Refused(self.device, asked, answer.errno or 0, answer.text, answer.attribute) from None
        except Refused:
            raise
        except OSError as cause:
            raise Refused(self.device, asked, cause.errno or 0) from None


def _of_context(context: int) -> list[tuple[str, Any]]:
    return [("ETHTOOL_A_RSS_CONTEXT", context)] if context else []
