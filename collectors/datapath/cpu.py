"""What the CPUs did."""

from __future__ import annotations

import pandas as pd

CONTEXTS = ("hardirq", "softirq", "ksoftirqd", "task", "idle")
"""In the order they displace each other."""
BUSY = CONTEXTS[:-1]


def by_context(cpu: pd.DataFrame) -> pd.DataFrame:
    """Share of the elapsed time, one row per CPU, one float64 column per context in the order of
    `CONTEXTS`.
    """
    wide = cpu.pivot_table(index="cpu", columns="context", values="share", aggfunc="sum", observed=True)
    return wide.reindex(columns=list(CONTEXTS)).fillna(0.0)


def elapsed_ns(cpu: pd.DataFrame) -> float:
    """Virtual time the run took, its drain included: every CPU's contexts add up to it."""
    return float(cpu.groupby("cpu")["ns"].sum().max())


def busy_ns(cpu: pd.DataFrame) -> float:
    """Time all CPUs spent on anything but idling."""
    return float(cpu.loc[cpu["context"] != "idle", "ns"].sum())


def busiest(cpu: pd.DataFrame) -> tuple[int, float]:
    """The CPU that idled least, and its busy share."""
    busy = cpu[cpu["context"] != "idle"].groupby("cpu")["share"].sum()
    order = busy.to_numpy(dtype="float64")
    return int(busy.index.to_numpy()[order.argmax()]), float(order.max())
