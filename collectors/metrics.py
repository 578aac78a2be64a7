"""One run in figures: every metric's name, unit and meaning, and how it follows from the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from collectors.columns import Clock, Source
from collectors.datapath import cache as caches
from collectors.datapath import cpu as cpus
from collectors.datapath import flows as flow_rows
from collectors.datapath import latency as latencies
from collectors.datapath import queues as queue_rows
from engine.run import Stats


@dataclass(frozen=True, slots=True)
class Metric:
    """What a figure means; `better` is the direction of improvement, 0 where there is none."""

    name: str
    unit: str
    meaning: str
    source: Source
    better: int = 0


NEEDED = ("cpu", "queues", "drops", "cache", "latency", "flows")
"""The tables the metrics follow from; `cache` is the model's, and not there in real time."""
OF_CACHE = ("llc_misses_per_frame", "l2_misses_per_frame", "remote_lines_per_frame")
"""The metrics that follow from `cache`."""

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("offered_pps", "pps", "frames that arrived, per second of the offered load", "engine"),
        Metric(
            "delivered_pps",
            "pps",
            "frames delivered to sockets, per second while frames were offered",
            "model",
            1,
        ),
        Metric("read_pps", "pps", "frames applications read, over the same time", "model", 1),
        Metric("delivered_bps", "bit/s", "the same in bits of frames, FCS not counted", "model", 1),
        Metric("loss_ratio", "1", "frames dropped over frames that arrived", "model", -1),
        Metric("latency_p50_ns", "ns", "median latency from the intended send time to the read", "model", -1),
        Metric("latency_p99_ns", "ns", "99th percentile of the same", "model", -1),
        Metric("latency_p999_ns", "ns", "99.9th percentile of the same", "model", -1),
        Metric("worst_queue_p99_ns", "ns", "99th percentile of the queue where it is highest", "model", -1),
        Metric("cpu_ns_per_frame", "ns", "busy time of all CPUs over frames delivered", "model", -1),
        Metric("softirq_cpus", "CPUs", "time in hardirq, softirq and ksoftirqd over elapsed time", "model"),
        Metric("busiest_cpu_share", "1", "busy share of the CPU that idled least", "model", -1),
        Metric(
            "llc_misses_per_frame",
            "lines",
            "cache lines not found in the LLC, per frame delivered",
            "model",
            -1,
        ),
        Metric(
            "l2_misses_per_frame", "lines", "cache lines not found in L2, per frame delivered", "model", -1
        ),
        Metric(
            "remote_lines_per_frame",
            "lines",
            "lines fetched from another CPU's cache, per frame",
            "model",
            -1,
        ),
        Metric("queue_fairness", "1", "Jain's index of frames over queues: 1 when even", "engine", 1),
        Metric("queue_imbalance", "1", "frames of the fullest queue over the mean", "engine", -1),
        Metric(
            "reordered_ratio",
            "1",
            "frames that came to their socket after a later one, over delivered",
            "model",
            -1,
        ),
        Metric("steered_ratio", "1", "frames that followed a rule of the card, over delivered", "model"),
        Metric(
            "priority_steered_ratio",
            "1",
            "the same, of the sockets of the highest SO_PRIORITY only",
            "model",
            1,
        ),
    )
}
"""Every metric by name. Loss and delivered rates follow from modelled costs; only what arrived does not."""


def metrics(tables: Mapping[str, pd.DataFrame], stats: Stats, duration_ns: int) -> dict[str, float]:
    """All of `METRICS` from a run's tables `NEEDED`, rates over `duration_ns`.

    NaN where nothing was measured, and without the table `cache` for what follows from it.
    """
    cpu, queues, drops, latency, flows = (
        tables[name] for name in ("cpu", "queues", "drops", "latency", "flows")
    )
    cache = tables.get("cache")
    delivered = stats["delivered"]
    seconds = duration_ns * 1e-9
    p50, p99, p999 = latencies.percentile(latency, (50, 99, 99.9))
    at_nic = drops.loc[drops["layer"] == "nic", "frames"].sum()
    placed = int(queues["rx_frames"].sum()) - int(at_nic)
    mean_bytes = float(queues["rx_bytes"].sum()) / placed if placed else float("nan")
    read = int(latencies.part(latency)["frames"].sum())
    busy = cpu[~cpu["context"].isin(["idle", "task"])]
    per_queue = queue_rows.chosen(queues)
    pps = delivered / seconds
    return {
        "offered_pps": stats["rx"] / seconds,
        "delivered_pps": pps,
        "read_pps": read / seconds,
        "delivered_bps": pps * mean_bytes * 8,
        "loss_ratio": sum(stats["dropped"].values()) / stats["rx"] if stats["rx"] else 0.0,
        "latency_p50_ns": float(p50),
        "latency_p99_ns": float(p99),
        "latency_p999_ns": float(p999),
        "worst_queue_p99_ns": latencies.worst_queue(latency)[1],
        "cpu_ns_per_frame": cpus.busy_ns(cpu) / delivered if delivered else float("nan"),
        "softirq_cpus": float(busy["share"].sum()),
        "busiest_cpu_share": cpus.busiest(cpu)[1],
        **(dict.fromkeys(OF_CACHE, float("nan")) if cache is None else _of_cache(cache, delivered)),
        "queue_fairness": queue_rows.jain(per_queue["rx_frames"]),
        "queue_imbalance": queue_rows.imbalance(queues),
        "reordered_ratio": flow_rows.ratio(flows, "reordered"),
        "steered_ratio": flow_rows.ratio(flows, "hits"),
        "priority_steered_ratio": flow_rows.ratio(flow_rows.most_important(flows), "hits"),
    }


def _of_cache(cache: pd.DataFrame, delivered: int) -> dict[str, float]:
    misses = caches.misses_per_frame(cache, delivered).sum()
    figures = (float(misses["llc"]), float(misses["l2"]), caches.remote_per_frame(cache, delivered))
    return dict(zip(OF_CACHE, figures, strict=True))


def source(name: str, clock: Clock) -> Source:
    """Where a metric comes from: in real time it is counted or timed, or there is none. Raises KeyError."""
    metric = METRICS[name]
    if clock == "virtual":
        return metric.source
    return "unavailable" if name in OF_CACHE else "engine"
