"""A bump in the wire: two hosts of this machine's kernel, and our NIC between them.

Unmodified programs talk through the engine, in both directions, nothing lost but what is counted.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Literal

from engine import _core
from engine.linux import device, leftovers, napi_threads
from engine.linux.namespace import Namespace
from engine.run import Stats
from engine.scenario import Scenario

Way = Literal["to_server", "to_client"]

CLIENT, SERVER = "10.99.0.1", "10.99.0.2"
CLIENT_IPV6, SERVER_IPV6 = "fd99::1", "fd99::2"
DEVICE = "rxb0"


@dataclass(frozen=True, slots=True)
class Host:
    """One of the two hosts: a network namespace with one interface, to the other host."""

    namespace: Namespace
    address: str
    ipv6_address: str
    device: str = DEVICE

    def run(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        timeout: float | None = 60,
        check: bool = True,
        text: bool = True,
    ) -> subprocess.CompletedProcess[Any]:
        """Run a program on this host to its end, its output captured.

        Raises
        ------
        FileNotFoundError, subprocess.TimeoutExpired
        subprocess.CalledProcessError : it failed, and `check` is set.
        """
        return self.namespace.run(argv, timeout=timeout, check=check, text=text)

    def start(self, argv: Sequence[str | os.PathLike[str]], **how: Any) -> subprocess.Popen[Any]:  # noqa: ANN401
        """Start a program on this host; it is killed when the wire is taken down.

        `how`: `stdout`, `stderr`, `stdin`, `env`, `text`, as `subprocess.Popen` has them.
        """
        return self.namespace.start(argv, **how)


class Bump:
    """Two hosts with our NIC between them, while it is entered.

    Parameters
    ----------
    scenario : the NIC (`nic`) and what is observed of it; its traffic is what the programs send.
    idle : what the engine's two threads do when nothing has come.
    cpus : of those threads; default the first two this process may use.
    mtu : of both interfaces, in bytes.
    queue_cpus : let each queue of both interfaces be polled by a kernel thread of its own (threaded NAPI),
        kept on these CPUs in turn, so that the queue decides the CPU; None: the kernel receives on the CPU
        of the engine's thread.
    tx_queue_frames : that a host may have sent and the NIC not taken yet; more are dropped and counted
        in `missed`.

    Raises
    ------
    ScenarioError : a key this ground cannot honour.
    OSError : no right, no /dev/net/tun; each with what is needed.

    Examples
    --------
    >>> with Bump() as wire:  # doctest: +SKIP
    ...     wire.client.run(["ping", "-c", "1", wire.server.address])
    >>> wire.stats["to_server"]["delivered"]  # doctest: +SKIP
    5
    """

    client: Host
    server: Host

    def __init__(
        self,
        scenario: Scenario | None = None,
        *,
        idle: Literal["sleep", "busy_poll"] = "sleep",
        cpus: tuple[int, int] | None = None,
        mtu: int = 1500,
        queue_cpus: Sequence[int] | None = None,
        tx_queue_frames: int = 10_000,
    ) -> None:
        self.scenario = scenario or Scenario(name="bump")
        self.outcomes: dict[Way, _core.LinuxOutcome] = {}
        """What the NIC of each direction did, once the wire is taken down."""
        self.missed: dict[Way, int] = {}
        """Frames a sender dropped, by direction, for the NIC was behind by its whole queue."""
        self._idle, self._cpus = idle, cpus
        self._mtu, self._tx_queue_frames = mtu, tx_queue_frames
        self._queue_cpus = queue_cpus
        self._open = ExitStack()
        self._running: _core.Bump | None = None

    @property
    def stats(self) -> dict[Way, Stats]:
        """Where every frame ended, by direction: rx = delivered + dropped + pending + consumed."""
        return {way: json.loads(outcome.stats()) for way, outcome in self.outcomes.items()}

    def steer(self, way: Way, flow: _core.Flow, queue: int) -> None:
        """Send a flow to a queue of one direction's NIC, from any thread; needs `steering.mode = "ntuple"`.

        The next frames obey. What the flow table refuses it counts (table counters, stage steering).

        Raises
        ------
        ValueError : an address or protocol that is none.
        RuntimeError : the wire is not up.
        """
        if self._running is None:
            raise RuntimeError("the wire is not up: enter it first")
        self._running.steer(flow, queue, from_second=way == "to_client")

    def arrow(self, name: str, way: Way) -> _core.Table:
        """A table of one direction as an Arrow record batch (PyCapsule interface). Raises KeyError."""
        return self.outcomes[way].table(name)

    def __enter__(self) -> Bump:
        leftovers.remove()
        with ExitStack() as opened:
            taps = []
            hosts = []
            for name, address, ipv6 in (("client", CLIENT, CLIENT_IPV6), ("server", SERVER, SERVER_IPV6)):
                namespace = opened.enter_context(Namespace(name))
                napi: Literal["off", "on"] = "off" if self._queue_cpus is None else "on"
                tap = namespace.call(partial(_core.Tap, DEVICE, self.scenario.nic.queues, napi=napi))
                taps.append(opened.enter_context(tap))
                device.bring_up_loopback(namespace)
                addresses = [f"{address}/24", f"{ipv6}/64"]
                device.set_up(
                    namespace,
                    DEVICE,
                    mtu=self._mtu,
                    tx_queue_frames=self._tx_queue_frames,
                    addresses=addresses,
                )
                if self._queue_cpus is not None:
                    napi_threads.pin(napi_threads.start(namespace, tap), self._queue_cpus)
                hosts.append(Host(namespace, address, ipv6))
            self.client, self.server = hosts
            self._running = _core.Bump(
                self.scenario.resolved(),
                *taps,
                idle=self._idle,
                cpus=self._cpus,
                queue_cpus=self._queue_cpus or (),
            )
            self._open = opened.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        running, self._running = self._running, None
        with self._open:
            if running is not None:
                senders: list[tuple[Way, Host]] = [("to_server", self.client), ("to_client", self.server)]
                for _, host in senders:
                    host.namespace.end_programs()
                # What they sent until now is still carried.
                to_server, to_client = running.stop()
                self.missed = {way: device.sent_and_lost(host.namespace, DEVICE) for way, host in senders}
                self.outcomes = {"to_server": to_server, "to_client": to_client}
        if error is None and any(outcome.gone for outcome in self.outcomes.values()):
            raise OSError(
                19, "vanished while frames were carried; `stats` holds what was counted until then", DEVICE
            )
