"""The kernel: release, the boot parameters that move a measurement, mitigations, network settings."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from collectors.provenance.files import Tree

# Documentation/admin-guide/kernel-parameters.txt: what changes CPU time, timers, memory or interrupts.
# Others may name a host, a disk or a person, and are only counted.
_WORDS = """
    amd_iommu amd_pstate clocksource cpuidle.off default_hugepagesz hpet hugepages hugepagesz idle
    intel_idle.max_cstate intel_iommu intel_pstate iommu irqaffinity isolcpus kpti l1tf maxcpus mce
    mds mitigations nmi_watchdog no_hz nohz nohz_full nokaslr nopti nosmt nospectre_v1 nospectre_v2
    nosoftlockup nowatchdog nr_cpus numa numa_balancing preempt processor.max_cstate pti rcu_nocbs
    rcu_nocb_poll rcupdate.rcu_expedited retbleed skew_tick spec_store_bypass_disable spectre_v2
    srso threadirqs transparent_hugepage tsc tsx tsx_async_abort
"""
BOOT_PARAMETERS = frozenset(_WORDS.split())

SETTINGS = (
    "kernel/numa_balancing",
    "kernel/perf_event_paranoid",
    "kernel/sched_rt_runtime_us",
    "net/core/busy_poll",
    "net/core/busy_read",
    "net/core/dev_weight",
    "net/core/gro_normal_batch",
    "net/core/netdev_budget",
    "net/core/netdev_budget_usecs",
    "net/core/netdev_max_backlog",
    "net/core/rmem_default",
    "net/core/rmem_max",
    "net/core/rps_sock_flow_entries",
    "net/core/xfrm_larval_drop",
    "net/ipv4/tcp_congestion_control",
    "net/ipv4/tcp_rmem",
)


@dataclass(frozen=True, slots=True)
class Kernel:
    """The running kernel and how it was told to run."""

    release: str
    build: str
    machine: str
    boot_parameters: tuple[str, ...]
    """Of the command line, what changes a measurement, in its order."""
    boot_parameters_left_out: int
    mitigations: dict[str, str]
    """Vulnerability → the kernel's answer, from /sys/devices/system/cpu/vulnerabilities."""
    clocksource: str
    settings: dict[str, str]
    """sysctl name → value, for those that exist."""


def read(tree: Tree) -> Kernel:
    """The kernel's part of the environment."""
    command_line = tree.text("proc/cmdline").split()
    kept = tuple(word for word in command_line if word.partition("=")[0] in BOOT_PARAMETERS)
    vulnerabilities = tree.glob("sys/devices/system/cpu/vulnerabilities/*")
    values = {path.replace("/", "."): " ".join(tree.text(f"proc/sys/{path}").split()) for path in SETTINGS}
    return Kernel(
        release=platform.release(),
        build=platform.version(),
        machine=platform.machine(),
        boot_parameters=kept,
        boot_parameters_left_out=len(command_line) - len(kept),
        mitigations={path.name: tree.text(str(path)) for path in vulnerabilities},
        clocksource=tree.text("sys/devices/system/clocksource/clocksource0/current_clocksource"),
        settings={name: value for name, value in values.items() if value},
    )
