"""C13: XDP_REDIRECT by queues and ring size (Høiland-Jørgensen et al., CoNEXT 2018, bench05).

Many long rings do not stay in the last-level cache: each frame lies in a page of its own, so that all headers
fall into one set in 64. One factor, how much faster the machine is, is calibrated
on the least and the most; the rows between are predicted.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from collectors.validate.anchors.rows import Row
from engine.run import execute
from engine.scenario import Scenario

RINGS = {"XDP_REDIRECT (1024)": 1024, "RX-size=512": 512, "RX-size=256": 256}
"""Column and ring. Rings of 128 are left out: what is slow about them is the card, and it is not here."""
EXTREMES = ((1, 1024), (6, 256))
FRAMES_PER_QUEUE = 40_000


def scenario(queues: int, ring: int) -> Scenario:
    """A Xeon E5-1650 v4: 15 MiB of LLC, 256 KiB of L2; a page for each frame (mlx5e with XDP)."""
    generated = {
        "offered": {"frames_per_second": 140_000_000},
        "flows": {"count": 2048 * queues, "popularity": "in_turn"},
    }
    return Scenario().with_(
        **{
            "duration_ns": 200_000_000,
            "traffic.rate_bps": 100_000_000_000,
            "traffic.frames": FRAMES_PER_QUEUE * queues,
            "traffic.streams": [{"generated": generated}],
            "nic.queues": queues,
            "nic.ring_size": ring,
            "nic.buffer_bytes": 4096,
            "nic.coalesce": {"rx_usecs": 0, "rx_max_coalesced_frames": 1},
            "host.cpus": queues,
            "host.cache": {"llc_bytes": 15_728_640, "l2_bytes": 262_144, "l2_ways": 8},
            "host.xdp.rules": [{"action": "redirect"}],
        }
    )


def per_second(queues: int, ring: int) -> float:
    """Frames, from a source that waits for room."""
    done = execute(scenario(queues, ring), lossless=True)
    return done.stats["rx"] / done.elapsed_ns * 1e9


def rows(folder: Path) -> list[Row]:
    """Million frames a second."""
    table = pd.read_csv(folder / "xdp_redirect_ringsize_ddio.csv").set_index("RXQs").astype("float64")
    told = {
        (queues, ring): float(table[column][queues])
        for column, ring in RINGS.items()
        for queues in table.index
    }
    model = {at: per_second(*at) for at in told}
    factor = float(np.exp(np.mean([np.log(told[at] / model[at]) for at in EXTREMES])))
    found = []
    for (queues, ring), published in told.items():
        predicted = factor * model[queues, ring]
        used = (queues, ring) in EXTREMES
        name = f"{queues} queues, ring {ring}"
        found.append(Row(name, "Mframes/s", published / 1e6, predicted / 1e6, used))
    return found
