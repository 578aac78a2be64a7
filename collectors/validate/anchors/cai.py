"""The receiver of Cai et al. (SIGCOMM 2021): one TCP flow, with and without GRO, jumbo frames and aRFS.

A sender that reacts to acknowledgements keeps the receiver as busy as it can be, within a window that
the ring holds; what a byte of payload then costs it is read off the ledger.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from collectors.datapath import Datapath
from engine.run import execute
from engine.scenario import Scenario


class Config(NamedTuple):
    """One of the paper's configurations."""

    mtu: int
    gro: bool
    irq_cpu: int
    """The reader is CPU 0, on the NIC's node; without aRFS interrupts are those of a CPU on another one."""


CONFIGS = {
    "no-opts": Config(1500, False, 1),
    "tsogro": Config(1500, True, 1),
    "jumbo": Config(9000, False, 1),
    "tsogro+jumbo": Config(9000, True, 1),
    "tsogro+arfs": Config(1500, True, 0),
    "jumbo+arfs": Config(9000, False, 0),
    "all-opts": Config(9000, True, 0),
}
EXTREMES = ("no-opts", "all-opts")
SEGMENT_BYTES = 1448
"""What costs are given for, whatever the frame: a plain frame's payload, as in the cost table."""


def scenario(config: Config) -> Scenario:
    """One flow on one queue at 100 Gb/s; the sender's own offload (TSO) is not the receiver's matter."""
    return Scenario().with_(
        **{
            "duration_ns": 20_000_000,
            "traffic.rate_bps": 100_000_000_000,
            "traffic.streams": [
                {"tcp": {"flows": 1, "rtt_ns": 50_000, "mss": config.mtu - 40, "initial_window": 64}}
            ],
            "nic.queues": 1,
            "nic.irq_cpus": [config.irq_cpu],
            # The whole window fits, so that nothing is lost.
            "nic.ring_size": 4096,
            # mlx5 splits frames of more than a page over pages (mlx5e_build_rq_frags_info).
            "nic.buffer_bytes": 2048 if config.mtu < 2048 else 4096,
            "host.cpus": 2,
            "host.cache.numa_nodes": 2,
            "host.gro.enabled": config.gro,
            "host.tcp.rcvbuf_bytes": 3_145_728,
            "host.tcp.gap": "wait",
            "host.tcp.ack.policy": "linux",
            "host.apps.count": 1,
            "host.apps.cpus": [0],
            # iperf3 reads 128 KiB at a time and throws it away.
            "host.apps.read_bytes": 131_072,
            "host.apps.work_per_message": 0,
        }
    )


def per_segment(config: Config) -> pd.DataFrame:
    """ns per 1,448 bytes of payload by operation: columns `op_ns` and `cache_ns`."""
    ledger = Datapath(execute(scenario(config))).table("ledger")
    work = ledger.groupby("op", observed=True)[["count", "op_ns", "cache_ns"]].sum()
    payload = float(work["count"]["copy.payload"])
    return work[["op_ns", "cache_ns"]] * (SEGMENT_BYTES / payload)
