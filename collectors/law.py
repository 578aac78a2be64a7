"""The conservation law: every frame ends in exactly one verdict, in total and per queue."""

from __future__ import annotations

import pandas as pd

from engine.errors import ConservationError
from engine.run import Stats


def assert_conserved(stats: Stats, queues: pd.DataFrame, drops: pd.DataFrame) -> None:
    """Check `rx = delivered + Σ dropped + pending + consumed` in total and on every queue.

    Raises
    ------
    ConservationError : says where the sums differ.
    """
    dropped = sum(stats["dropped"].values())
    ended = stats["delivered"] + dropped + stats["pending"] + stats["consumed"]
    if stats["rx"] != ended:
        raise ConservationError(f"rx = {stats['rx']} frames, {ended} of them ended")
    wide = queues.astype(dict.fromkeys(("rx_frames", "delivered", "dropped", "pending", "consumed"), "int64"))
    gap = wide["rx_frames"] - wide[["delivered", "dropped", "pending", "consumed"]].sum(axis=1)
    if gap.any():
        queue = int(wide.loc[gap.ne(0), "queue"].iloc[0])
        raise ConservationError(f"queue {queue}: {int(gap[gap.ne(0)].iloc[0])} frames unaccounted for")
    totals = {"rx": "rx_frames", "delivered": "delivered", "pending": "pending", "consumed": "consumed"}
    for name, column in totals.items():
        if stats[name] != int(wide[column].sum()):  # type: ignore[literal-required]
            raise ConservationError(f"{name} = {stats[name]}, the queues add up to {int(wide[column].sum())}")  # type: ignore[literal-required]
    by_reason = drops.groupby("reason", observed=True)["frames"].sum()
    found = {str(reason): int(frames) for reason, frames in by_reason.items() if frames}
    if found != {reason: frames for reason, frames in stats["dropped"].items() if frames}:
        raise ConservationError(f"dropped = {stats['dropped']}, the drops table has {found}")
