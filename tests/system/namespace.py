"""Network namespaces that exist as long as the test process holds them, with no name to leave behind."""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading

CLONE_NEWNET = 0x40000000


def _in_thread(work):
    outcome, failure = [], []

    def run():
        try:
            outcome.append(work())
        except BaseException as cause:  # noqa: BLE001 - raised again in the caller's thread
            failure.append(cause)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def _call(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Namespace:
    """A network namespace, kept by a descriptor; the kernel removes it and its devices with the last one."""

    def __init__(self):
        libc = ctypes.CDLL(None, use_errno=True)

        def make():
            _call(libc.unshare(CLONE_NEWNET))
            return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

        self.descriptor = _in_thread(make)
        self.path = f"/proc/{os.getpid()}/fd/{self.descriptor}"

    def run(self, work):
        """What `work` returns, called in a thread that stands in the namespace."""
        libc = ctypes.CDLL(None, use_errno=True)

        def inside():
            _call(libc.setns(self.descriptor, CLONE_NEWNET))
            return work()

        return _in_thread(inside)

    def ip(self, *words):
        line = ["ip", *words]
        return self.run(lambda: subprocess.run(line, check=True, capture_output=True, text=True).stdout)

    def close(self):
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
