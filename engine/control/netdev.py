"""NAPI instances and queues, by the generic netlink family netdev (linux/netdev.h; setting since Linux 6.13).

pyroute2 has no class for this family: its messages are declared here, as the kernel's
Documentation/netlink/specs/netdev.yaml numbers them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyroute2.netlink import genlmsg

from engine.control.errors import Refused
from engine.control.netlink import GenericConnection, NetlinkAnswer, attribute_map, present
from engine.control.transport import GENERIC, Transport

FAMILY = "netdev"
QUEUE_GET, NAPI_GET, QSTATS_GET, NAPI_SET = 10, 11, 12, 14
SCOPE_QUEUE = 1
DIRECTIONS = {0: "rx", 1: "tx"}


class QueueMessage(genlmsg):  # type: ignore[misc] # pyroute2 is untyped
    """NETDEV_A_QUEUE_*."""

    prefix = "NETDEV_A_QUEUE_"
    nla_map = attribute_map(
        prefix,
        ("UNSPEC", "none"),
        ("ID", "uint32"),
        ("IFINDEX", "uint32"),
        ("TYPE", "uint32"),
        ("NAPI_ID", "uint32"),
        ("DMABUF", "hex"),
        ("IO_URING", "hex"),
        ("XSK", "hex"),
    )


class NapiMessage(genlmsg):  # type: ignore[misc] # pyroute2 is untyped
    """NETDEV_A_NAPI_*; the timeouts are of the type uint, 4 bytes as long as they fit."""

    prefix = "NETDEV_A_NAPI_"
    nla_map = attribute_map(
        prefix,
        ("UNSPEC", "none"),
        ("IFINDEX", "uint32"),
        ("ID", "uint32"),
        ("IRQ", "uint32"),
        ("PID", "uint32"),
        ("DEFER_HARD_IRQS", "uint32"),
        ("GRO_FLUSH_TIMEOUT", "uint32"),
        ("IRQ_SUSPEND_TIMEOUT", "uint32"),
        ("THREADED", "uint32"),
    )


_QUEUE_COUNTERS = (
    *("RX_PACKETS", "RX_BYTES", "TX_PACKETS", "TX_BYTES", "RX_ALLOC_FAIL", "RX_HW_DROPS"),
    *("RX_HW_DROP_OVERRUNS", "RX_CSUM_COMPLETE", "RX_CSUM_UNNECESSARY", "RX_CSUM_NONE", "RX_CSUM_BAD"),
    *("RX_HW_GRO_PACKETS", "RX_HW_GRO_BYTES", "RX_HW_GRO_WIRE_PACKETS", "RX_HW_GRO_WIRE_BYTES"),
    *("RX_HW_DROP_RATELIMITS", "TX_HW_DROPS", "TX_HW_DROP_ERRORS", "TX_CSUM_NONE", "TX_NEEDS_CSUM"),
    *("TX_HW_GSO_PACKETS", "TX_HW_GSO_BYTES", "TX_HW_GSO_WIRE_PACKETS", "TX_HW_GSO_WIRE_BYTES"),
    *("TX_HW_DROP_RATELIMITS", "TX_STOP", "TX_WAKE"),
)


class QueueStatisticsMessage(genlmsg):  # type: ignore[misc] # pyroute2 is untyped
    """NETDEV_A_QSTATS_*; the counters are of the type uint, 4 or 8 bytes. Numbers 5 to 7 are reserved."""

    prefix = "NETDEV_A_QSTATS_"
    nla_map = attribute_map(
        prefix,
        ("UNSPEC", "none"),
        ("IFINDEX", "uint32"),
        ("QUEUE_TYPE", "uint32"),
        ("QUEUE_ID", "uint32"),
        ("SCOPE", "cdata"),
        *((f"RESERVED_{number}", "cdata") for number in (5, 6, 7)),
        *((name, "cdata") for name in _QUEUE_COUNTERS),
    )


@dataclass(frozen=True, slots=True)
class QueueStatistics:
    """What a driver counted on one queue, by netdev.yaml's names; those it does not count are left out."""

    direction: str
    queue: int
    counters: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Napi:
    """One NAPI instance; None: this kernel does not tell."""

    id: int
    irq: int | None = None
    pid: int | None = None
    """Its kernel thread, where polling is threaded."""
    defer_hard_irqs: int | None = None
    gro_flush_timeout: int | None = None
    """ns."""
    irq_suspend_timeout: int | None = None
    """ns."""
    threaded: int | None = None
    """0: in softirq, 1: in a kernel thread, 2: in one that polls busily."""


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue and the NAPI instance that serves it."""

    direction: str
    queue: int
    napi: int | None = None


def _dump(
    transport: Transport, kind: type[Any], command: int, index: int, *more: tuple[str, Any]
) -> list[Mapping[str, Any]]:
    with GenericConnection(transport.netlink(GENERIC), FAMILY) as netdev:
        answers = netdev.ask(kind, command, [(f"{kind.prefix}IFINDEX", index), *more], dump=True)
        return [present(answer) for answer in answers]


def queues(transport: Transport, index: int) -> tuple[Queue, ...]:
    """Queues of the interface with that index. Raises NetlinkAnswer, also on kernels without the family."""
    found = _dump(transport, QueueMessage, QUEUE_GET, index)
    return tuple(
        sorted(
            (Queue(DIRECTIONS.get(each["TYPE"], ""), each["ID"], each.get("NAPI_ID")) for each in found),
            key=lambda queue: (queue.direction, queue.queue),
        )
    )


def napis(transport: Transport, index: int) -> tuple[Napi, ...]:
    """NAPI instances of the interface with that index, by id. Raises NetlinkAnswer."""
    found = _dump(transport, NapiMessage, NAPI_GET, index)
    return tuple(
        sorted(
            (
                Napi(**{name.lower(): value for name, value in each.items() if name != "IFINDEX"})
                for each in found
            ),
            key=lambda napi: napi.id,
        )
    )


def queue_statistics(transport: Transport, index: int) -> tuple[QueueStatistics, ...]:
    """What the driver of the interface with that index counts by queue (Linux 6.9).

    Raises NetlinkAnswer, also where the driver counts nothing (EOPNOTSUPP).
    """
    scope = ("NETDEV_A_QSTATS_SCOPE", SCOPE_QUEUE.to_bytes(4, sys.byteorder))
    found = [
        QueueStatistics(
            DIRECTIONS.get(each["QUEUE_TYPE"], ""),
            each["QUEUE_ID"],
            {
                name.lower(): int.from_bytes(each[name], sys.byteorder)
                for name in _QUEUE_COUNTERS
                if name in each
            },
        )
        for each in _dump(transport, QueueStatisticsMessage, QSTATS_GET, index, scope)
    ]
    return tuple(sorted(found, key=lambda each: (each.direction, each.queue)))


def set_napi(transport: Transport, device: str, napi: int, **changes: int) -> None:
    """Change one NAPI instance: `gro_flush_timeout=20_000`, fields of `Napi`. Raises Refused."""
    said = " ".join(f"{name}={value}" for name, value in changes.items())
    try:
        with GenericConnection(transport.netlink(GENERIC), FAMILY) as netdev:
            attributes = [(f"NETDEV_A_NAPI_{name.upper()}", value) for name, value in changes.items()]
            netdev.ask(NapiMessage, NAPI_SET, [("NETDEV_A_NAPI_ID", napi), *attributes])
    except NetlinkAnswer as answer:
        asked = f"set NAPI {napi} {said}"
        raise Refused(device, asked, answer.errno or 0, answer.text, answer.attribute) from None
