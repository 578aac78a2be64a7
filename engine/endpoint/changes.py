"""What has changed behind a name without a request: by the control script, or by the engine's own `apply`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.endpoint import ethtool, route
from engine.endpoint.card import Card
from engine.endpoint.ethtool import rss
from engine.endpoint.refusal import Refusal

if TYPE_CHECKING:
    from engine.endpoint.endpoint import Endpoint

Section = Mapping[str, Any]
SUBJECTS = ("rx_checksum", "ring_size", "queues", "coalesce")
"""Keys of `nic` that are told, in the order of `ethtool.PAIRS`."""


def tell(endpoint: Endpoint, card: Card) -> None:
    """Tell who listens what is other than it was when last looked at, as if it had been asked for."""
    try:
        now = card.nic
    except Refusal:  # in the midst of a step
        return
    before, card.told = card.told, now
    if before is None or before == now:
        return
    if before["up"] != now["up"]:
        card.carrier_changes += 1
        route.tell_link(endpoint, card, route.UP)
    for pair, key in zip(ethtool.PAIRS, SUBJECTS, strict=True):
        if before[key] != now[key]:
            ethtool.tell_pair(endpoint, card, pair)
    own = {key for key in now["rss"] if key != "contexts"}
    if any(before["rss"][key] != now["rss"][key] for key in own):
        ethtool.tell_rss(endpoint, card)
    old, new = rss.contexts(before), rss.contexts(now)
    for number in old.keys() - new.keys():
        ethtool.tell_deleted(endpoint, card, number)
    for number, given in new.items():
        if number not in old:
            ethtool.tell_created(endpoint, card, number)
        elif old[number] != given:
            ethtool.tell_rss(endpoint, card, number)
