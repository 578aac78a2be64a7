"""Every column of every table of a run: name, dtype, unit, meaning. Tables are checked against this.

`clock` says whose time it is; `source` says where a figure comes from. Times in virtual time are sums of
modelled costs, so every table of times is `model`. Tables of the Linux host are declared with the same words
in `collectors.linux.columns`; `docs/reference/tables.md` has both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Dtype = Literal["int64", "uint64", "float64", "category", "str"]
Clock = Literal["virtual", "real"]
Source = Literal[
    "engine",
    "model",
    "bcc",
    "procfs",
    "netlink",
    "ethtool",
    "socket",
    "pmu",
    "measured-latency",
    "cachegrind",
    "unavailable",
]

CLOCKS: tuple[Clock, ...] = ("virtual", "real")
MEANINGS: dict[Source, str] = {
    "engine": "counted, or timed, by the engine while real bytes moved",
    "model": "computed from the cost table or the cache model",
    "bcc": "BPF programs on the kernel's tracepoints",
    "procfs": "files of /proc and /sys",
    "netlink": "the kernel's answers over rtnetlink and generic netlink",
    "ethtool": "a driver's own statistics",
    "socket": "what a program's own socket calls told it",
    "pmu": "the processor's event counters, through perf_event_open",
    "measured-latency": "single memory accesses timed with the processor's cycle counter",
    "cachegrind": "instructions of the engine run one by one through valgrind's model of caches",
    "unavailable": "nothing on this machine tells it",
}
"""What each source is."""
SOURCES: tuple[Source, ...] = get_args(Source)


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    dtype: Dtype
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table: what a row is, where it comes from in virtual time, its columns in order."""

    name: str
    source: Source
    row: str
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def _table(name: str, source: Source, row: str, *columns: tuple[str, Dtype, str, str]) -> TableSpec:
    return TableSpec(name, source, row, tuple(Column(*column) for column in columns))


ORIGIN = (
    Column("clock", "category", "", "whose time it is: virtual or real"),
    Column("source", "category", "", "where the figures come from, one of the words above"),
)
"""The last two columns of every table."""

_CPU: tuple[str, Dtype, str, str] = ("cpu", "int64", "", "CPU, from 0")
_QUEUE: tuple[str, Dtype, str, str] = (
    "queue",
    "int64",
    "",
    "receive queue, from 0; -1: before one was chosen",
)
_FRAME: tuple[str, Dtype, str, str] = ("frame", "uint64", "", "frame, from 0, in order of arrival")

