"""Send to a host: a program, `send.py udp|tcp ADDRESS PORT,PORT... FLOWS BYTES PPS SECONDS`.

UDP: datagrams. Flows go to the ports in turn. Up to 64 datagrams of a flow go with one system call, cut apart
by the kernel (UDP_SEGMENT, udp(7)). TCP: a connection for each flow, written in turn, as many bytes at once.
PPS 0: as fast as they are taken. Prints how many datagrams were sent, or pieces of so many bytes.
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


def open_flow(kind: str, address: str, port: int, datagram_bytes: int) -> socket.socket:
    """A socket that sends there. Raises OSError."""
    if kind == "tcp":
        return socket.create_connection((address, port))
    flow = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    flow.connect((address, port))
    flow.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, datagram_bytes)
    return flow


def send(flows: list[socket.socket], datagram_bytes: int, pps: float, seconds: float) -> int:
    """Send for so long, the flows in turn; how many datagrams, or pieces of streams."""
    batch = batch_of(datagram_bytes, pps)
    data, sent, at = bytes(batch * datagram_bytes), 0, 0
    began = time.monotonic()
    while (now := time.monotonic()) < began + seconds:
        if pps and (early := began + sent / pps - now) > 0:
            time.sleep(early)
            continue
        with contextlib.suppress(ConnectionRefusedError):  # an ICMP error for an earlier one
            flows[at % len(flows)].sendall(data)
            sent += batch
        at += 1
    return sent


def main(words: list[str]) -> None:
    """See above."""
    kind, address, ports, count, size, pps, seconds = words
    to = [int(port) for port in ports.split(",")]
    flows = [open_flow(kind, address, to[flow % len(to)], int(size)) for flow in range(int(count))]
    sent = send(flows, int(size), float(pps), float(seconds))
    for flow in flows:
        flow.close()
    print(sent)


if __name__ == "__main__":
    main(sys.argv[1:])
