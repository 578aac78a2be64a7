"""One flow through a card that merges, acknowledged by a policy: the scenario, and how it went."""

from __future__ import annotations

from typing import Literal

from collectors.run import Run
from engine import Scenario
from engine.config import Observe, Senders, Traffic
from engine.config.flows import FixedFlow

Policy = Literal["delayed", "one_per_frame", "expand", "linux"]

MSS = 1448
"""45 of these fill a frame of 64 KB."""


def lro_acks(
    policy: Policy,
    *,
    merged: int = 45,
    byte_counting: int = 0,
    size_kb: int | None = None,
    rtt_us: int = 20_000,
    loss: float = 0.0,
    until_segments: int | None = None,
) -> Scenario:
    """One sender on an idle host whose card merges up to `merged` segments.

    Parameters
    ----------
    size_kb : what it sends, in kilobytes of 1,000 bytes; None: enough for slow start to end.
    until_segments : the window at which slow start ends, in segments; None: a loss ends it.
    """
    size_bytes = 150_000_000 if size_kb is None else size_kb * 1000
    sender = Senders(
        size=FixedFlow(size_bytes),
        rtt_ns=rtt_us * 1000,
        byte_counting=byte_counting,
        initial_ssthresh=until_segments,
        loss=loss,
        mss=MSS,
    )
    scenario = Scenario(
        duration_ns=600_000_000_000,
        traffic=Traffic(streams=(sender,)),
        observe=Observe(bin_ns=1_000_000_000),
    )
    scenario = scenario.with_(
        **{
            "host.cpus": 1,
            "host.tcp.gap": "wait",
            "host.tcp.rcvbuf_bytes": 64_000_000,
            "host.tcp.ack.policy": policy,
            "nic.queues": 1,
        }
    )
    if merged > 1:
        # A frame of 45 segments takes 56 us of a 10 Gb/s line.
        scenario = scenario.with_(
            **{"nic.lro.enabled": True, "nic.lro.max_segments": merged, "nic.lro.timer_us": 100}
        )
    return scenario


def completed(done: Run) -> dict[str, float | bool]:
    """How the run's only flow went: time, acknowledgements, retransmissions, CPU time per gigabyte."""
    flow = done.table("tcp").iloc[0]
    ledger = done.ledger
    gigabytes = flow["delivered_bytes"] / 1e9
    of_tcp = ledger.loc[ledger["layer"].isin(["tcp", "driver"]), "ns"].sum()
    return {
        "done": bool(flow["done_ns"] >= 0),
        "completion_ms": (flow["done_ns"] - flow["start_ns"]) / 1e6,
        "acks_per_100_segments": 100 * flow["acks_sent"] / flow["segments"],
        "retransmits": float(flow["retransmits"]),
        "timeouts": float(flow["timeouts"]),
        "duplicate_acks": float(flow["duplicate_acks"]),
        "largest_burst": float(flow["largest_burst"]),
        "tcp_cpu_ms_per_gb": of_tcp / 1e6 / gigabytes,
        "cpu_ms_per_gb": ledger["ns"].sum() / 1e6 / gigabytes,
    }