SPECS: tuple[TableSpec, ...] = (
    _table(
        "cpu",
        "model",
        "what one CPU did in one context",
        _CPU,
        ("context", "category", "", "hardirq, softirq, ksoftirqd, task or idle"),
        ("ns", "float64", "ns", "time spent"),
        ("share", "float64", "1", "of the elapsed time"),
    ),
    _table(
        "timeline",
        "model",
        "one CPU in one context within one bin of time",
        ("bin_start_ns", "uint64", "ns", "start of the bin"),
        ("bin_ns", "uint64", "ns", "width of the bin"),
        _CPU,
        ("context", "category", "", "hardirq, softirq, ksoftirqd or task"),
        ("ns", "float64", "ns", "time spent"),
    ),
    _table(
        "queues",
        "engine",
        "one receive queue; rx_frames = delivered + dropped + pending + consumed",
        _QUEUE,
        ("cpu", "int64", "", "CPU its interrupt goes to; -1: none"),
        ("rx_frames", "uint64", "frames", "arrived for this queue"),
        ("rx_bytes", "uint64", "B", "of those frames"),
        ("delivered", "uint64", "frames", "delivered to a socket, or forwarded"),
        ("dropped", "uint64", "frames", "dropped, for whatever reason"),
        ("pending", "uint64", "frames", "still under way"),
        ("consumed", "uint64", "frames", "merged into another frame, or handled by the host itself"),
        ("interrupts", "uint64", "1", "raised"),
        ("ring_size", "uint64", "descriptors", "of the receive ring"),
        ("ring_waiting", "uint64", "frames", "in the ring when the run ended"),
    ),
    _table(
        "drops",
        "engine",
        "frames one layer dropped for one reason on one queue",
        _QUEUE,
        ("layer", "category", "", "where"),
        ("reason", "category", "", "why, in Linux' words where it has one"),
        ("frames", "uint64", "frames", "dropped"),
    ),
    _table(
        "cache",
        "model",
        "one layer's accesses to one level of cache on one CPU",
        ("cpu", "int64", "", "CPU, from 0; -1: the interface's DMA"),
        ("layer", "category", "", "who accessed"),
        ("level", "category", "", "l1d, l2 or llc"),
        ("accesses", "uint64", "lines", "lines looked for at this level"),
        ("misses", "uint64", "lines", "not found there"),
        ("remote", "uint64", "lines", "on llc rows: fetched from another CPU's private cache"),
        ("stall_ns", "float64", "ns", "on l1d rows: time lost, whichever level answered"),
    ),
    _table(
        "latency",
        "model",
        "frames whose latency in one part of the way fell into one bucket",
        (
            "part",
            "category",
            "",
            "nic, ring, stack, socket or total; total counts from the intended send time to the read",
        ),
        _QUEUE,
        ("low_ns", "uint64", "ns", "smallest value of the bucket"),
        ("high_ns", "uint64", "ns", "first value beyond it"),
        ("frames", "uint64", "frames", "in the bucket"),
    ),
    _table(
        "ledger",
        "model",
        "what an operation cost on one CPU for one queue; per CPU the rows add up to its busy time",
        ("layer", "category", "", "whose operation"),
        ("op", "category", "", "layer.operation"),
        _CPU,
        _QUEUE,
        ("count", "uint64", "1", "how often"),
        ("op_ns", "float64", "ns", "from the cost table"),
        ("cache_ns", "float64", "ns", "stalls of the cache model"),
        ("ns", "float64", "ns", "op_ns + cache_ns"),
    ),
    _table(
        "flows",
        "engine",
        "one flow",
        ("flow", "int64", "", "number, in order of first appearance"),
        ("version", "int64", "", "of IP: 4 or 6; 0: none"),
        ("protocol", "int64", "", "IP protocol"),
        ("source_address", "str", "", "source address"),
        ("destination", "str", "", "destination address"),
        ("source_port", "int64", "", "source port"),
        ("destination_port", "int64", "", "destination port"),
        ("queue", "int64", "", "of its last frame"),
        ("cpu", "int64", "", "that handled its last frame"),
        ("app", "int64", "", "application that reads it; -1: none"),
        ("delivered", "uint64", "frames", "delivered to its socket"),
        ("bytes", "uint64", "B", "of payload delivered"),
        ("dropped", "uint64", "frames", "dropped"),
        ("reordered", "uint64", "frames", "that came to the socket after a later one"),
        ("queue_moves", "uint64", "1", "changes of queue"),
        ("priority", "int64", "", "of its socket: 0 to 15"),
        ("steered_queue", "int64", "", "where its rule in the flow table sends it; -1: it has none"),
        ("hits", "uint64", "frames", "delivered that a rule had sent"),
        ("first_ns", "int64", "ns", "first frame"),
        ("last_ns", "int64", "ns", "last frame"),
    ),
    _table(
        "tcp",
        "model",
        "one flow of a TCP sender, beside the socket that receives it",
        ("stream", "int64", "", "stream of senders, by its place in the scenario"),
        ("flow", "int64", "", "number within the stream"),
        ("source_address", "str", "", "sender's address"),
        ("source_port", "int64", "", "sender's port"),
        ("congestion", "category", "", "newreno or cubic"),
        ("mss_bytes", "uint64", "B", "payload of a full segment"),
        ("size_bytes", "int64", "B", "to send; -1: no end"),
        ("acked_bytes", "uint64", "B", "sent and acknowledged"),
        ("delivered_bytes", "uint64", "B", "of payload that reached the socket"),
        ("flight_bytes", "uint64", "B", "sent and not acknowledged"),
        ("cwnd_bytes", "uint64", "B", "congestion window"),
        ("ssthresh_bytes", "int64", "B", "slow start threshold; -1: none yet"),
        ("srtt_ns", "int64", "ns", "smoothed round-trip time; -1: none measured"),
        ("segments", "uint64", "segments", "sent, all of them"),
        ("retransmits", "uint64", "segments", "of these, sent again"),
        ("probes", "uint64", "segments", "of these, probes of a closed window"),
        ("acks_sent", "uint64", "acks", "by the receiver"),
        ("acks_received", "uint64", "acks", "by the sender"),
        ("duplicate_acks", "uint64", "acks", "of these, duplicates"),
        ("recoveries", "uint64", "1", "fast recoveries"),
        ("timeouts", "uint64", "1", "retransmission timeouts"),
        ("rounds", "uint64", "1", "round trips begun"),
        ("slow_start_rounds", "uint64", "1", "the one in which slow start ended first; 0: it has not"),
        ("largest_burst", "uint64", "segments", "most that one acknowledgement released"),
        ("start_ns", "int64", "ns", "first segment; -1: not begun"),
        ("slow_start_end_ns", "int64", "ns", "slow start ended; -1: it has not"),
        ("done_ns", "int64", "ns", "everything was acknowledged; -1: not so"),
        ("goodput_bps", "float64", "bit/s", "acknowledged bytes over the time from the first segment"),
    ),
    _table(
        "events",
        "model",
        "something that happened once",
        ("time_ns", "uint64", "ns", "when"),
        _CPU,
        _QUEUE,
        (
            "event",
            "category",
            "",
            "interrupt, ipi, time_squeeze, ksoftirqd_woken, cpu_unplugged, or task_woken, _slept, _migrated",
        ),
        ("task", "int64", "", "task; -1: none"),
        ("target_cpu", "int64", "", "CPU concerned; -1: none"),
    ),
    _table(
        "counters",
        "engine",
        "one declared counter of one queue, the card, one CPU or the host",
        ("stage", "category", "", "who counts"),
        ("name", "category", "", "counter"),
        ("unit", "category", "", "of the value"),
        ("scope", "category", "", "queue, nic, cpu or host"),
        ("index", "int64", "", "which of them"),
        ("value", "uint64", "as unit says", "counted"),
    ),
    _table(
        "trace",
        "model",
        "one point on the way of a traced frame",
        _FRAME,
        ("time_ns", "uint64", "ns", "when it got there"),
        _CPU,
        _QUEUE,
        ("point", "category", "", "wire, ring, napi, backlog, process_backlog, ip, socket, app, verdict …"),
        ("detail", "str", "", "what was decided there"),
    ),
    _table(
        "verdicts",
        "engine",
        "where one frame ended",
        _FRAME,
        ("verdict", "category", "", "delivered, dropped, pending or consumed"),
        ("reason", "category", "", "of a drop; empty: none"),
        ("out", "int64", "", "index among the frames handed to the host; -1: none"),
    ),
    _table(
        "handed",
        "engine",
        "one frame handed to the host",
        ("out", "uint64", "", "index among the frames handed"),
        _FRAME,
        _QUEUE,
        ("segments", "uint64", "1", "frames of the wire in it"),
        ("gso_bytes", "uint64", "B", "TCP payload of each but perhaps the last of them; 0: not merged"),
    ),
    _table(
        "op_times",
        "engine",
        "what one operation took on one CPU, in the rounds that were timed",
        _CPU,
        ("op", "category", "", "layer.operation"),
        ("frames", "uint64", "frames", "taken in the timed rounds, by all operations"),
        ("units", "uint64", "1", "units done, as table ledger counts them"),
        ("laps", "uint64", "1", "stretches of work timed; each holds one look at the clock"),
        ("ns", "float64", "ns", "of all laps together, the clock's own cost included"),
        ("lap_cost_ns", "float64", "ns", "what a lap takes that has no work in it"),
        ("lap_p10_ns", "float64", "ns", "of a lap: a tenth are not longer"),
        ("lap_p50_ns", "float64", "ns", "of a lap: the median"),
        ("lap_p90_ns", "float64", "ns", "of a lap: a tenth are longer"),
    ),
    _table(
        "rounds",
        "engine",
        "rounds of one thread with so many frames that were not timed by operation",
        (
            "cpu",
            "int64",
            "",
            "CPU, from 0: rings, softirq, applications; -1: the NIC's thread, a batch of frames",
        ),
        ("frames", "uint64", "frames", "in the round; 256: or more"),
        ("rounds", "uint64", "1", "rounds"),
        ("p10_ns", "uint64", "ns", "of a round: a tenth are not longer"),
        ("p50_ns", "uint64", "ns", "of a round: the median"),
        ("p90_ns", "uint64", "ns", "of a round: a tenth are longer"),
    ),
    _table(
        "delivered",
        "model",
        "one frame delivered to a socket or forwarded, in order",
        ("out", "int64", "", "index among the frames handed to the host"),
        _FRAME,
        _QUEUE,
        _CPU,
        ("time_ns", "uint64", "ns", "when"),
        ("payload_bytes", "uint64", "B", "of layer 4"),
        ("segments", "uint64", "1", "frames of the wire in it"),
    ),
)

TABLES: dict[str, TableSpec] = {spec.name: spec for spec in SPECS}
"""Every table by name."""

RENAMED = {"flows": {"source": "source_address"}, "tcp": {"source": "source_address"}}
"""Columns the core names otherwise: `source` means the origin of figures here."""
