"""Everything that is looked for, in the order it is shown. A capability is added here and nowhere else."""

from __future__ import annotations

from collectors.doctor import cpu, kernel, leftovers, programs, xdp
from collectors.doctor.capability import Capability, Probe

PROBES: tuple[Probe, ...] = (
    Probe(
        "cpus",
        cpu.cpus,
        "real time: sender and receiver on threads of their own (virtual time needs one)",
        "allow this process more CPUs: taskset, cpuset or the container's limit",
    ),
    Probe(
        "tsc",
        cpu.tsc,
        "real time by the processor's counter; by the system's clock, which costs more to read, without it",
        "bare metal, or a guest that is told of an invariant counter",
    ),
    Probe("avx2", cpu.avx2, "vectorised hashing; a portable form runs without it", ""),
    Probe("avx512", cpu.avx512, "wider vectorised hashing; AVX2 or a portable form runs without it", ""),
    Probe("gfni", cpu.gfni, "Toeplitz as a matrix product; a table-driven form runs without it", ""),
    Probe("vaes", cpu.vaes, "several AES blocks at once; one at a time without it", ""),
    Probe("hugepages", cpu.hugepages, "the DPDK peer in the benchmarks", "sysctl vm.nr_hugepages=1024"),
    Probe(
        "pmu",
        kernel.pmu,
        "measured cache misses (source pmu); without it they are modelled and say so",
        "bare metal, or a guest with a virtual PMU; sysctl kernel.perf_event_paranoid=2 or lower",
    ),
    Probe(
        "bcc",
        kernel.bcc,
        "softirq times, drops and migrations of the Linux host (source bcc)",
        "apt install python3-bpfcc (the PyPI package bcc is something else); run as root",
    ),
    Probe(
        "btf",
        kernel.btf,
        "BPF programs where no kernel headers of this very release are installed",
        "a kernel with CONFIG_DEBUG_INFO_BTF=y, as distributions ship it",
    ),
    Probe(
        "bpftool",
        programs.bpftool,
        "making headers for BPF programs from BTF",
        "apt install bpftool",
    ),
    Probe(
        "tracepoints",
        kernel.tracepoints,
        "softirq entry and exit times of the Linux host",
        "mount -t tracefs tracefs /sys/kernel/tracing; run as root",
    ),
    Probe(
        "tap",
        kernel.tap,
        "real time with this kernel as the host, behind a multi-queue TAP",
        "modprobe tun; run as root or with CAP_NET_ADMIN",
    ),
    Probe(
        "af_xdp",
        kernel.af_xdp,
        "real time with frames taken before the kernel's stack",
        "a kernel with CONFIG_XDP_SOCKETS; run as root or with CAP_NET_RAW",
    ),
    Probe(
        "af_packet",
        kernel.af_packet,
        "real time with frames taken beside the kernel's own receiving",
        "a kernel with CONFIG_PACKET; run as root or with CAP_NET_RAW",
    ),
    Probe(
        "settings",
        kernel.settings,
        "changing an interface's settings: `rxbench target`, engine.control",
        "run as root or with CAP_NET_ADMIN",
    ),
    Probe(
        "interrupts",
        kernel.interrupts,
        "sending the interrupts of a card's queues to CPUs: irq_cpus of `rxbench target`",
        "a card with an interrupt for each queue (PCI MSI-X); systemctl stop irqbalance; run as root",
    ),
    Probe(
        "xdp",
        xdp.xdp,
        "a flow that follows its reader within the kernel (native XDP and a cpumap)",
        "a kernel with CONFIG_BPF_SYSCALL and Linux 5.9; apt install iproute2; run as root",
    ),
    Probe(
        "namespaces",
        kernel.namespaces,
        "recording captures, and tests against this kernel",
        "apt install iproute2 util-linux; run as root or with CAP_SYS_ADMIN",
    ),
    Probe(
        "zero_copy",
        kernel.zero_copy,
        "what this kernel maps of a TCP stream into its reader (TCP_ZEROCOPY_RECEIVE)",
        "Linux 4.18, with CONFIG_MMU",
    ),
    Probe(
        "no_leftovers",
        leftovers.none_left,
        "measuring undisturbed: programs and interfaces of runs that were killed are still there",
        "the next run with this kernel as the host names and removes them",
    ),
    Probe(
        "realtime",
        kernel.realtime,
        "tests that must write everything before the kernel looks at any of it",
        "run as root or with CAP_SYS_NICE, in a cgroup that may have real-time tasks",
    ),
    Probe(
        "tshark",
        programs.tshark,
        "judging `rxbench dissect` against an independent dissector",
        "apt install tshark",
    ),
    Probe(
        "iperf3",
        programs.iperf3,
        "an unmodified program as the load through the engine",
        "apt install iperf3",
    ),
    Probe(
        "ping",
        programs.ping,
        "an unmodified program as the load through the engine",
        "apt install iputils-ping",
    ),
    Probe(
        "curl",
        programs.curl,
        "an unmodified program as the load through the engine",
        "apt install curl",
    ),
    Probe(
        "ethtool",
        programs.ethtool,
        "judging what rxbench reads from a driver; rxbench itself asks the kernel",
        "apt install ethtool",
    ),
    Probe(
        "valgrind",
        programs.valgrind,
        "cache misses of the engine by simulation of its instructions (source cachegrind)",
        "apt install valgrind",
    ),
    Probe("dpdk", programs.dpdk, "the peer in the benchmarks", "apt install libdpdk-dev pkg-config gcc"),
    Probe(
        "cargo",
        programs.cargo,
        "`rxbench bench`, and building the core",
        "https://rustup.rs, or apt install cargo",
    ),
    Probe("chromium", programs.chromium, "the browser test of JupyterLab", "apt install chromium"),
)


def survey() -> list[Capability]:
    """Try everything once, in a fixed order. Never raises, leaves nothing behind."""
    return [probe.attempt() for probe in PROBES]
