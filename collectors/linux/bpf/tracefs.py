"""The kernel's list of tracepoints, mounted where nobody else sees it when nobody has mounted it.

Attaching needs the numbers in tracefs only while it happens. Where it is not mounted (or `ip netns exec`
has put a bare /sys over it), a short-lived thread mounts it in a mount namespace of its own: when the thread
ends, or the process is killed, the mount is gone with it and the machine is as it was.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from collectors.linux.unavailable import Unavailable

MOUNT_POINT = Path("/sys/kernel/tracing")
FOLDERS = (Path("/sys/kernel/debug/tracing"), MOUNT_POINT)
HOW_TO_GET = "run as root, or mount -t tracefs tracefs /sys/kernel/tracing"
CLONE_NEWNS = 0x00020000
MS_REC, MS_PRIVATE = 0x4000, 0x40000

T = TypeVar("T")


def folder() -> Path | None:
    """Where this thread sees tracefs; None: nowhere, or not with its rights."""
    for each in FOLDERS:
        try:
            if (each / "events" / "irq").is_dir():
                return each
        except OSError:
            continue
    return None


def with_tracefs(work: Callable[[], T]) -> T:
    """What `work` returns, called where tracefs can be read. Raises Unavailable, and what `work` raises."""
    if folder() is not None:
        return work()
    outcome: list[T] = []
    failure: list[BaseException] = []

    def mounted() -> None:
        try:
            _mount_privately()
            outcome.append(work())
        except BaseException as cause:  # noqa: BLE001 - raised again in the caller's thread
            failure.append(cause)

    thread = threading.Thread(target=mounted, name="rxbench-tracefs")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def _mount_privately() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    steps: tuple[Callable[[], int], ...] = (
        lambda: libc.unshare(CLONE_NEWNS),
        lambda: libc.mount(b"none", b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None),
        lambda: libc.mount(b"tracefs", str(MOUNT_POINT).encode(), b"tracefs", ctypes.c_ulong(0), None),
    )
    for step in steps:
        if step() != 0:
            reason = os.strerror(ctypes.get_errno())
            raise Unavailable(f"tracefs is not mounted and cannot be ({reason})", HOW_TO_GET)
