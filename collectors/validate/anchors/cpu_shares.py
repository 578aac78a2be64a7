"""C2: what the receiver's CPUs do (Cai et al., SIGCOMM 2021), by class of function and optimisation.

A factor for each class is calibrated on the row without optimisations and the one with all, as their
geometric mean; the shares of the two rows between are predicted. No factor can make both extremes right, so
these are off too.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from collectors.validate.anchors.cai import CONFIGS, EXTREMES, SEGMENT_BYTES, per_segment
from collectors.validate.anchors.rows import Row

CLASSES = {
    "data_copy": ("copy.",),
    "etc": ("irq.", "app.", "socket.recv_call", "socket.rfs_record"),
    "lock": ("socket.enqueue", "socket.dequeue"),
    "netdev": ("napi.", "driver.descriptor", "driver.receive"),
    "mm": ("driver.refill",),
    "sched": ("sched.",),
    "skb": ("skb.",),
    "tcp_ip": ("ip.", "tcp.", "socket.lookup"),
}
"""By the paper's classes: the operations that are, or begin with. What the copy waits for is the copy's."""
AS_THEY_ARE = ("sched",)
"""Classes whose cost is left as it is: how often the reader sleeps depends on a program that is not here."""
REMARKS = {
    "mm": "pages are recycled in a pool here; Linux 5.4 gave most back to the page allocator",
    "etc": "what is in none of the other classes differs: here receive calls and interrupts",
    "sched": "a reader that is never done hardly sleeps; the measured one did",
    "skb": "every skb costs the same here; a jumbo frame's fragments cost more than a small frame's skb",
    "tcp_ip": "an acknowledgement is all TCP's here; by function much of it is netdev's and skb's",
}
"""By class, why it does not come out."""


def by_class(name: str) -> dict[str, float]:
    """ns per segment of a configuration by class."""
    spent = per_segment(CONFIGS[name]).sum(axis=1)
    return {
        one: float(sum(ns for op, ns in spent.items() if str(op).startswith(ops)))
        for one, ops in CLASSES.items()
    }


def rows(folder: Path) -> list[Row]:
    """% of the receiver's cycles."""
    shares = pd.read_csv(folder / "cai_sigcomm21_receiver_breakdown.csv").set_index("config")
    shares = shares.astype("float64")
    gbps = pd.read_csv(folder / "cai_sigcomm21_throughput_per_core.csv").set_index("config")["gbps_per_core"]
    model = pd.DataFrame({name: by_class(name) for name in shares.index}).T
    published_ns = shares.mul(8.0 * SEGMENT_BYTES / gbps[shares.index] / 100.0, axis=0)
    ratio = published_ns.loc[list(EXTREMES)] / model.loc[list(EXTREMES), list(shares.columns)]
    factors = np.exp(np.log(ratio).mean())
    factors[list(AS_THEY_ARE)] = 1.0
    spent = model[list(shares.columns)] * factors
    # Five in a hundred of the published cycles are in no class.
    predicted = spent.mul(shares.sum(axis=1) / spent.sum(axis=1), axis=0)
    return [
        Row(
            f"{config} {one}",
            "% of cycles",
            float(shares.loc[config, one]),
            float(predicted.loc[config, one]),
            config in EXTREMES,
            REMARKS.get(str(one), ""),
        )
        for config in shares.index
        for one in shares.columns
    ]
