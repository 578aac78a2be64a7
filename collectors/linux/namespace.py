"""Network namespaces without a name: they exist as long as a descriptor is open, and leave nothing behind.

A namespace is entered by a thread of its own: the caller's stays where it was.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from collectors.doctor import rights
from collectors.linux.unavailable import Unavailable

CLONE_NEWNET = 0x40000000

T = TypeVar("T")


class Namespace:
    """A new network namespace. The kernel removes it, and what is in it, with its last descriptor.

    Raises
    ------
    Unavailable : the right to make one is missing.
    """

    def __init__(self) -> None:
        if lacking := rights.missing("CAP_SYS_ADMIN"):
            raise Unavailable(f"a network namespace needs {lacking[0]}", "run as root")

        def make() -> int:
            _call("unshare", CLONE_NEWNET)
            return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

        self.descriptor = _in_thread(make)

    @property
    def inode(self) -> int:
        """Its number, as BPF programs see it (`ns.inum`)."""
        return os.fstat(self.descriptor).st_ino

    def run(self, work: Callable[[], T]) -> T:
        """What `work` returns, called in a thread that stands in the namespace. Raises what it raises."""

        def inside() -> T:
            _call("setns", self.descriptor, CLONE_NEWNET)
            return work()

        return _in_thread(inside)

    def close(self) -> None:
        """Let go of it; safe to call twice."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def __enter__(self) -> Namespace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _in_thread(work: Callable[[], T]) -> T:
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as cause:  # noqa: BLE001 - raised again in the caller's thread
            failure.append(cause)

    thread = threading.Thread(target=run, name="rxbench-namespace")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def _call(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
