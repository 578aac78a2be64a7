"""Steering by the engine: tracepoints fill a ring, a thread reads it, the NIC's flow table obeys.

The NIC stands between two hosts of this kernel. Its queue is a TAP's queue, and each of these is polled by a
kernel thread kept on one CPU: so the flow table decides where the kernel receives.
"""

from __future__ import annotations

import ipaddress
import json
import select
import threading
import time
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import Literal

import numpy as np
import numpy.typing as npt
from pyroute2 import IPRoute

from collectors.linux.bpf.program import EVENT
from collectors.linux.bpf.ring import PAGE_BYTES, Ring
from collectors.linux.following.ground import (
    PERMANENT,
    Ground,
    Loss,
    interface_losses,
    require_rights,
    socket_losses,
)
from collectors.linux.following.moves import TOLD
from collectors.linux.following.steering import FLOW, Steering
from collectors.linux.unavailable import Unavailable
from engine import Scenario
from engine.linux.bump import DEVICE, SERVER, Bump

RING_PAGES = 8
"""As track.c has it."""
STEER = np.dtype([("time_ns", "<u8"), ("flow", FLOW), ("cpu", "<u4"), ("tid", "<i4")])
PROTOCOLS: dict[int, Literal["tcp", "udp"]] = {6: "tcp", 17: "udp"}
LOOK_S = 0.05
"""Between two looks whether to end, where nothing happens."""


class Wire:
    """Our NIC between a sender and a reader, a queue for each CPU. Raises Unavailable, OSError.

    Parameters
    ----------
    cpus : on which the kernel receives, one queue each.
    """

    reader_address = SERVER

    def __init__(self, cpus: Sequence[int]) -> None:
        require_rights()
        self.cpus = list(cpus)
        scenario = Scenario(name="follow").with_(
            **{"nic.queues": len(self.cpus), "host.cpus": len(self.cpus), "steering.mode": "ntuple"}
        )
        self.bump = Bump(scenario, queue_cpus=self.cpus)
        try:
            self.bump.__enter__()
        except FileNotFoundError as cause:
            raise Unavailable(f"no TAP ({cause})", "modprobe tun") from cause
        self.sender, self.reader = self.bump.client.namespace, self.bump.server.namespace
        # Datagrams that wait for an answer to ARP are few, and the others are in no counter of an interface.
        hosts = [self.bump.client, self.bump.server]
        for host, other in (hosts, hosts[::-1]):
            host.namespace.call(partial(neighbour, other.address, other.namespace.call(hardware)))
        # Finding out which thread polls which queue took frames that nobody wanted.
        losses = interface_losses(self.reader, "reader", DEVICE)
        self._before = {name: count for name, count, _ in losses}

    def losses(self) -> list[Loss]:
        """See the protocol. Takes the wire down: its books are closed then."""
        found: list[Loss] = [
            (name, count - self._before[name], source)
            for name, count, source in interface_losses(self.reader, "reader", DEVICE)
        ]
        found += socket_losses(self.reader)
        self.close()
        found.append(("sender.tx_dropped", self.bump.missed["to_server"], "procfs"))
        dropped = json.loads(self.bump.outcomes["to_server"].stats())["dropped"]
        return found + [(f"nic.{reason}", int(frames), "engine") for reason, frames in dropped.items()]

    def close(self) -> None:
        """Take it down; safe to call twice."""
        self.bump.__exit__(None, None, None)

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class EngineSteering(Steering):
    """The programs, and a thread that tells the NIC of each move."""

    flags = ("-DSTEERS",)
    _thread: threading.Thread | None = None

    def obey(self, ground: Ground) -> None:
        """See the base."""
        if not isinstance(ground, Wire):
            raise TypeError("the engine steers on a wire of its own")
        self._wire = ground
        self._descriptor = self.program.descriptor("steers")
        self._ring = Ring(self._descriptor, RING_PAGES * PAGE_BYTES, STEER)
        self._told: list[tuple[int, int, int, int, int]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="rxbench-follow", daemon=True)
        self._thread.start()

    def _tell(self) -> None:
        with select.epoll() as waiting:
            waiting.register(self._descriptor, select.EPOLLIN)
            while not self._ended.is_set():
                waiting.poll(LOOK_S)
                for steer in self._ring.drain():
                    cpu = int(steer["cpu"])
                    if cpu in self._wire.cpus:
                        self._wire.bump.steer("to_server", flow(steer["flow"]), self._wire.cpus.index(cpu))
                        self._told.append((time.monotonic_ns(), TOLD, int(steer["tid"]), cpu, cpu))

    def events(self) -> npt.NDArray[np.void]:
        """See the base."""
        told = np.array(self._told, dtype=EVENT) if self._told else np.empty(0, dtype=EVENT)
        return np.concatenate([super().events(), told])

    @property
    def lost(self) -> int:
        """See the base."""
        return super().lost + int(self.program.per_cpu("steers_lost", 0, 1).sum())

    def close(self) -> None:
        """See the base."""
        if self._thread is not None:
            self._ended.set()
            self._thread.join()
            self._ring.close()
            self._thread = None
        super().close()


def flow(found: np.void) -> tuple[str, int, str, int, Literal["tcp", "udp"]]:
    """A flow of a BPF program as the engine names it."""
    source, destination = (str(ipaddress.IPv4Address(int(found[name]))) for name in ("source", "destination"))
    ports = int(found["source_port"]), int(found["destination_port"])
    return source, ports[0], destination, ports[1], PROTOCOLS[int(found["protocol"])]


def hardware() -> str:
    """Hardware address of the wire's interface, of the calling thread's namespace."""
    with IPRoute() as route:
        (link,) = route.get_links(ifname=DEVICE)
        return str(link.get_attr("IFLA_ADDRESS"))


def neighbour(address: str, lladdr: str) -> None:
    """Whom the address belongs to, for good."""
    with IPRoute() as route:
        (index,) = route.link_lookup(ifname=DEVICE)
        route.neigh("replace", ifindex=index, dst=address, lladdr=lladdr, state=PERMANENT)
