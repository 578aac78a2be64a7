"""TCP connections, each read by a thread of its own until its sender is done."""

from __future__ import annotations

import socket
import threading
import time
from types import TracebackType
from typing import Self

READ_BYTES = 1 << 20
LOOK_EVERY_S = 0.1
"""After so long a wait a thread looks whether it is to end."""


class Streams:
    """Reads so many connections, in the network namespace of who makes it, until closed.

    Raises OSError: the address is none of this host's.
    """

    def __init__(self, address: str, connections: int) -> None:
        self._listener = socket.create_server((address, 0), backlog=connections)
        self._listener.settimeout(LOOK_EVERY_S)
        self.port: int = self._listener.getsockname()[1]
        self._left = connections
        self._bytes = 0
        self._first_s = self._last_s = 0.0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._accept, args=(connections,), daemon=True)]
        self._threads[0].start()

    @property
    def bytes(self) -> int:
        """Read so far."""
        return self._bytes

    @property
    def seconds(self) -> float:
        """From the first read to the last."""
        return self._last_s - self._first_s

    def wait(self, timeout_s: float) -> bool:
        """Wait until every sender is done and all it sent is read; whether that came to be in time."""
        deadline = time.monotonic() + timeout_s
        while self._left and time.monotonic() < deadline:
            time.sleep(0.002)
        return not self._left

    def _accept(self, connections: int) -> None:
        accepted = 0
        while accepted < connections and not self._stopped.is_set():
            try:
                stream, _ = self._listener.accept()
            except TimeoutError:
                continue
            accepted += 1
            stream.settimeout(LOOK_EVERY_S)
            self._threads.append(threading.Thread(target=self._read, args=(stream,), daemon=True))
            self._threads[-1].start()

    def _read(self, stream: socket.socket) -> None:
        into = bytearray(READ_BYTES)
        with stream:
            while not self._stopped.is_set():
                try:
                    count = stream.recv_into(into)
                except TimeoutError:
                    continue
                except OSError:
                    return  # it stays one that did not end
                with self._lock:
                    if not count:
                        self._left -= 1
                        return
                    self._last_s = time.monotonic()
                    self._first_s = self._first_s or self._last_s
                    self._bytes += count

    def close(self) -> None:
        """End; safe to call twice."""
        self._stopped.set()
        self._threads[0].join()  # which makes the others
        for thread in self._threads[1:]:
            thread.join()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
