"""What an interface cannot do is said before anything is changed, from what the kernel answers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine import control
from engine.linux.settings import irq
from engine.linux.settings.knobs import KNOBS, exists
from engine.linux.settings.value import Settings

CAP_NET_ADMIN = 12
"""linux/capability.h."""


class CannotBeSet(ValueError):  # noqa: N818 - an answer, not a fault
    """One line: the interface, each setting it cannot have and why. `reasons` has them by name."""

    def __init__(self, device: str, reasons: dict[str, str]) -> None:
        self.device, self.reasons = device, reasons
        super().__init__(f"{device}: " + "; ".join(f"{name}: {why}" for name, why in reasons.items()))


def check(device: str, settings: Settings) -> None:
    """Ask the kernel whether an interface can have these settings; nothing is changed.

    Raises
    ------
    CannotBeSet : names each setting and why.
    OSError : no such interface, or no right to change one; says what is needed.
    """
    if not exists(device):
        known = ", ".join(sorted(each.name for each in Path("/sys/class/net").iterdir()))
        raise OSError(19, f"there is no such interface; there are {known}", device)
    given = settings.given()
    if given and not _may_change():
        raise OSError(1, "changing its settings needs root, or CAP_NET_ADMIN", device)
    reasons = {name: why for name, value in given.items() if (why := _why_not(device, name, value, given))}
    if reasons:
        raise CannotBeSet(device, reasons)


def _may_change() -> bool:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> CAP_NET_ADMIN & 1)
    return False


def _why_not(device: str, name: str, value: Any, given: dict[str, Any]) -> str:  # noqa: ANN401 - plain data
    """Why an interface cannot have a setting; empty if it can, as far as can be known."""
    card = control.nic(device)
    try:
        now = KNOBS[name].read(device)
        if name == "queues":
            channels = card.channels()
            return _beyond(value, channels.combined_max or channels.rx_max, lowest=1)
        if name == "ring_size":
            return _beyond(value, card.rings().rx_max, lowest=1)
        if name == "features":
            known = card.features()
            return ", ".join(
                _feature(known, each, on) for each, on in value.items() if _feature(known, each, on)
            )
        if name in ("rss_table", "rss_key"):
            return _rss(card, name, value, given)
        if name == "irq_cpus":
            return _cpus(value) or irq.why_not(device)
    except OSError as cause:
        return str(cause.strerror or cause) if not isinstance(cause, control.Refused) else cause.said
    if now is None or now == []:
        return "the interface has no such setting"
    if name == "rps_cpus":
        return _cpus(value)
    if isinstance(value, int) and value < 0:
        return f"{value}: allowed is 0 and above"
    return ""


def _cpus(value: Sequence[int]) -> str:
    absent = [cpu for cpu in value if not 0 <= cpu < (os.cpu_count() or 1)]
    return f"no CPU {absent[0]}: this machine has 0 to {(os.cpu_count() or 1) - 1}" if absent else ""


def _beyond(value: int, most: int | None, *, lowest: int) -> str:
    return "" if lowest <= value <= (most or 0) else f"{value}: allowed is {lowest} to {most}"


def _feature(known: control.Features, name: str, on: bool) -> str:
    if name not in known.known:
        return f"this kernel has no {name}"
    if name in known.changeable or (name in known.active) == on:
        return ""
    return f"{name} is fixed {'on' if name in known.active else 'off'}"


def _rss(card: control.Interface, name: str, value: Any, given: dict[str, Any]) -> str:  # noqa: ANN401
    state = card.rss()
    if name == "rss_key":
        size = len(state.key) // 2
        if not size:
            return "the interface has no key"
        return "" if len(value.replace(":", "")) == 2 * size else f"allowed is {size} bytes in hexadecimal"
    if not state.table:
        return "the interface has no indirection table"
    queues = given.get("queues") or KNOBS["queues"].read(card.device)
    bad = [queue for queue in value if not 0 <= queue < queues]
    if bad:
        return f"queue {bad[0]}: allowed is 0 to {queues - 1}"
    return (
        ""
        if len(state.table) % len(value) == 0
        else f"{len(value)} entries: allowed is what divides {len(state.table)}"
    )
