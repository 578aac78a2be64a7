"""Log-linear buckets as BPF programs fill them: the layout of the engine's histogram.

128 buckets per power of two (`engine/crates/stats/src/histogram.rs`), so that a bucket is within 0.8 % of its
values and both worlds' distributions lie on one axis.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

SUB_BITS = 7
TOP_BITS = 36
BUCKETS = (TOP_BITS - SUB_BITS + 1) << SUB_BITS

C_TEXT = f"""
#define LOG_LINEAR_SLOTS {BUCKETS}
struct log_linear {{ u64 slot[LOG_LINEAR_SLOTS]; }};
static inline void log_linear_count(struct log_linear *to, u64 value) {{
  u32 top = bpf_log2l(value | 1) - 1;
  u32 magnitude = top > {SUB_BITS} ? top - {SUB_BITS} : 0;
  u64 slot = ((u64)magnitude << {SUB_BITS}) + (value >> magnitude);
  if (slot > LOG_LINEAR_SLOTS - 1) slot = LOG_LINEAR_SLOTS - 1;
  to->slot[slot] += 1;
}}
"""
"""For BPF programs: 30,720 bytes a histogram, below the 32 KiB a per-CPU value may have."""


def floors_ns() -> npt.NDArray[np.uint64]:
    """The smallest value of each bucket and, last, the first value beyond them; shape (BUCKETS + 1,)."""
    bucket = np.arange(BUCKETS + 1, dtype=np.uint64)
    magnitude = np.maximum((bucket >> np.uint64(SUB_BITS)).astype(np.int64) - 1, 0).astype(np.uint64)
    return np.asarray((bucket - (magnitude << np.uint64(SUB_BITS))) << magnitude, dtype=np.uint64)


def rows(part: str, counts: npt.NDArray[np.uint64]) -> list[tuple[object, ...]]:
    """Filled buckets of counts of shape (cpus, BUCKETS): part, cpu, low_ns, high_ns, count."""
    floors = floors_ns()
    return [
        (part, int(cpu), int(floors[bucket]), int(floors[bucket + 1]), int(counts[cpu, bucket]))
        for cpu, bucket in np.argwhere(counts)
    ]


def as_latency(distribution: pd.DataFrame) -> pd.DataFrame:
    """The table `distribution` with the columns `collectors.datapath.latency` asks percentiles of."""
    return distribution.rename(columns={"count": "frames", "cpu": "queue"})
