"""Ring sizes (net/ethtool/rings.c)."""

from __future__ import annotations

import errno

from engine.control.ethtool.rings import RingsMessage
from engine.endpoint.attributes import u8, u32
from engine.endpoint.card import Card
from engine.endpoint.ethtool import whom
from engine.endpoint.ethtool.numbers import numbers_of
from engine.endpoint.family import Given
from engine.endpoint.policy import Allowed
from engine.endpoint.refusal import Refusal

NUMBER = numbers_of(RingsMessage)
POLICY = {
    whom.HEADER: whom.NESTED,
    **{NUMBER[name]: Allowed("u32") for name in ("RX", "RX_MINI", "RX_JUMBO", "TX")},
    NUMBER["RX_BUF_LEN"]: Allowed("u32", low=1),
    NUMBER["TCP_DATA_SPLIT"]: Allowed("u8", high=2),
    NUMBER["CQE_SIZE"]: Allowed("u32", low=1),
    NUMBER["TX_PUSH"]: Allowed("u8", high=1),
    NUMBER["RX_PUSH"]: Allowed("u8", high=1),
    NUMBER["TX_PUSH_BUF_LEN"]: Allowed("u32"),
    NUMBER["HDS_THRESH"]: Allowed("u32"),
}
UNSUPPORTED = {
    "TCP_DATA_SPLIT": "setting TCP data split is not supported",
    "HDS_THRESH": "setting hds-thresh is not supported",
    "CQE_SIZE": "setting cqe size not supported",
    "TX_PUSH": "setting tx push not supported",
    "RX_PUSH": "setting rx push not supported",
    "TX_PUSH_BUF_LEN": "setting tx push buf len is not supported",
}


def described(card: Card, flags: int) -> list[bytes]:  # noqa: ARG001 - as those that have bitsets
    """The attributes of an answer."""
    nic = card.nic
    return [
        u32(NUMBER["RX_MAX"], card.limits.ring_size),
        u32(NUMBER["RX"], nic["ring_size"]),
        u32(NUMBER["RX_BUF_LEN"], nic["buffer_bytes"]),
        u8(NUMBER["TX_PUSH"], 0),
        u8(NUMBER["RX_PUSH"], 0),
    ]


def change(card: Card, given: Given, data: bytes) -> bool:  # noqa: ARG001 - as those that nest
    """Change what is asked for; whether anything has. Raises Refusal."""
    for name, words in UNSUPPORTED.items():
        if (each := given.get(NUMBER[name])) is not None:
            raise Refusal(errno.EOPNOTSUPP, words, offset=each.offset)
    limits = {"RX": card.limits.ring_size, "RX_MINI": 0, "RX_JUMBO": 0, "TX": 0}
    for name, most in limits.items():
        if (each := given.get(NUMBER[name])) is not None and each.u32 > most:
            raise Refusal(errno.EINVAL, "requested ring size exceeds maximum", offset=each.offset)
    keys = {"RX": "ring_size", "RX_BUF_LEN": "buffer_bytes"}
    wanted = {key: given[NUMBER[name]] for name, key in keys.items() if NUMBER[name] in given}
    nic = card.nic
    settings = {f"nic.{key}": each.u32 for key, each in wanted.items() if nic[key] != each.u32}
    if settings:
        card.change(settings, next(iter(wanted.values())).offset)
    return bool(settings)
