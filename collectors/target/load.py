"""What is sent over a pair, and sending it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal, NamedTuple

from engine import _core
from engine.linux import send
from engine.linux.namespace import Namespace
from engine.linux.pair import Pair
from engine.linux.streams import Streams

SETTLE_S = 0.05
"""After the last datagram was sent, until readers have read what waits."""
LATE_S = 30.0
"""A sender that is later than this has failed."""
STREAMS = 64
"""Connections at most: each is read by a thread."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent over a pair: datagrams of some flows to some sockets that are read, or streams."""

    pps: float = 100_000
    """Datagrams a second, of all flows; 0: as fast as they are taken."""
    datagram_bytes: int = 1400
    """Of TCP: pieces of so many bytes, at that rate; the kernel makes segments of them."""
    flows: int = 16
    readers: int = 1
    """Sockets, each read by a thread; flows are dealt to them in turn. Of TCP: 1, each flow has its own."""
    protocol: Literal["udp", "tcp"] = "udp"

    def __post_init__(self) -> None:
        if self.protocol not in ("udp", "tcp"):
            raise ValueError(f"load: protocol = {self.protocol}: allowed is udp and tcp")
        tcp = self.protocol == "tcp"
        for name, low, high in (
            ("datagram_bytes", 1, 65_000),
            ("flows", 1, STREAMS if tcp else 4096),
            ("readers", 1, 1 if tcp else 64),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                of = " with protocol = tcp" if tcp else ""
                raise ValueError(f"load: {name} = {value}: allowed is {low} to {high}{of}")
        if not self.pps >= 0:
            raise ValueError(f"load: pps = {self.pps}: allowed is 0 and above")

    def __str__(self) -> str:
        rate = f"{self.pps:,.0f} pps" if self.pps else "as fast as taken"
        return f"{self.protocol.upper()}, {rate} of {self.datagram_bytes} B in {self.flows} flows"


class Sent(NamedTuple):
    """What sender and readers counted."""

    offered: int
    """Datagrams sent, or pieces of streams."""
    read: int
    """Datagrams read; of streams, bytes."""
    seconds: float


def over(pair: Pair, peer: Namespace, load: Load, seconds: float) -> Sent:
    """Send from the pair's peer, read at its device. Raises OSError."""
    if load.protocol == "tcp":
        return _streams(pair, peer, load, seconds)
    with ExitStack() as stack:
        sinks = [_core.Sink("udp", pair.address) for _ in range(load.readers)]
        for sink in sinks:
            stack.callback(sink.close)
        offered = _sender(pair, peer, load, [sink.port for sink in sinks], seconds)
        time.sleep(SETTLE_S)
        return Sent(offered, sum(sink.reads for sink in sinks), seconds)


def _streams(pair: Pair, peer: Namespace, load: Load, seconds: float) -> Sent:
    with Streams(pair.address, load.flows) as streams:
        offered = _sender(pair, peer, load, [streams.port], seconds)
        done = streams.wait(LATE_S)
        wanted = offered * load.datagram_bytes
        if not done or streams.bytes != wanted:
            raise OSError(5, f"of {wanted} bytes that were sent {streams.bytes} were read", pair.device)
        return Sent(offered, streams.bytes, max(streams.seconds, seconds))


def _sender(pair: Pair, peer: Namespace, load: Load, ports: Iterable[int], seconds: float) -> int:
    """What our program says it sent."""
    to = ",".join(map(str, ports))
    words = [load.protocol, pair.address, to, load.flows, load.datagram_bytes, load.pps, seconds]
    pipe = subprocess.PIPE
    # As a file: it needs nothing of the engine, and begins at once.
    sender = peer.start([sys.executable, send.__file__, *map(str, words)], stdout=pipe, stderr=pipe)
    try:
        output, errors = sender.communicate(timeout=seconds + LATE_S)
    except subprocess.TimeoutExpired:
        raise OSError(110, "the sender did not end in time", pair.device) from None
    finally:
        sender.kill()
        sender.wait()
    if sender.returncode != 0:
        reason = errors.strip().splitlines()[-1:] or ["no reason given"]
        raise OSError(5, f"the sender failed: {reason[0]}", pair.device)
    return int(output)
