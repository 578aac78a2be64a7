"""Receive side scaling: hash function, key, indirection table, hashed fields (ethtool -x, -X)."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pyroute2.netlink import genlmsg, nla

from engine.control.ethtool.header import Header
from engine.control.netlink.attributes import Message, attribute_map

GET, SET, CREATE, DELETE = 38, 48, 49, 50
REPLY, CHANGED, CREATE_REPLY, CREATED, DELETED = 38, 50, 51, 52, 53
"""ETHTOOL_MSG_RSS_*, as asked and as answered; all but GET since Linux 6.17."""

HashInput = Literal["off", "2-tuple", "4-tuple"]
"""As in the scenario: not hashed, the addresses, or addresses and ports."""
FLOW_TYPES = {"ipv4": "IP4", "tcp4": "TCP4", "udp4": "UDP4", "ipv6": "IP6", "tcp6": "TCP6", "udp6": "UDP6"}
"""ETHTOOL_A_FLOW_* of the scenario's protocols."""
FUNCTIONS = {"toeplitz": 1, "xor": 2, "crc32": 4}
"""ETH_RSS_HASH_*."""
IP_SRC, IP_DST, L4_SRC, L4_DST = 1 << 4, 1 << 5, 1 << 6, 1 << 7
"""RXH_IP_SRC, RXH_IP_DST, RXH_L4_B_0_1 (source port), RXH_L4_B_2_3 (destination port)."""
BITS: dict[HashInput, int] = {
    "off": 0,
    "2-tuple": IP_SRC | IP_DST,
    "4-tuple": IP_SRC | IP_DST | L4_SRC | L4_DST,
}
SYMMETRIC_XOR = 1
"""RXH_XFRM_SYM_XOR."""


class FlowHash(nla):  # type: ignore[misc] # pyroute2 is untyped
    """ETHTOOL_A_FLOW_*: RXH_* bits of each flow type."""

    prefix = "ETHTOOL_A_FLOW_"
    nla_flags = 0x8000  # NLA_F_NESTED
    nla_map = attribute_map(
        prefix,
        ("UNSPEC", "none"),
        *((name, "uint32") for name in ("ETHER", "IP4", "IP6", "TCP4", "TCP6", "UDP4", "UDP6")),
        *(
            (name, "uint32")
            for name in ("SCTP4", "SCTP6", "AH4", "AH6", "ESP4", "ESP6", "AH_ESP4", "AH_ESP6")
        ),
        *((f"GTP{number}", "uint32") for number in range(12)),
    )


class RssMessage(genlmsg):  # type: ignore[misc] # pyroute2 is untyped
    """ETHTOOL_A_RSS_*."""

    prefix = "ETHTOOL_A_RSS_"
    nla_map = attribute_map(
        prefix,
        ("UNSPEC", "none"),
        ("HEADER", "header_nest"),
        ("CONTEXT", "uint32"),
        ("HFUNC", "uint32"),
        ("INDIR", "cdata"),
        ("HKEY", "cdata"),
        ("INPUT_XFRM", "uint32"),
        ("START_CONTEXT", "uint32"),
        ("FLOW_HASH", "flow_hash"),
    )
    header_nest = Header
    flow_hash = FlowHash


@dataclass(frozen=True, slots=True)
class RssState:
    """How an interface spreads frames; a part it does not have is empty."""

    table: tuple[int, ...] = ()
    """Queue of each entry of the indirection table."""
    key: str = ""
    """Hexadecimal."""
    function: str = ""
    symmetric: bool = False
    """Both directions of a flow hash alike (symmetric-xor)."""
    fields: Mapping[str, HashInput | str] = field(default_factory=dict)
    """What is hashed per protocol; other sets of fields than the scenario's as their RXH_* bits."""
    context: int = 0
    """Whose this is; 0: the default one."""

    @classmethod
    def of(cls, answer: Message) -> RssState:
        """From an answer to GET."""
        table = answer.get_attr("ETHTOOL_A_RSS_INDIR") or b""
        return cls(
            struct.unpack(f"={len(table) // 4}I", table),
            (answer.get_attr("ETHTOOL_A_RSS_HKEY") or b"").hex(),
            function_name(answer.get_attr("ETHTOOL_A_RSS_HFUNC") or 0),
            bool((answer.get_attr("ETHTOOL_A_RSS_INPUT_XFRM") or 0) & SYMMETRIC_XOR),
            hashed(answer.get_attr("ETHTOOL_A_RSS_FLOW_HASH")),
            answer.get_attr("ETHTOOL_A_RSS_CONTEXT") or 0,
        )


