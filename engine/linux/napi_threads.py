"""Threaded NAPI of a TAP: one kernel thread per queue, pinned, so that the queue decides the CPU.

All threads of a device bear one name, and netlink tells no number of theirs, for a TAP's instances have no id
(`netif_napi_add_tx`). Which belongs to which queue is found out by trying: a frame nobody wants is written to
a queue, and one thread wakes.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from engine import _core
from engine.linux.namespace import CLONE_NEWNET, Namespace

CLONE_NEWNS = 0x00020000  # linux/sched.h
MS_REC, MS_PRIVATE = 0x4000, 0x40000  # linux/mount.h
_LIBC = ctypes.CDLL(None, use_errno=True)

PROBE = bytes(12) + b"\x88\xb5" + bytes(46)
"""To nobody, of an EtherType for local experiments (IEEE 802): the kernel drops it."""
TRIES = 200
WAIT_S = 0.005


def start(namespace: Namespace, tap: _core.Tap) -> list[int]:
    """Let each queue of a device that is up be polled by a thread of its own; the threads' numbers, by queue.

    Raises
    ------
    OSError : this kernel has no threaded NAPI (Linux 5.12), or its threads do not answer.
    """
    before = set(_threads(tap.name))
    write_setting(namespace, tap.name, "threaded", "1")
    candidates = [pid for pid in _threads(tap.name) if pid not in before]
    return [_of_queue(tap, queue, candidates) for queue in range(tap.queues)]


def pin(threads: Sequence[int], cpus: Sequence[int]) -> None:
    """Keep each queue's thread on its CPU; `cpus` in turn."""
    for at, thread in enumerate(threads):
        os.sched_setaffinity(thread, {cpus[at % len(cpus)]})


def write_setting(namespace: Namespace, device: str, name: str, value: str) -> None:
    """Write a file of /sys/class/net in a namespace: sysfs shows that of the thread that mounted it.

    Raises
    ------
    OSError : what the kernel answers.
    """
    failure: list[OSError] = []

    def work() -> None:
        try:
            _call(_LIBC.setns(namespace.descriptor, CLONE_NEWNET))
            # A mount namespace of this thread alone, gone with it.
            _call(_LIBC.unshare(CLONE_NEWNS))
            _call(_LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
            _call(_LIBC.mount(b"sysfs", b"/sys", b"sysfs", 0, None))
            Path("/sys/class/net", device, name).write_text(value)
        except OSError as error:
            failure.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if failure:
        cause = failure[0]
        raise OSError(cause.errno, f"cannot be set to {value}: {cause.strerror}", f"{device}/{name}")


def _call(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _threads(device: str) -> list[int]:
    """Kernel threads that poll a device of this name; another namespace's may be among them."""
    comm = f"napi/{device}-0"[:15]
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "comm").read_text().strip() == comm:
                found.append(int(entry.name))
        except OSError:
            continue  # it has ended meanwhile
    return sorted(found)


def _woken(thread: int) -> int:
    """How often a thread went to sleep."""
    for line in Path(f"/proc/{thread}/status").read_text().splitlines():
        if line.startswith("voluntary_ctxt_switches"):
            return int(line.split()[1])
    return 0


def _of_queue(tap: _core.Tap, queue: int, candidates: Sequence[int]) -> int:
    for _ in range(TRIES):
        before = {thread: _woken(thread) for thread in candidates}
        tap.write(queue, PROBE)
        time.sleep(WAIT_S)
        awake = [thread for thread in candidates if _woken(thread) != before[thread]]
        if len(awake) == 1:
            return awake[0]
    raise OSError(5, f"no thread polls queue {queue} alone", tap.name)
