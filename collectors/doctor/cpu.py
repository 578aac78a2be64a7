"""Processors: how many, what instructions, what pages."""

from __future__ import annotations

import os
from pathlib import Path

from collectors.doctor.capability import Found

CPUINFO = Path("/proc/cpuinfo")


def flags(cpuinfo: str) -> frozenset[str]:
    """The first processor's feature flags in the text of /proc/cpuinfo (`Features` on arm64)."""
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            return frozenset(value.split())
    return frozenset()


def _instructions(*wanted: str) -> Found:
    present = flags(CPUINFO.read_text())
    lacking = [flag for flag in wanted if flag not in present]
    return Found(not lacking, f"no {', '.join(lacking)} in /proc/cpuinfo" if lacking else "present")


def avx2() -> Found:
    """256-bit integer vectors."""
    return _instructions("avx2")


def avx512() -> Found:
    """512-bit vectors, in the four sets that servers have together."""
    return _instructions("avx512f", "avx512bw", "avx512dq", "avx512vl")


def gfni() -> Found:
    """Galois-field instructions."""
    return _instructions("gfni")


def vaes() -> Found:
    """Vector AES."""
    return _instructions("vaes")


def tsc() -> Found:
    """A time stamp counter that neither stops nor changes its rate."""
    return _instructions("constant_tsc", "nonstop_tsc")


def cpus() -> Found:
    """At least two processors this process may use."""
    usable, online = len(os.sched_getaffinity(0)), os.cpu_count() or 1
    smt = Path("/sys/devices/system/cpu/smt/active")
    threads = "SMT on" if smt.exists() and smt.read_text().strip() == "1" else "SMT off"
    return Found(usable >= 2, f"{usable} usable of {online} online, {threads}")


def hugepages() -> Found:
    """Reserved huge pages that are free."""
    values = {}
    for line in Path("/proc/meminfo").read_text().splitlines():
        key, _, value = line.partition(":")
        values[key] = int(value.split()[0])
    free, total, size_kib = values["HugePages_Free"], values["HugePages_Total"], values["Hugepagesize"]
    return Found(free > 0, f"{free} free of {total}, {size_kib} KiB each")
