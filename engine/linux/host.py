"""This machine's kernel as the host of a scenario: a namespace, a TAP with the NIC's queues, readers."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Literal

from engine import _core
from engine.config import Generated
from engine.errors import ScenarioError
from engine.linux import device, leftovers, napi_threads
from engine.linux.namespace import Namespace
from engine.run import Stats, captures
from engine.scenario import Scenario

Napi = Literal["off", "on", "frags", "threaded"]
Pacing = Literal["paced", "lossless"]

DEVICE = "rxb0"
MAC = "00:00:5e:00:53:01"
"""Whom generated frames are for (RFC 7042 section 2.1.2)."""
MAX_SINKS = 64
"""Ports that are read; frames to others are counted by the kernel (Udp: NoPorts)."""


class KernelHost:
    """The kernel behind a scenario's NIC, while it is entered.

    Every address is its own, so that whatever is generated reaches a socket; the UDP ports of generated
    traffic are read. Other programs may be started in `namespace`.

    Parameters
    ----------
    napi : `off`: a write runs the receive path on the NIC's CPU; `on`, `frags`: NAPI and GRO there, behind
        the write; `threaded`: NAPI on a thread per queue, on the queue's own CPU (`nic.irq_cpus`).
    send_buffer_bytes : under way to the kernel through one queue, at most; a kernel that is behind by so much
        is a drop (`rx_missed`). None: no limit.
    sinks : read the UDP ports of generated traffic.

    Raises
    ------
    ScenarioError : more queues than a TAP can have, CPUs this machine has not.
    OSError : no right, no /dev/net/tun; each with what is needed.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        napi: Napi = "off",
        send_buffer_bytes: int | None = None,
        sinks: bool = True,
    ) -> None:
        self.scenario = scenario
        self.napi = napi
        self.sinks: list[_core.Sink] = []
        """The readers of the UDP ports."""
        self.queue_cpus: list[int] = []
        """With `threaded`, the CPU of each queue."""
        self._send_buffer_bytes, self._wants_sinks = send_buffer_bytes, sinks
        self._open = ExitStack()

    def __enter__(self) -> KernelHost:
        leftovers.remove()
        threaded = self.napi == "threaded"
        kind: Literal["off", "on", "frags"] = "on" if self.napi == "threaded" else self.napi
        queues = self.scenario.nic.queues
        with ExitStack() as opened:
            self.namespace = opened.enter_context(Namespace("kernel"))
            self.tap = self.namespace.call(
                lambda: _core.Tap(DEVICE, queues, napi=kind, send_buffer_bytes=self._send_buffer_bytes)
            )
            opened.enter_context(self.tap)
            device.bring_up_loopback(self.namespace)
            device.set_up(self.namespace, DEVICE, mac=MAC, mtu=self._mtu(), ipv6=self._has_ipv6())
            device.accept_everything(self.namespace, DEVICE)
            if threaded:
                self.queue_cpus = queue_cpus(self.scenario)
                napi_threads.pin(napi_threads.start(self.namespace, self.tap), self.queue_cpus)
            for port in self._ports() if self._wants_sinks else ():
                # Bound to IPv6's any address a socket reads both families.
                everywhere = "::" if self._has_ipv6() else "0.0.0.0"
                sink = self.namespace.call(partial(_core.Sink, "udp", everywhere, port))
                self.sinks.append(sink)
                opened.callback(sink.close)
            self._open = opened.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def run(
        self,
        *,
        pacing: Pacing = "paced",
        prepared_frames: int | None = None,
        nic_cpu: int | None = None,
        captured: Mapping[str, bytes] | None = None,
    ) -> _core.LinuxOutcome:
        """Run the scenario's traffic through its NIC into the kernel; what the NIC did.

        Raises
        ------
        ScenarioError : a key this ground cannot honour; before anything ran.
        OSError : the interface vanished.
        KeyboardInterrupt : the thread has ended.
        ConservationError, EngineError : a fault of the engine.
        """
        outcome = _core.run_linux(
            self.scenario.resolved(),
            self.tap,
            captures(self.scenario) if captured is None else captured,
            pacing=pacing,
            prepared_frames=prepared_frames,
            nic_cpu=nic_cpu,
            queue_cpus=self.queue_cpus,
        )
        if outcome.gone:
            stats: Stats = json.loads(outcome.stats())
            reason = f"vanished; the kernel had taken {stats['delivered']} of {stats['rx']} frames"
            raise OSError(19, reason, self.tap.name)
        return outcome

    def read_frames(self, settled_s: float = 0.2) -> int:
        """Datagrams the sinks have read, once none has come for so long."""
        read = -1
        while read != (read := sum(sink.reads for sink in self.sinks)):
            time.sleep(settled_s)
        return read

    def _mtu(self) -> int:
        """What takes the largest frame the NIC takes: the kernel drops none for its length."""
        return max(min(self.scenario.nic.max_frame_bytes, 65_000), 1_500)

    def _generated(self) -> list[Generated]:
        return [stream for stream in self.scenario.traffic.streams if isinstance(stream, Generated)]

    def _has_ipv6(self) -> bool:
        """Without need for it, the kernel's own IPv6 traffic is kept away."""
        streams = self.scenario.traffic.streams
        return len(self._generated()) < len(streams) or any(s.flows.ipv6_share > 0 for s in self._generated())

    def _ports(self) -> list[int]:
        ports = set()
        for stream in self._generated():
            first = stream.flows.destination.port
            ports |= set(range(first, min(first + stream.flows.destination.ports, 65_536)))
        return sorted(ports)[:MAX_SINKS]


def queue_cpus(scenario: Scenario) -> list[int]:
    """The CPU that takes each queue's interrupt, as this machine's.

    Raises
    ------
    ScenarioError : this machine has no such CPU, or the process may not use it.
    """
    allowed = sorted(os.sched_getaffinity(0))
    nic = scenario.nic
    cpus = [
        nic.irq_cpus[queue % len(nic.irq_cpus)] if nic.irq_cpus else queue % scenario.host.cpus
        for queue in range(nic.queues)
    ]
    for cpu in cpus:
        if cpu not in allowed:
            key = "nic.irq_cpus" if nic.irq_cpus else "host.cpus"
            value = cpu if nic.irq_cpus else scenario.host.cpus
            words = f"CPUs of {allowed}, which this process may use, where NAPI runs on threads"
            error = ScenarioError(f"{key} = {value}: allowed is {words}")
            error.key, error.value, error.allowed = key, str(value), words
            raise error
    return cpus
