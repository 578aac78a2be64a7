"""One end of the traffic, as a program of its own: `endpoint.py read|send SETTINGS`; not to be imported.

It stands in the network namespace it was started in, tells on standard output that it is ready, and what it
counted when standard input says stop. It imports the standard library alone: it starts in a few milliseconds.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import socket
import struct
import sys
import threading
import time
from typing import Any

PR_SET_TIMERSLACK = 29
SO_MEMINFO = 55
SK_MEMINFO_DROPS = 8  # include/uapi/linux/sock_diag.h
DATA_SEGS_IN = 152  # byte offsets in struct tcp_info (include/uapi/linux/tcp.h)
DATA_SEGS_OUT = 156
SILENCE_S = 0.1
"""After the sender's end: so long without a datagram means that none is under way."""


def begin(settings: dict[str, Any]) -> None:
    """Move this process to its CPU, and let it sleep to the microsecond."""
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1)
    os.sched_setaffinity(0, {settings["cpu"]})


def say(**told: int) -> None:
    """One line of JSON."""
    print(json.dumps(told), flush=True)


def asked_to_stop() -> bool:
    """Whether standard input has something, be it its end."""
    return bool(select.select([sys.stdin], [], [], 0)[0])


def segments(connection: socket.socket, offset: int) -> int:
    """A 32-bit counter of TCP_INFO."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return int(struct.unpack_from("=I", info, offset)[0])


def until(due_ns: int) -> None:
    """Sleep until a time of CLOCK_MONOTONIC."""
    left_ns = due_ns - time.monotonic_ns()
    if left_ns > 0:
        time.sleep(left_ns / 1e9)


def bound(settings: dict[str, Any], kind: socket.SocketKind) -> socket.socket:
    """A socket on a free port of its address."""
    opened = socket.socket(socket.AF_INET, kind)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, settings["receive_buffer_bytes"])
    opened.bind((settings["address"], 0))
    return opened


def read_udp(settings: dict[str, Any]) -> None:
    """Count datagrams, and those that come after a later one."""
    taking = bound(settings, socket.SOCK_DGRAM)
    # A timeout in the kernel: Python's own would ask poll before every read.
    taking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("=qq", 0, int(SILENCE_S * 1e6)))
    say(tid=threading.get_native_id(), port=taking.getsockname()[1])
    buffer = memoryview(bytearray(65536))
    received = reordered = size_bytes = 0
    newest = -1
    while True:
        try:
            size_bytes += taking.recv_into(buffer)
        except BlockingIOError:
            if asked_to_stop():
                break
            continue
        number = int.from_bytes(buffer[:8], "big")
        received += 1
        reordered += number < newest
        newest = max(newest, number)
    dropped = struct.unpack_from(
        "=I", taking.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36), 4 * SK_MEMINFO_DROPS
    )
    say(packets=received, bytes=size_bytes, reordered=reordered, socket_drops=dropped[0])


def read_tcp(settings: dict[str, Any]) -> None:
    """Count bytes until the other end closes; packets are the kernel's count of data segments."""
    listening = bound(settings, socket.SOCK_STREAM)
    listening.listen(1)
    say(tid=threading.get_native_id(), port=listening.getsockname()[1])
    connection, _ = listening.accept()
    buffer = bytearray(65536)
    size_bytes = 0
    while taken := connection.recv_into(buffer):
        size_bytes += taken
    say(packets=segments(connection, DATA_SEGS_IN), bytes=size_bytes, reordered=0, socket_drops=0)


def send(settings: dict[str, Any]) -> None:
    """Send numbered messages at a steady rate until told to stop."""
    tcp = settings["protocol"] == "tcp"
    sending = socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
    if tcp:
        sending.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sending.connect((settings["address"], settings["port"]))
    say(tid=threading.get_native_id())
    filling = bytes(settings["message_bytes"] - 8)
    period_ns = round(1e9 / settings["packets_per_s"])
    sent = 0
    start_ns = time.monotonic_ns()
    while not asked_to_stop():
        sending.sendall(sent.to_bytes(8, "big") + filling)
        sent += 1
        until(start_ns + sent * period_ns)
    elapsed_ns = time.monotonic_ns() - start_ns
    packets = sent
    if tcp:
        sending.shutdown(socket.SHUT_WR)
        sending.settimeout(10)
        sending.recv(1)  # the reader has read everything and closed: nothing is sent again after this
        packets = segments(sending, DATA_SEGS_OUT)
    say(packets=packets, messages=sent, bytes=sent * settings["message_bytes"], elapsed_ns=elapsed_ns)


def main() -> None:
    """Play the part the command line names."""
    part, settings = sys.argv[1], json.loads(sys.argv[2])
    begin(settings)
    if part == "send":
        send(settings)
    elif settings["protocol"] == "tcp":
        read_tcp(settings)
    else:
        read_udp(settings)


if __name__ == "__main__":
    main()
