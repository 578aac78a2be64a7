"""Offloads that are on or off (ethtool -k, -K)."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyroute2.netlink import genlmsg

from engine.control.ethtool import bitset
from engine.control.ethtool.bitset import Bitset
from engine.control.ethtool.header import Header
from engine.control.netlink.attributes import Message, attribute_map

GET, SET = 11, 12
REPLY, SET_REPLY, CHANGED = 11, 12, 13
"""ETHTOOL_MSG_FEATURES_*, as asked and as answered."""
NOT_CHANGED = errno.EOPNOTSUPP
"""The kernel acknowledges a request for what is fixed; here it is refused."""


class FeaturesMessage(genlmsg):  # type: ignore[misc] # pyroute2 is untyped
    """ETHTOOL_A_FEATURES_*."""

    prefix = "ETHTOOL_A_FEATURES_"
    nla_map = attribute_map(
        prefix,
        ("UNSPEC", "none"),
        ("HEADER", "header_nest"),
        ("HW", "bitset"),
        ("WANTED", "bitset"),
        ("ACTIVE", "bitset"),
        ("NOCHANGE", "bitset"),
    )
    header_nest = Header
    bitset = Bitset


@dataclass(frozen=True, slots=True)
class Features:
    """Features by the kernel's names (rx-gro, rx-lro, rx-hashing, rx-ntuple-filter, rx-checksum ...)."""

    active: frozenset[str]
    """Those that are on."""
    changeable: frozenset[str]
    """Those that may be turned on and off here; the rest is fixed."""
    known: frozenset[str]
    """Every name this kernel has."""
    wanted: frozenset[str] = frozenset()
    """Those that were asked for; one that depends on others may be wanted and not active."""

    @classmethod
    def of(cls, answer: Message, names: Sequence[str] = ()) -> Features:
        """From an answer to GET; from a notification with the names of the bits."""
        # HW is the one set with a mask: its mask is every feature there is.
        hardware = bitset.read(answer.get_attr("ETHTOOL_A_FEATURES_HW"), names)
        wanted, active, fixed = (
            frozenset(bitset.read(answer.get_attr(f"ETHTOOL_A_FEATURES_{name}"), names))
            for name in ("WANTED", "ACTIVE", "NOCHANGE")
        )
        changeable = frozenset(name for name, has in hardware.items() if has) - fixed
        return cls(active, changeable, frozenset(hardware) | wanted | active | fixed, wanted)


def unchanged(changes: Mapping[str, bool], before: Features, after: Features) -> list[str]:
    """Those the interface did not take; one that waits for another it depends on was taken."""
    return [
        name
        for name, value in changes.items()
        if (name in after.active) != value
        and ((name in after.wanted) != value or name not in before.changeable)
    ]