@dataclass(frozen=True, slots=True)
class RssChanges:
    """What shall be changed; None: left as it is."""

    table: Sequence[int] | None = None
    key: str | None = None
    function: str | None = None
    symmetric: bool | None = None
    fields: Mapping[str, HashInput] | None = None

    def __str__(self) -> str:
        parts = {
            "table": None if self.table is None else f"({len(self.table)} entries)",
            "key": self.key,
            "function": self.function,
            "symmetric": self.symmetric,
            "fields": self.fields and ",".join(f"{name}:{value}" for name, value in self.fields.items()),
        }
        return " ".join(f"{name}={value}" for name, value in parts.items() if value is not None)

    def attributes(self) -> list[tuple[str, Any]]:
        """What SET carries. Raises ValueError naming what has no name or is no key."""
        found: list[tuple[str, Any]] = []
        if self.table is not None:
            found.append(("ETHTOOL_A_RSS_INDIR", table_bytes(self.table)))
        if self.key is not None:
            found.append(("ETHTOOL_A_RSS_HKEY", key_bytes(self.key)))
        if self.function is not None:
            found.append(("ETHTOOL_A_RSS_HFUNC", function_number(self.function)))
        if self.symmetric is not None:
            found.append(("ETHTOOL_A_RSS_INPUT_XFRM", SYMMETRIC_XOR if self.symmetric else 0))
        if self.fields:
            flows = [(f"ETHTOOL_A_FLOW_{flow_type(n)}", input_bits(v)) for n, v in self.fields.items()]
            found.append(("ETHTOOL_A_RSS_FLOW_HASH", {"attrs": flows}))
        return found


def function_name(number: int) -> str:
    """The hash function of a number; empty for one without a name."""
    return next((name for name, each in FUNCTIONS.items() if each == number), "")


def hash_input(bits: int) -> HashInput | str:
    """RXH_* bits in the scenario's words."""
    return next((name for name, each in BITS.items() if each == bits), f"0x{bits:x}")


def hashed(flows: Message) -> dict[str, HashInput | str]:
    """What is hashed per protocol, from the nest."""
    if flows is None:
        return {}
    found = {name: flows.get_attr(f"ETHTOOL_A_FLOW_{flow}") for name, flow in FLOW_TYPES.items()}
    return {name: hash_input(bits) for name, bits in found.items() if bits is not None}


def table_bytes(table: Sequence[int]) -> bytes:
    """An indirection table as the attribute holds it."""
    return struct.pack(f"={len(table)}I", *table)


def key_bytes(key: str) -> bytes:
    """A key in hexadecimal, with or without colons. Raises ValueError."""
    try:
        return bytes.fromhex(key.replace(":", ""))
    except ValueError:
        raise ValueError(f"rss key = {key}: allowed is pairs of hexadecimal digits") from None


def function_number(name: str) -> int:
    """ETH_RSS_HASH_*. Raises ValueError naming those there are."""
    if name not in FUNCTIONS:
        raise ValueError(f"rss function = {name}: allowed is {', '.join(FUNCTIONS)}")
    return FUNCTIONS[name]


def flow_type(protocol: str) -> str:
    """ETHTOOL_A_FLOW_* of a protocol. Raises ValueError naming those there are."""
    if protocol not in FLOW_TYPES:
        raise ValueError(f"rss fields of {protocol}: allowed is {', '.join(FLOW_TYPES)}")
    return FLOW_TYPES[protocol]


def input_bits(value: str) -> int:
    """RXH_* bits. Raises ValueError naming what is allowed."""
    for name, bits in BITS.items():
        if name == value:
            return bits
    raise ValueError(f"rss fields = {value}: allowed is {', '.join(BITS)}")
