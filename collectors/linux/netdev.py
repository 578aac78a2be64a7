"""Queues and NAPI instances of interfaces, by the generic netlink family netdev (linux/netdev.h, Linux 6.7).

pyroute2 has no class for this family: its messages are declared here, as the kernel's
Documentation/netlink/specs/netdev.yaml numbers them.
"""

from __future__ import annotations

from typing import Any

from pyroute2.netlink import NLM_F_DUMP, NLM_F_REQUEST, genlmsg
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.generic import GenericNetlinkSocket

QUEUE_GET, NAPI_GET = 10, 11
DIRECTIONS = {0: "rx", 1: "tx"}


class QueueMessage(genlmsg):  # type: ignore[misc] # pyroute2 is untyped
    """NETDEV_CMD_QUEUE_GET."""

    prefix = "NETDEV_A_QUEUE_"
    nla_map = tuple(
        (f"NETDEV_A_QUEUE_{name}", kind)
        for name, kind in (
            ("UNSPEC", "none"),
            ("ID", "uint32"),
            ("IFINDEX", "uint32"),
            ("TYPE", "uint32"),
            ("NAPI_ID", "uint32"),
            ("DMABUF", "hex"),
            ("IO_URING", "hex"),
            ("XSK", "hex"),
        )
    )


class NapiMessage(genlmsg):  # type: ignore[misc] # pyroute2 is untyped
    """NETDEV_CMD_NAPI_GET."""

    prefix = "NETDEV_A_NAPI_"
    nla_map = tuple(
        (f"NETDEV_A_NAPI_{name}", kind)
        for name, kind in (
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
    )


def _dump(kind: type[Any], command: int) -> list[dict[str, int]]:
    """Every answer as attribute values; empty on kernels without the family or the command."""
    connection = GenericNetlinkSocket()
    try:
        connection.bind("netdev", kind)
        message = kind()
        message["cmd"], message["version"], message["attrs"] = command, 1, []
        answers = connection.nlm_request(
            message, msg_type=connection.prid, msg_flags=NLM_F_REQUEST | NLM_F_DUMP
        )
        return [
            {name.removeprefix(kind.prefix): value for name, value in answer["attrs"]} for answer in answers
        ]
    except (NetlinkError, OSError, KeyError):
        return []
    finally:
        connection.close()


def queues(names: dict[int, str]) -> list[tuple[str, str, int, int, int, int]]:
    """Each queue of the named interfaces: device, direction, queue, NAPI id, interrupt, kernel thread."""
    napis = {napi["ID"]: napi for napi in _dump(NapiMessage, NAPI_GET) if "ID" in napi}
    found = []
    for queue in _dump(QueueMessage, QUEUE_GET):
        device = names.get(queue.get("IFINDEX", -1))
        if device is None:
            continue
        napi = napis.get(queue.get("NAPI_ID", -1), {})
        direction = DIRECTIONS.get(queue.get("TYPE", -1), "")
        numbers = (queue.get("ID", -1), queue.get("NAPI_ID", -1), napi.get("IRQ", -1), napi.get("PID", -1))
        found.append((device, direction, *numbers))
    return sorted(found)
