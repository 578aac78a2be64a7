"""Every table of the host's collectors: keys, what is counted, what follows from it, best source first.

Times are CLOCK_MONOTONIC in ns, the clock of the kernel's BPF programs too. What a source cannot tell is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

from collectors.columns import Column, Dtype, Source


@dataclass(frozen=True, slots=True)
class Rate:
    """A column that follows from another: `of` divided by the interval in ns, times `scale`."""

    column: Column
    of: str
    scale: float


@dataclass(frozen=True, slots=True)
class HostTable:
    """One table. A row is one key within one interval, or one event where `timed` is false."""

    name: str
    row: str
    sources: tuple[Source, ...]
    keys: tuple[Column, ...]
    values: tuple[Column, ...]
    rates: tuple[Rate, ...] = ()
    timed: bool = True
    sparse: bool = False
    """Keys that did not move within an interval have no row."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns in order, but for clock and source that end every table."""
        return (*(INTERVAL if self.timed else ()), *self.keys, *self.values, *(r.column for r in self.rates))


INTERVAL = (
    Column("start_ns", "uint64", "ns", "start of the interval, CLOCK_MONOTONIC"),
    Column("interval_ns", "uint64", "ns", "length of the interval"),
)


def _column(name: str, dtype: Dtype, unit: str, meaning: str) -> Column:
    return Column(name, dtype, unit, meaning)


_CPU = _column("cpu", "int64", "", "CPU, from 0; -1: not known, or all together")
_NS = _column("ns", "float64", "ns", "time spent")
_DEVICE = _column("device", "category", "", "interface")
_QUEUE = _column("queue", "int64", "", "queue, from 0; -1: the device as a whole")
_COUNTER = _column("counter", "category", "", "the kernel's or the driver's own name")
_SHARE = Rate(_column("share", "float64", "1", "of one CPU's time in the interval"), "ns", 1.0)
_TID = _column("tid", "int64", "", "task, as the initial PID namespace numbers it")
_COMM = _column("comm", "category", "", "the task's name")


def _per_second(name: str, of: str, unit: str) -> Rate:
    return Rate(_column(name, "float64", f"{unit}/s", f"{of} per second"), of, 1e9)


