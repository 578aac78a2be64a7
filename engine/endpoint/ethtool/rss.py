"""Receive side scaling, the default context and the additional ones (net/ethtool/rss.c)."""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.control.ethtool.rss import BITS, FLOW_TYPES, SYMMETRIC_XOR, FlowHash, RssMessage
from engine.endpoint.attributes import attribute, nest, u32
from engine.endpoint.card import Card
from engine.endpoint.ethtool import whom
from engine.endpoint.ethtool.numbers import numbers_of
from engine.endpoint.family import Given
from engine.endpoint.indirection import entries
from engine.endpoint.message import Request
from engine.endpoint.policy import Allowed, inner
from engine.endpoint.refusal import Refusal

if TYPE_CHECKING:
    from engine.endpoint.endpoint import Endpoint

NUMBER = numbers_of(RssMessage)
FLOW = {name: numbers_of(FlowHash)[flow] for name, flow in FLOW_TYPES.items()}
TOEPLITZ = 1
"""ETH_RSS_HASH_TOP."""
HASHABLE = 0x1FE | 1 << 31
"""RXH_*, RXH_DISCARD: what the kernel lets through."""
FLOW_LABEL = 1 << 9
"""RXH_IP6_FL."""


def _is_ipv6(flow: str) -> bool:
    """Whether a flow type is IPv6; of GTP, whose ten kinds are not told apart here, every second one."""
    return bool(int(flow[3:]) % 2) if flow.startswith("GTP") else flow.endswith("6")


GET_POLICY = {
    whom.HEADER: whom.NESTED,
    NUMBER["CONTEXT"]: Allowed("u32"),
    NUMBER["START_CONTEXT"]: Allowed("u32"),
}
FLOW_POLICY = {
    number: Allowed("uint", mask=HASHABLE | (FLOW_LABEL if _is_ipv6(name) else 0))
    for name, number in numbers_of(FlowHash).items()
    if number
}
SET_POLICY = {
    whom.HEADER: whom.NESTED,
    NUMBER["CONTEXT"]: Allowed("u32"),
    NUMBER["HFUNC"]: Allowed("u32", low=1),
    NUMBER["INDIR"]: Allowed("binary"),
    NUMBER["HKEY"]: Allowed("binary"),
    NUMBER["INPUT_XFRM"]: Allowed("u32", high=2),
    NUMBER["FLOW_HASH"]: Allowed("nest", inner=FLOW_POLICY),
}
Section = Mapping[str, Any]


def described(card: Card, context: int) -> list[bytes]:
    """The attributes of an answer. Raises Refusal: ENOENT where there is no such context."""
    rss: Section = card.nic["rss"]
    spread = section(card, context)
    table = entries(rss["table_entries"], spread, card.nic["queues"])
    found = [u32(NUMBER["CONTEXT"], context)] if context else []
    found.append(attribute(NUMBER["INDIR"], struct.pack(f"={len(table)}I", *table)))
    found.append(u32(NUMBER["HFUNC"], TOEPLITZ))
    if rss["symmetric"]:
        found.append(u32(NUMBER["INPUT_XFRM"], SYMMETRIC_XOR))
    found.append(attribute(NUMBER["HKEY"], bytes.fromhex(spread["key"] or rss["key"])))
    if not context:
        hashed = [
            u32(number, BITS[rss["fields"][name]]) for name, number in sorted(FLOW.items(), key=_number)
        ]
        found.append(nest(NUMBER["FLOW_HASH"], *hashed))
    return found


def _number(each: tuple[str, int]) -> int:
    return each[1]


def section(card: Card, context: int) -> Section:
    """Key, table and weights of a context. Raises Refusal."""
    rss: Section = card.nic["rss"]
    if not context:
        return rss
    if (found := contexts(card.nic).get(context)) is None:
        raise Refusal(errno.ENOENT)
    return found


def contexts(nic: Section) -> dict[int, Section]:
    """The additional contexts of a section `nic`, by number."""
    given: list[Section] = nic["rss"]["contexts"]
    numbered = {each.get("id") or place: each for place, each in enumerate(given, 1)}
    return dict(sorted(numbered.items()))


def replaced(now: Mapping[int, Section]) -> dict[str, object]:
    """The settings that make these the contexts. Each keeps its number, also one it had by its place."""
    return {"nic.rss.contexts": [{**each, "id": number} for number, each in now.items()]}


def asked_for(given: Given) -> int:
    """The context a request names. Raises Refusal."""
    if (start := given.get(NUMBER["START_CONTEXT"])) is not None:
        raise Refusal(errno.EINVAL, offset=start.offset)
    return given[NUMBER["CONTEXT"]].u32 if NUMBER["CONTEXT"] in given else 0


