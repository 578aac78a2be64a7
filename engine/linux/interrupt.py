"""Which queue of which interface an interrupt line serves, from the names drivers give and from sysfs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

CLASS = Path("/sys/class/net")

QUEUE_OF = (
    re.compile(r"^virtio\d+-(?:input|output)\.(?P<queue>\d+)$"),
    re.compile(r"^mlx\d_comp(?P<queue>\d+)@"),
    re.compile(r"(?:[Tt][Xx]-?[Rr][Xx]|[RrTt][Xx]|fp|q|queue|comp)[-_.]?(?P<queue>\d+)$"),
)
"""virtio; mlx4 and mlx5; igb, ixgbe, i40e, ice, ena (…-TxRx-3, …-rx-0), bnx2x (…-fp-3), others."""

NOBODY = ("", -1)


def lines_of(device: str, root: Path = CLASS) -> set[str]:
    """Numbers of an interface's message-signalled interrupts; empty where sysfs does not tell them."""
    found: set[str] = set()
    # A virtio device is a child of the PCI function that has them.
    for folder in (root / device / "device" / "msi_irqs", root / device / "device" / ".." / "msi_irqs"):
        try:
            found |= {line.name for line in folder.iterdir()}
        except OSError:
            continue
    return found


def queue_of(action: str) -> int:
    """The queue a line's name speaks of; -1: none."""
    for pattern in QUEUE_OF:
        if found := pattern.search(action):
            return int(found["queue"])
    return -1


def owners(
    actions: Mapping[str, str], devices: Iterable[str], root: Path = CLASS
) -> dict[str, tuple[str, int]]:
    """Interface and queue by line; a line of no interface is left out.

    Parameters
    ----------
    actions : who handles each line, as /proc/interrupts names it.
    devices : interfaces to look for.
    """
    found: dict[str, tuple[str, int]] = {}
    for device in devices:
        own = lines_of(device, root)
        named = re.compile(rf"(?:^|[-_]){re.escape(device)}(?:[-_.]|$)")
        for line, action in actions.items():
            if line in own or (not own and named.search(action)):
                found[line] = (device, queue_of(action))
    return found
