"""Kernel interfaces, each really tried and left as it was."""

from __future__ import annotations

import ctypes
import errno
import importlib.util
import mmap
import os
import platform
import shutil
import socket
import struct
import subprocess
from pathlib import Path

from collectors.doctor import rights
from collectors.doctor.capability import Found
from engine.linux.settings import irq

# perf_event_open(2); PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES, and PERF_ATTR_SIZE_VER0.
PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
HARDWARE, CACHE_MISSES, ATTR_SIZE = 0, 3, 64
DISABLED, EXCLUDE_KERNEL, EXCLUDE_HV = 1 << 0, 1 << 5, 1 << 6

AF_XDP = 44  # socket.AF_XDP is not in Python 3.11
DEBIAN_BCC = Path("/usr/lib/python3/dist-packages/bcc")
BTF = Path("/sys/kernel/btf/vmlinux")
TRACEFS = (Path("/sys/kernel/tracing"), Path("/sys/kernel/debug/tracing"))
SOFTIRQ_ENTRY = "events/irq/softirq_entry/id"


def pmu() -> Found:
    """A hardware cache-miss counter of this process, opened and closed again."""
    libc = ctypes.CDLL(None, use_errno=True)
    flags = DISABLED | EXCLUDE_KERNEL | EXCLUDE_HV
    attr = struct.pack("<IIQQQQQ", HARDWARE, ATTR_SIZE, CACHE_MISSES, 0, 0, 0, flags).ljust(ATTR_SIZE, b"\0")
    descriptor = libc.syscall(PERF_EVENT_OPEN[platform.machine()], attr, 0, -1, -1, 0)
    if descriptor >= 0:
        os.close(descriptor)
        return Found(True, "a cache-miss counter opens")
    error = ctypes.get_errno()
    if error == errno.ENOENT:
        return Found(False, "no hardware counters behind perf_event_open here")
    return Found(False, os.strerror(error))


def _bcc_package() -> tuple[bool, str]:
    """Whether the BPF Compiler Collection's Python package is here, and which one that is."""
    if (DEBIAN_BCC / "libbcc.py").exists():
        return True, "Debian's python3-bpfcc"
    spec = importlib.util.find_spec("bcc")
    if spec is None:
        return False, "bcc is not installed"
    if any((Path(folder) / "libbcc.py").exists() for folder in spec.submodule_search_locations or ()):
        return True, "bcc on the import path"
    return False, "a package named bcc that is not the BPF Compiler Collection"


def bcc() -> Found:
    """The BPF Compiler Collection, the kernel's type information, and the right to load programs."""
    present, package = _bcc_package()
    problems = [] if present else [package]
    types = "BTF present"
    if not BTF.exists():
        from collectors.linux.bpf import headers  # which takes a second to load

        types = "this kernel's headers present"
        if not headers.installed(platform.release()):
            problems.append("no BTF in this kernel, and no headers of it")
    if lacking := rights.missing("CAP_BPF", "CAP_PERFMON"):
        problems.append(f"lacks {' and '.join(lacking)}")
    return Found(not problems, "; ".join(problems) or f"{package}, {types}")


def btf() -> Found:
    """The kernel's description of its own types."""
    size_bytes = len(BTF.read_bytes())
    return Found(size_bytes > 0, f"{size_bytes / 1e6:.1f} MB of types")


def tap() -> Found:
    """/dev/net/tun opens, and devices may be made on it."""
    os.close(os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC))
    if lacking := rights.missing("CAP_NET_ADMIN"):
        return Found(False, f"/dev/net/tun opens, but lacks {lacking[0]}")
    return Found(True, "/dev/net/tun opens")


def af_xdp() -> Found:
    """A socket of the AF_XDP family."""
    socket.socket(AF_XDP, socket.SOCK_RAW, 0).close()
    return Found(True, "a socket opens")


def af_packet() -> Found:
    """A packet socket."""
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    return Found(True, "a socket opens")


def settings() -> Found:
    """The right to change an interface's settings."""
    lacking = rights.missing("CAP_NET_ADMIN")
    return Found(not lacking, f"lacks {lacking[0]}" if lacking else "may be changed")


def interrupts() -> Found:
    """A card here whose queues' interrupts can be sent to CPUs."""
    devices = sorted(each.name for each in Path("/sys/class/net").iterdir())
    names = [device for device in devices if irq.lines(device)]
    if not names:
        return Found(False, "no card here has interrupts of its own")
    reasons = [why for device in names if (why := irq.why_not(device))]
    if reasons:
        return Found(False, reasons[0])
    files = [irq.file_of(line) for device in names for line, _ in irq.lines(device).values()]
    writable = all(os.access(path, os.W_OK) for path in files)
    return Found(writable, f"of {', '.join(names)}" if writable else "only root may write smp_affinity_list")


def namespaces() -> Found:
    """A network namespace of a child's own."""
    program = shutil.which("unshare")
    if program is None:
        return Found(False, "unshare is not installed")
    done = subprocess.run([program, "--net", "true"], check=False, capture_output=True, text=True, timeout=5)
    return Found(done.returncode == 0, done.stderr.strip().removeprefix("unshare: ") or "a child got its own")


def zero_copy() -> Found:
    """A TCP socket has a range of addresses (tcp_mmap, net/ipv4/tcp.c)."""
    with socket.socket() as stream:
        mmap.mmap(stream.fileno(), mmap.PAGESIZE, mmap.MAP_SHARED, mmap.PROT_READ).close()
    return Found(True, "a TCP socket was mapped")


def realtime() -> Found:
    """This thread under a real-time policy for a moment (sched(7))."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    os.sched_setscheduler(0, *before)
    return Found(True, "SCHED_FIFO can be had")


def tracepoints() -> Found:
    """The softirq tracepoints can be read."""
    for folder in TRACEFS:
        if (folder / "events").exists():
            return Found(True, f"softirq_entry has id {(folder / SOFTIRQ_ENTRY).read_text().strip()}")
    known = "\ttracefs" in Path("/proc/filesystems").read_text()
    if known and not rights.missing("CAP_SYS_ADMIN"):
        # As collectors.linux.bpf.tracefs does, where nobody else sees it.
        return Found(True, "tracefs is not mounted; whoever needs it mounts it for itself alone")
    return Found(False, "tracefs is not mounted, or not readable by this user")