def dumped(endpoint: Endpoint, request: Request, given: Given) -> Iterator[tuple[Card, int]]:
    """Interfaces and contexts of a dump. Raises Refusal."""
    if (one := given.get(NUMBER["CONTEXT"])) is not None:
        raise Refusal(errno.EINVAL, offset=one.offset)
    first = given[NUMBER["START_CONTEXT"]].u32 if NUMBER["START_CONTEXT"] in given else 0
    meant, _ = whom.named(endpoint, request, given, needed=False)
    for card in endpoint.cards_lazily() if meant is None else [meant]:
        for context in [0, *contexts(card.nic)]:
            if context >= first:
                yield card, context


def change(card: Card, given: Given, data: bytes) -> bool:
    """Change what is asked for, all of it or nothing; whether anything has. Raises Refusal."""
    context = given[NUMBER["CONTEXT"]].u32 if NUMBER["CONTEXT"] in given else 0
    check_supported(given, context)
    rss: Section = card.nic["rss"]
    wanted = dict(section(card, context))
    wanted |= spread(card, given, context, wanted["key"] or rss["key"])
    check_function(given)
    if context:
        now = contexts(card.nic)
        settings = replaced(now | {context: wanted})
        changed = now[context] != wanted
    else:
        if (transformed := given.get(NUMBER["INPUT_XFRM"])) is not None:
            wanted["symmetric"] = bool(transformed.u32)
        wanted["fields"] = rss["fields"] | _fields(data, given)
        settings = {f"nic.rss.{key}": value for key, value in wanted.items() if value != rss[key]}
        changed = bool(settings)
    if changed:
        card.change(settings, next((each.offset for n, each in given.items() if n > whom.HEADER), None))
    return changed


def check_function(given: Given) -> None:
    """The one the NIC has. Raises Refusal."""
    if (function := given.get(NUMBER["HFUNC"])) is not None and function.u32 != TOEPLITZ:
        raise Refusal(errno.EOPNOTSUPP, "the hash function is toeplitz", offset=function.offset)


def check_supported(given: Given, context: int) -> None:
    """ethnl_rss_set_validate: only the default context has fields and a transformation of its own."""
    refused = [NUMBER["INPUT_XFRM"], NUMBER["FLOW_HASH"]] if context else []
    if (transformed := given.get(NUMBER["INPUT_XFRM"])) is not None and transformed.u32 & ~SYMMETRIC_XOR:
        refused.append(transformed.number)
    for number in refused:
        if number in given:
            raise Refusal(errno.EOPNOTSUPP, offset=given[number].offset)


def spread(card: Card, given: Given, context: int, key: str) -> dict[str, Any]:
    """Table, weights and key, as far as they are given. Raises Refusal."""
    return _table(card, given, context) | _key(given, key)


def _table(card: Card, given: Given, context: int) -> dict[str, Any]:
    """rss_set_prep_indir: a shorter table is repeated, an empty one brings the default back."""
    if (table := given.get(NUMBER["INDIR"])) is None:
        return {}
    if len(table.value) % 4:
        raise Refusal(errno.EINVAL, offset=table.offset)
    queues = struct.unpack(f"={len(table.value) // 4}I", table.value)
    size = card.nic["rss"]["table_entries"]
    if not queues:
        if context:
            raise Refusal(errno.EINVAL, "can't reset table for a context", offset=table.offset)
        return {"table": [], "weights": []}
    if size % len(queues):
        words = f"size ({len(queues)}) mismatch with device indir table ({size})"
        raise Refusal(errno.EINVAL, words, offset=table.offset)
    for place, queue in enumerate(queues):
        if queue >= card.nic["queues"]:
            words = f"entry {place}: queue out of range ({queue})"
            raise Refusal(errno.EINVAL, words, offset=table.offset)
    return {"table": list(queues) * (size // len(queues)), "weights": []}


def _key(given: Given, now: str) -> dict[str, Any]:
    if (key := given.get(NUMBER["HKEY"])) is None:
        return {}
    if len(key.value) != len(now) // 2:
        raise Refusal(errno.EINVAL, offset=key.offset)
    return {"key": key.value.hex()}


def _fields(data: bytes, given: Given) -> dict[str, str]:
    """ethnl_set_rss_fields."""
    if (flows := given.get(NUMBER["FLOW_HASH"])) is None:
        return {}
    names = {number: name for name, number in FLOW.items()}
    words = {bits: word for word, bits in BITS.items()}
    found: dict[str, str] = {}
    for number, each in inner(data, flows, FLOW_POLICY).items():
        if number not in names:
            raise Refusal(errno.EOPNOTSUPP, "this flow type is not hashed by itself", offset=each.offset)
        if each.u32 not in words:
            raise Refusal(errno.EINVAL, f"allowed is {', '.join(BITS)}", offset=each.offset)
        found[names[number]] = words[each.u32]
    return found
