"""Send datagrams to a host: a program, `send.py ADDRESS PORT,PORT... FLOWS BYTES PPS SECONDS`.

Flows go to the ports in turn. Up to 64 datagrams of a flow go with one system call, cut apart by the kernel
(UDP_SEGMENT, udp(7)). PPS 0: as fast as they are taken. Prints how many were sent.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import time

UDP_SEGMENT = 103
LARGEST_BYTES, MOST_SEGMENTS = 65_000, 64
BATCHES_PER_S = 1000
"""At a given rate, at least so many batches a second: a finer pace than the datagrams of one batch."""


def batch_of(datagram_bytes: int, pps: float) -> int:
    """Datagrams in one system call."""
    most = min(MOST_SEGMENTS, LARGEST_BYTES // datagram_bytes)
    return max(1, min(most, int(pps / BATCHES_PER_S)) if pps else most)


def send(flows: list[socket.socket], datagram_bytes: int, pps: float, seconds: float) -> int:
    """Send for so long, the flows in turn; how many datagrams."""
    batch = batch_of(datagram_bytes, pps)
    for flow in flows:
        flow.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, datagram_bytes)
    data, sent, at = bytes(batch * datagram_bytes), 0, 0
    began = time.monotonic()
    while (now := time.monotonic()) < began + seconds:
        if pps and (early := began + sent / pps - now) > 0:
            time.sleep(early)
            continue
        with contextlib.suppress(ConnectionRefusedError):  # an ICMP error for an earlier one
            flows[at % len(flows)].send(data)
            sent += batch
        at += 1
    return sent


def main(words: list[str]) -> None:
    """See above."""
    address, ports, count, size, pps, seconds = words
    to = [int(port) for port in ports.split(",")]
    flows = []
    for flow in range(int(count)):
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.connect((address, to[flow % len(to)]))
        flows.append(opened)
    print(send(flows, int(size), float(pps), float(seconds)))


if __name__ == "__main__":
    main(sys.argv[1:])
