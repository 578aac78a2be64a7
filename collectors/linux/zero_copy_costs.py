"""What this kernel takes to map received pages into a program and to unmap them, call by call.

So many pages lie at the socket before a call maps them all; calls for few and for many pages, in turn, tell
what a call costs and what a page. What a caller in Python takes is the same for both, so that it is not in a
page's cost; from a call's it is taken off, with the system call around it.
"""

from __future__ import annotations

import array
import fcntl
import mmap
import termios
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from collectors.linux.zero_copy import PATIENCE_S, WINDOW_BYTES, Window, connection, send
from engine.linux.namespace import Namespace

MSS = 4096
FEW, MANY = 8, 60
"""Pages of a call."""


class MappingCosts(NamedTuple):
    """In ns; a call's without the system call itself, of which `socket.recv_call` tells."""

    map_call_ns: float
    map_page_ns: float
    unmap_call_ns: float
    unmap_page_ns: float


def _took_ns(work: Callable[[], object]) -> int:
    start = time.perf_counter_ns()
    work()
    return time.perf_counter_ns() - start


class _Socket:
    """A reader, its range, and who sends to it."""

    def __init__(self, host: Namespace) -> None:
        self.sender, self.reader = connection(host, MSS, merged=True)
        self.window = Window(self.reader)
        self._payload = mmap.mmap(-1, WINDOW_BYTES, mmap.MAP_PRIVATE)
        self._payload.write(b"a" * WINDOW_BYTES)
        self._room = bytearray(WINDOW_BYTES)

    def _wait_for(self, size: int) -> None:
        there, until = array.array("i", [0]), time.monotonic() + PATIENCE_S
        while there[0] < size:
            fcntl.ioctl(self.reader, termios.FIONREAD, there)
            if time.monotonic() > until:
                raise TimeoutError(f"{there[0]} of {size} bytes came within {PATIENCE_S:g} s")

    def round(self, pages: int) -> tuple[int, int] | None:
        """ns of the call that maps so many pages and of the one that unmaps them; None: not all were."""
        size = pages * mmap.PAGESIZE
        send(self.sender, self._payload, size)
        self._wait_for(size)
        start = time.perf_counter_ns()
        mapped, _ = self.window.map(size)
        map_ns = time.perf_counter_ns() - start
        if mapped:
            unmap_ns = _took_ns(lambda: self.window.unmap(mapped))
        left = size - mapped
        while left:
            left -= self.reader.recv_into(self._room, left)
        return (map_ns, unmap_ns) if mapped == size else None

    def empty(self) -> tuple[int, int]:
        """ns of the same calls where the kernel does nothing but enter and leave."""
        return _took_ns(self.window.map_nowhere), _took_ns(lambda: self.window.unmap(0))

    def close(self) -> None:
        """Close everything."""
        self.sender.close()
        self.reader.close()
        self.window.close()
        self._payload.close()


def mapping_costs(rounds: int = 400) -> MappingCosts:
    """Medians of so many rounds; other work on the machine moves them.

    Raises
    ------
    Unavailable : this kernel maps nothing.
    OSError : no right to make a namespace; with what is needed.
    """
    found: dict[int, list[tuple[int, int]]] = {FEW: [], MANY: []}
    nothing = []
    with Namespace("zero copy") as host:
        reader = _Socket(host)
        try:
            for _ in range(rounds):
                for pages, taken in found.items():
                    if one := reader.round(pages):
                        taken.append(one)
                nothing.append(reader.empty())
        finally:
            reader.close()
    if not all(found.values()):
        raise OSError(0, "no call mapped all pages that lay there")
    few, many = (np.median(taken, axis=0) for taken in found.values())
    page = (many - few) / (MANY - FEW)
    call = few - FEW * page - np.median(nothing, axis=0)
    return MappingCosts(float(call[0]), float(page[0]), float(call[1]), float(page[1]))