SPECS: tuple[HostTable, ...] = (
    HostTable(
        "softirq",
        "one vector on one CPU; with procfs the time is of all vectors together, on rows ALL, and sampled "
        "by the scheduler's tick",
        ("bcc", "procfs"),
        (_CPU, _column("vector", "category", "", "NET_TX, NET_RX; ALL: every vector together")),
        (
            _column("count", "float64", "1", "entries into the handler"),
            _NS,
            _column("delay_ns", "float64", "ns", "sum over entries of the time from raise to entry"),
            _column("delays", "float64", "1", "entries whose raise was seen"),
        ),
        (_SHARE, _per_second("per_s", "count", "1")),
    ),
    HostTable(
        "napi",
        "polls of one device on one CPU; with procfs the device is (all): packets of every device together",
        ("bcc", "procfs"),
        (_CPU, _DEVICE),
        (
            _column("polls", "float64", "1", "calls of the poll function"),
            _column("work", "float64", "packets", "packets these polls took"),
            _column("full_budget", "float64", "1", "polls that used up their weight"),
        ),
        (_per_second("work_per_s", "work", "packets"),),
        sparse=True,
    ),
    HostTable(
        "softnet",
        "one CPU's line of /proc/net/softnet_stat",
        ("procfs",),
        (_CPU,),
        (
            _column("processed", "float64", "packets", "packets taken from NAPI and the backlog"),
            _column("dropped", "float64", "packets", "dropped on a full backlog"),
            _column("time_squeeze", "float64", "1", "net_rx_action ran out of budget or time"),
            _column("received_rps", "float64", "1", "interrupts from other CPUs for RPS"),
            _column("flow_limit", "float64", "packets", "dropped by the flow limit"),
        ),
    ),
    HostTable(
        "hardirq",
        "one interrupt line on one CPU",
        ("bcc", "procfs"),
        (
            _CPU,
            _column("irq", "category", "", "number, or the name of an architecture's own interrupt"),
            _column("action", "category", "", "who handles it, from /proc/interrupts"),
            _column("device", "category", "", "the interface it serves; empty: none"),
            _column("queue", "int64", "", "queue of that interface, from 0; -1: none, or not told"),
        ),
        (_column("count", "float64", "1", "handler calls"), _NS),
        (_SHARE, _per_second("per_s", "count", "1")),
        sparse=True,
    ),
    HostTable(
        "drops",
        "packets freed for one reason at one place on one CPU; without bcc a counter that counts drops",
        ("bcc", "procfs"),
        (
            _CPU,
            _column("reason", "category", "", "enum skb_drop_reason, or protocol.counter"),
            _column("location", "category", "", "symbol that freed the packet, or the file of the counter"),
        ),
        (_column("packets", "float64", "packets", "dropped"),),
        (_per_second("per_s", "packets", "packets"),),
        sparse=True,
    ),
    HostTable(
        "readers",
        "one task's reads from sockets on one CPU",
        ("bcc", "unavailable"),
        (_TID, _COMM, _CPU),
        (
            _column("reads", "float64", "1", "successful receive calls"),
            _column("bytes", "float64", "B", "they returned"),
        ),
        (_per_second("per_s", "reads", "1"),),
        sparse=True,
    ),
    HostTable(
        "migrations",
        "one move of a task that had read a socket",
        ("bcc", "unavailable"),
        (_column("time_ns", "uint64", "ns", "when, CLOCK_MONOTONIC"), _TID),
        (
            _column("from_cpu", "int64", "", "CPU it left"),
            _column("to_cpu", "int64", "", "CPU it was moved to"),
        ),
        timed=False,
    ),
    HostTable(
        "runqueue",
        "tasks that got one CPU after being woken; with procfs every wait counts, preempted tasks' too",
        ("bcc", "procfs", "unavailable"),
        (_CPU,),
        (
            _column("count", "float64", "1", "tasks switched to"),
            _column("delay_ns", "float64", "ns", "sum of their waits"),
        ),
    ),
    HostTable(
        "distribution",
        "how often one measure fell into one bucket, over the whole watch; 128 buckets per power of two",
        ("bcc", "unavailable"),
        (
            _column(
                "part", "category", "", "delay or time of a softirq vector, napi_work, or runqueue_delay"
            ),
            _CPU,
            _column("low_ns", "uint64", "ns", "smallest value of the bucket (packets for napi_work)"),
            _column("high_ns", "uint64", "ns", "first value beyond it"),
        ),
        (_column("count", "uint64", "1", "values in the bucket"),),
        timed=False,
    ),
    HostTable(
        "pmu",
        "one hardware event on one CPU; NaN where it cannot be opened",
        ("pmu", "unavailable"),
        (
            _CPU,
            _column("event", "category", "", "perf's name"),
            _column(
                "scope",
                "category",
                "",
                "cpu: everything there; thread: the one that reads; none",
            ),
        ),
        (_column("count", "float64", "1", "events, scaled where the counter was shared"),),
        (_per_second("per_s", "count", "1"),),
    ),
    HostTable(
        "access_latency",
        "accesses of one kind, each timed by itself, timing included (access nothing is timing alone)",
        ("measured-latency", "unavailable"),
        (
            _column("access", "category", "", "what was accessed"),
            _column("cpu", "int64", "", "CPU that accessed; -1: none"),
            _column("other_cpu", "int64", "", "CPU that wrote; -1: none"),
        ),
        (
            _column("accesses", "uint64", "1", "timed"),
            _column("p10_cycles", "float64", "cycles", "10th percentile, in cycles of the counter"),
            _column("p50_cycles", "float64", "cycles", "median"),
            _column("p90_cycles", "float64", "cycles", "90th percentile"),
            _column("ns", "float64", "ns", "median"),
        ),
        timed=False,
    ),
    HostTable(
        "cachegrind",
        "accesses of one kind to one simulated level by the engine's own instructions",
        ("cachegrind",),
        (
            _column("level", "category", "", "l1i, l1d or llc; there is no second level between"),
            _column("access", "category", "", "instruction, read or write"),
        ),
        (
            _column("frames", "uint64", "frames", "over which it was counted"),
            _column("references", "float64", "1/frame", "looked for at this level"),
            _column("misses", "float64", "1/frame", "not found there"),
        ),
        timed=False,
    ),
    HostTable(
        "protocols",
        "one counter of the network namespace",
        ("procfs",),
        (_column("protocol", "category", "", "Ip, Icmp, Tcp, Udp, TcpExt, IpExt, Ip6 …"), _COUNTER),
        (_column("count", "float64", "as the counter", "change; gauges may fall"),),
        (_per_second("per_s", "count", "1"),),
        sparse=True,
    ),
    HostTable(
        "device",
        "one of the 64-bit statistics every interface has",
        ("netlink", "procfs"),
        (_DEVICE, _COUNTER),
        (_column("count", "float64", "as the counter", "change"),),
        (_per_second("per_s", "count", "1"),),
        sparse=True,
    ),
    HostTable(
        "ethtool",
        "one statistic of the driver",
        ("ethtool", "unavailable"),
        (_DEVICE, _QUEUE, _COUNTER),
        (_column("count", "float64", "as the counter", "change"),),
        (_per_second("per_s", "count", "1"),),
        sparse=True,
    ),
    HostTable(
        "queues",
        "one queue of an interface when the watch began",
        ("netlink", "unavailable"),
        (_DEVICE, _column("direction", "category", "", "rx or tx"), _QUEUE),
        (
            _column("napi_id", "int64", "", "NAPI instance; -1: none"),
            _column("irq", "int64", "", "its interrupt; -1: none"),
            _column("pid", "int64", "", "its kernel thread where NAPI is threaded; -1: none"),
        ),
        timed=False,
    ),
    HostTable(
        "follow",
        "one move of a reader by the scheduler, and when its flow came after it",
        ("bcc",),
        (
            _column("time_ns", "uint64", "ns", "the scheduler moves it, CLOCK_MONOTONIC"),
            _TID,
            _column("from_cpu", "int64", "", "CPU it left"),
            _column("to_cpu", "int64", "", "CPU it was moved to"),
        ),
        (
            _column(
                "packet_ns", "float64", "ns", "to the flow's first packet there; NaN: none before the next"
            ),
            _column("read_ns", "float64", "ns", "to its first read there; NaN: none before the next"),
            _column(
                "late_packets", "float64", "packets", "met the stack elsewhere meanwhile; NaN as packet_ns"
            ),
            _column("told_ns", "float64", "ns", "to the engine's flow table being asked; NaN: it was not"),
        ),
        timed=False,
    ),
    HostTable(
        "follow_packets",
        "packets of the followed flow at one place; sent = received + dropped, whatever the reason",
        ("socket", "bcc", "netlink", "procfs", "engine"),
        (
            _column("place", "category", "", "sent, steered, passed, stack, received, reordered or dropped"),
            _column("reason", "category", "", "the counter of a drop; empty: none"),
        ),
        (_column("packets", "uint64", "packets", "counted there"),),
        timed=False,
    ),
    HostTable(
        "queue_statistics",
        "one counter of one queue, as the driver tells netlink",
        ("netlink", "unavailable"),
        (_DEVICE, _column("direction", "category", "", "rx or tx"), _QUEUE, _COUNTER),
        (_column("count", "float64", "as the counter", "change"),),
        (_per_second("per_s", "count", "1"),),
        sparse=True,
    ),
    HostTable(
        "observer",
        "what one BPF program, or reading the counters (sampling), cost in one interval",
        ("bcc", "procfs"),
        (_column("program", "category", "", "program's name; sampling: this process's reading thread"),),
        (_column("runs", "float64", "1", "calls"), _NS),
        (_SHARE,),
    ),
)

TABLES: dict[str, HostTable] = {spec.name: spec for spec in SPECS}
"""Every table by name."""
