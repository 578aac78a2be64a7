"""Sets of named bits, as the ethtool family writes features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyroute2.netlink import nla

from engine.control.netlink.attributes import Message, attribute_map

NESTED = 0x8000


class Bit(nla):  # type: ignore[misc] # pyroute2 is untyped
    """ETHTOOL_A_BITSET_BIT_*: VALUE is there where the bit is set."""

    prefix = "ETHTOOL_A_BITSET_BIT_"
    nla_flags = NESTED
    nla_map = attribute_map(
        prefix, ("UNSPEC", "none"), ("INDEX", "uint32"), ("NAME", "asciiz"), ("VALUE", "flag")
    )


class Bits(nla):  # type: ignore[misc] # pyroute2 is untyped
    """ETHTOOL_A_BITSET_BITS_*."""

    prefix = "ETHTOOL_A_BITSET_BITS_"
    nla_flags = NESTED
    nla_map = attribute_map(prefix, ("UNSPEC", "none"), ("BIT", "bit"))
    bit = Bit


class Bitset(nla):  # type: ignore[misc] # pyroute2 is untyped
    """ETHTOOL_A_BITSET_*; without NOMASK the bits listed are those that are meant."""

    prefix = "ETHTOOL_A_BITSET_"
    nla_flags = NESTED
    nla_map = attribute_map(
        prefix,
        ("UNSPEC", "none"),
        ("NOMASK", "flag"),
        ("SIZE", "uint32"),
        ("BITS", "bits"),
        ("VALUE", "cdata"),
        ("MASK", "cdata"),
    )
    bits = Bits


def written(bits: Mapping[str, bool], *, mask: bool = True) -> dict[str, Any]:
    """Bits by name: with a mask each as it shall be, without the set alone."""
    listed = [
        (
            "ETHTOOL_A_BITSET_BITS_BIT",
            {
                "attrs": [
                    ("ETHTOOL_A_BITSET_BIT_NAME", name),
                    *([("ETHTOOL_A_BITSET_BIT_VALUE", True)] if value and mask else []),
                ]
            },
        )
        for name, value in bits.items()
        if mask or value
    ]
    return {
        "attrs": [
            *([] if mask else [("ETHTOOL_A_BITSET_NOMASK", True)]),
            ("ETHTOOL_A_BITSET_BITS", {"attrs": listed}),
        ]
    }


def read(bitset: Message, names: Sequence[str] = ()) -> dict[str, bool]:
    """Bits by name: where there is a mask those it holds, else those that are set. Empty for None.

    `names` by number are needed where the set is compact: two bitmaps, as in notifications.
    """
    if bitset is None:
        return {}
    masked = bitset.get_attr("ETHTOOL_A_BITSET_NOMASK") is None
    if (value := bitset.get_attr("ETHTOOL_A_BITSET_VALUE")) is not None:
        bits = int.from_bytes(value, "little")
        meant = int.from_bytes(bitset.get_attr("ETHTOOL_A_BITSET_MASK"), "little") if masked else bits
        return {name: bool(bits >> i & 1) for i, name in enumerate(names) if meant >> i & 1 and name}
    listed = bitset.get_attr("ETHTOOL_A_BITSET_BITS")
    return {
        bit.get_attr("ETHTOOL_A_BITSET_BIT_NAME"): not masked
        or bit.get_attr("ETHTOOL_A_BITSET_BIT_VALUE") is not None
        for bit in _bits(listed)
        if bit.get_attr("ETHTOOL_A_BITSET_BIT_NAME")
    }


def numbered(bitset: Message) -> list[str]:
    """Names by number, of a set that lists every bit."""
    found = {
        bit.get_attr("ETHTOOL_A_BITSET_BIT_INDEX"): bit.get_attr("ETHTOOL_A_BITSET_BIT_NAME") or ""
        for bit in _bits(bitset.get_attr("ETHTOOL_A_BITSET_BITS"))
    }
    return [found.get(i, "") for i in range(max(found, default=-1) + 1)]


def _bits(listed: Message) -> Sequence[Message]:
    found: Sequence[Message] = listed.get_attrs("ETHTOOL_A_BITSET_BITS_BIT") if listed is not None else ()
    return found
