"""Network devices: driver, queues, where their packets are steered, where their interrupts land."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from collectors.provenance.files import Tree


@dataclass(frozen=True, slots=True)
class Nic:
    """One device other than the loopback."""

    device: str
    driver: str
    """`""` for a device that is only software."""
    mtu_bytes: int | None
    speed_mbps: int | None
    numa_node: int | None
    gro_flush_timeout_ns: int | None
    napi_defer_hard_irqs: int | None
    threaded_napi: bool | None
    rps_cpus: tuple[str, ...]
    """Per receive queue, the mask of CPUs its packets may be handed to."""
    rps_flow_cnt: tuple[int | None, ...]
    xps_cpus: tuple[str, ...]
    """Per transmit queue, the mask of CPUs that use it."""
    ethtool: dict[str, int]


@dataclass(frozen=True, slots=True)
class Interrupt:
    """One interrupt line with an action."""

    number: int
    actions: tuple[str, ...]
    cpus: str
    """Allowed CPUs as a list: "0-3,8"."""


def _nic(tree: Tree, device: str, ethtool: Callable[[str], dict[str, int]]) -> Nic:
    base = f"sys/class/net/{device}"
    rx, tx = tree.glob(f"{base}/queues/rx-*"), tree.glob(f"{base}/queues/tx-*")
    speed, threaded = tree.number(f"{base}/speed"), tree.number(f"{base}/threaded")
    return Nic(
        device=device,
        driver=tree.link_name(f"{base}/device/driver"),
        mtu_bytes=tree.number(f"{base}/mtu"),
        speed_mbps=speed if speed is not None and speed > 0 else None,
        numa_node=tree.number(f"{base}/device/numa_node"),
        gro_flush_timeout_ns=tree.number(f"{base}/gro_flush_timeout"),
        napi_defer_hard_irqs=tree.number(f"{base}/napi_defer_hard_irqs"),
        threaded_napi=None if threaded is None else bool(threaded),
        rps_cpus=tuple(tree.text(f"{queue}/rps_cpus") for queue in rx),
        rps_flow_cnt=tuple(tree.number(f"{queue}/rps_flow_cnt") for queue in rx),
        xps_cpus=tuple(tree.text(f"{queue}/xps_cpus") for queue in tx),
        ethtool=ethtool(device),
    )


def read(tree: Tree, ethtool: Callable[[str], dict[str, int]]) -> tuple[Nic, ...]:
    """Every device but the loopback, by name."""
    devices = [path.name for path in tree.glob("sys/class/net/*")]
    return tuple(_nic(tree, device, ethtool) for device in devices if device != "lo")


def interrupts(tree: Tree) -> tuple[Interrupt, ...]:
    """Every interrupt line somebody acts on, and the CPUs it may land on, by number."""
    found: dict[int, list[str]] = {}
    for action in tree.glob("proc/irq/[0-9]*/*/"):
        found.setdefault(int(action.parent.name), []).append(action.name)
    return tuple(
        Interrupt(number, tuple(actions), tree.text(f"proc/irq/{number}/smp_affinity_list"))
        for number, actions in sorted(found.items())
    )
