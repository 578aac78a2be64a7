"""A terminal session's traffic without a terminal: keys go one way, echoes and replies come the other.

Keys are sent one by one as a person types them (log-normal gaps, a longer think before each line), the far
side echoes each key at once and answers a finished line with a few hundred bytes. Segments stay small and
wait on people, which is what an interactive session looks like to a receive path.
"""

from __future__ import annotations

import random
import socket
import sys
import time

LINES = (
    "uptime",
    "ls -l /var/log",
    "cat /proc/interrupts",
    "ethtool -S eth0",
    "sysctl net.core.netdev_budget",
    "exit",
)
KEY_GAP_MEDIAN_S = 0.07
KEY_GAP_SIGMA = 0.5
THINK_S = (0.3, 0.9)


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen()
    return listener


def serve(host: str, port: int, seed: int) -> None:
    """Answer one session: echo each key, follow each line by 40 to 600 bytes of printable reply."""
    rng = random.Random(seed)
    with _listener(host, port) as listener:
        session, _ = listener.accept()
    with session:
        session.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while keys := session.recv(256):
            session.sendall(keys)
            if b"\n" in keys:
                time.sleep(rng.uniform(0.002, 0.03))
                session.sendall(
                    bytes(rng.randrange(0x20, 0x7F) for _ in range(rng.randrange(40, 600))) + b"\n$ "
                )


def type_lines(host: str, port: int, seed: int) -> None:
    """Open a session and type `LINES`, waiting for the echo of each key as a terminal does."""
    rng = random.Random(seed)
    with socket.create_connection((host, port), timeout=10) as session:
        session.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for line in LINES:
            time.sleep(rng.uniform(*THINK_S))
            for key in line + "\n":
                time.sleep(KEY_GAP_MEDIAN_S * rng.lognormvariate(0.0, KEY_GAP_SIGMA))
                session.sendall(key.encode())
                session.recv(4096)


if __name__ == "__main__":
    role, at, number, key = sys.argv[1:]
    {"serve": serve, "type": type_lines}[role](at, int(number), int(key))
