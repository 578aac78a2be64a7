"""Queues in use (net/ethtool/channels.c)."""

from __future__ import annotations

import errno

from engine.control.ethtool.channels import ChannelsMessage
from engine.endpoint.attributes import u32
from engine.endpoint.card import Card
from engine.endpoint.ethtool import whom
from engine.endpoint.ethtool.numbers import numbers_of
from engine.endpoint.family import Given
from engine.endpoint.policy import Allowed
from engine.endpoint.refusal import Refusal

NUMBER = numbers_of(ChannelsMessage)
COUNTS = ("RX_COUNT", "TX_COUNT", "OTHER_COUNT", "COMBINED_COUNT")
POLICY = {whom.HEADER: whom.NESTED, **{NUMBER[name]: Allowed("u32") for name in COUNTS}}


def described(card: Card, flags: int) -> list[bytes]:  # noqa: ARG001 - as those that have bitsets
    """The attributes of an answer: its channels are combined, as those of most cards of 10 Gb/s."""
    return [
        u32(NUMBER["COMBINED_MAX"], card.limits.queues),
        u32(NUMBER["COMBINED_COUNT"], card.nic["queues"]),
    ]


def change(card: Card, given: Given, data: bytes) -> bool:  # noqa: ARG001 - as those that nest
    """Change what is asked for; whether anything has. Raises Refusal."""
    limits = {"RX_COUNT": 0, "TX_COUNT": 0, "OTHER_COUNT": 0, "COMBINED_COUNT": card.limits.queues}
    for name, most in limits.items():
        if (each := given.get(NUMBER[name])) is not None and each.u32 > most:
            raise Refusal(errno.EINVAL, "requested channel count exceeds maximum", offset=each.offset)
    combined = given.get(NUMBER["COMBINED_COUNT"])
    nic = card.nic
    if combined is None or combined.u32 == nic["queues"]:
        return False
    if combined.u32 == 0:
        words = "requested channel counts would result in no RX or TX channel being configured"
        raise Refusal(errno.EINVAL, words, offset=combined.offset)
    _check_in_use(card, combined.u32)
    card.change({"nic.queues": combined.u32}, combined.offset)
    return True


def _check_in_use(card: Card, count: int) -> None:
    """ethtool_check_max_channel, net/ethtool/common.c."""
    spreads = [card.nic["rss"], *card.nic["rss"]["contexts"]]
    most = max(max([*spread["table"], len(spread["weights"]) - 1]) for spread in spreads)
    if most >= count:
        words = f"requested channel counts are too low for existing indirection table ({most})"
        raise Refusal(errno.EINVAL, words)
    if max((rule["queue"] for rule in card.document["steering"]["rules"]), default=-1) >= count:
        words = "requested channel counts are too low for existing ntuple filter settings"
        raise Refusal(errno.EINVAL, words)
