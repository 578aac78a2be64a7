"""Whether drivers here take XDP programs: one that passes everything, on a veth pair of a thread's own."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import shutil
import socket
import struct
import subprocess
import threading

from collectors.doctor import rights
from collectors.doctor.capability import Found

BPF_SYSCALL = {"x86_64": 321, "aarch64": 280}
# Commands and types of linux/bpf.h; XDP_FLAGS_DRV_MODE of linux/if_link.h.
PROG_LOAD, LINK_CREATE = 5, 28
PROG_TYPE_XDP, ATTACH_XDP, DRV_MODE = 6, 37, 4
CLONE_NEWNET = 0x40000000
DEVICE = "rxb-xdp"

# r0 = XDP_PASS; exit.
PASS = struct.pack("<BBhiBBhi", 0xB7, 0, 0, 2, 0x95, 0, 0, 0)


def xdp() -> Found:
    """A program in a veth driver, attached by a link and gone with it."""
    if lacking := rights.missing("CAP_BPF", "CAP_NET_ADMIN", "CAP_SYS_ADMIN"):
        return Found(False, f"lacks {' and '.join(lacking)}")
    if shutil.which("ip") is None:
        return Found(False, "ip is not installed")
    found: list[Found] = []
    # The namespace is the thread's: it ends with it, and the pair too.
    thread = threading.Thread(target=lambda: found.append(_attempt()))
    thread.start()
    thread.join()
    return found[0] if found else Found(False, "could not be tried")


def _attempt() -> Found:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        return Found(False, f"no network namespace to try it in: {os.strerror(ctypes.get_errno())}")
    made = subprocess.run(
        ["ip", "link", "add", DEVICE, "type", "veth"], check=False, capture_output=True, text=True, timeout=5
    )
    if made.returncode:
        return Found(False, f"no veth pair to try it on: {made.stderr.strip()}")
    licence = ctypes.create_string_buffer(b"GPL")
    program = ctypes.create_string_buffer(PASS)
    addresses = (ctypes.addressof(program), ctypes.addressof(licence))
    loaded = _bpf(libc, PROG_LOAD, struct.pack("<IIQQ", PROG_TYPE_XDP, len(PASS) // 8, *addresses))
    if loaded < 0:
        return Found(False, f"no program loads: {os.strerror(ctypes.get_errno())}")
    try:
        index = socket.if_nametoindex(DEVICE)
        link = _bpf(libc, LINK_CREATE, struct.pack("<IIII", loaded, index, ATTACH_XDP, DRV_MODE))
        code = ctypes.get_errno()
    finally:
        os.close(loaded)
    if link < 0:
        reason = "Linux is older than 5.9" if code == errno.EINVAL else os.strerror(code)
        return Found(False, f"veth takes no program: {reason}")
    os.close(link)
    return Found(True, "veth takes a program in its driver")


def _bpf(libc: ctypes.CDLL, command: int, attributes: bytes) -> int:
    size_bytes = 64
    number = BPF_SYSCALL.get(platform.machine(), -1)
    return int(libc.syscall(number, command, attributes.ljust(size_bytes, b"\0"), size_bytes))
