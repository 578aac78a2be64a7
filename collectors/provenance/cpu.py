"""The processors: model, microcode, frequency policy, which are left alone."""

from __future__ import annotations

import os
from dataclasses import dataclass

from collectors.provenance.files import Tree


@dataclass(frozen=True, slots=True)
class Cpu:
    """The processors as the kernel presents them; `""` or None where it does not say."""

    model: str
    microcode: str
    online: int
    usable: tuple[int, ...]
    """CPUs this process may run on."""
    smt: bool | None
    governors: tuple[str, ...]
    """Distinct cpufreq governors over all CPUs; empty where the kernel does not scale."""
    turbo: bool | None
    isolated: str
    nohz_full: str
    hypervisor: bool
    caches: dict[str, str]
    """CPU 0's caches: "L1 Data" → "32K"."""


def _first(cpuinfo: str, key: str) -> str:
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def _flag(number: int | None, *, inverted: bool = False) -> bool | None:
    return None if number is None else bool(number) != inverted


def read(tree: Tree) -> Cpu:
    """The processors' part of the environment."""
    cpuinfo = tree.text("proc/cpuinfo")
    base = "sys/devices/system/cpu"
    governors = {tree.text(str(path)) for path in tree.glob(f"{base}/cpu[0-9]*/cpufreq/scaling_governor")}
    turbo = _flag(tree.number(f"{base}/intel_pstate/no_turbo"), inverted=True)
    if turbo is None:
        turbo = _flag(tree.number(f"{base}/cpufreq/boost"))
    caches = {}
    for index in tree.glob(f"{base}/cpu0/cache/index*"):
        level, kind = tree.text(f"{index}/level"), tree.text(f"{index}/type")
        caches[f"L{level} {kind}"] = tree.text(f"{index}/size")
    return Cpu(
        model=_first(cpuinfo, "model name"),
        microcode=_first(cpuinfo, "microcode"),
        online=os.cpu_count() or 1,
        usable=tuple(sorted(os.sched_getaffinity(0))),
        smt=_flag(tree.number(f"{base}/smt/active")),
        governors=tuple(sorted(governors - {""})),
        turbo=turbo,
        isolated=tree.text(f"{base}/isolated"),
        nohz_full=tree.text(f"{base}/nohz_full").replace("(null)", ""),
        hypervisor="hypervisor" in _first(cpuinfo, "flags").split(),
        caches=caches,
    )
