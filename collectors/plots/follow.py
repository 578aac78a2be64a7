"""How long a flow takes to come after its reader: the empirical distribution over moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from collectors.plots.drawing import Drawing, styled
from collectors.plots.style import colours

if TYPE_CHECKING:
    from collectors.linux.following import FollowRun


@styled
def follow_ecdf(runs: Mapping[str, FollowRun], title: str = "") -> Drawing:
    """Share of moves after which the first packet was on the new CPU within a time, one line per run.

    A line ends below 1 where packets did not come before the next move.
    """
    drawing = Drawing(height=3.0)
    axes = drawing.axes[0]
    palette = colours(list(runs))
    for name, run in runs.items():
        waited = run.moves["packet_ns"].dropna().sort_values().to_numpy(dtype=np.float64)
        share = np.arange(1, len(waited) + 1) / max(len(run.moves), 1)
        axes.step(waited / 1e3, share, where="post", color=palette[name], label=name, lw=1.6)
    axes.set(xlabel="move to first packet on the new CPU, µs", ylabel="share of moves", ylim=(0, 1.02))
    axes.set_xscale("log")
    axes.grid(alpha=0.3)
    axes.set_title(title or "A flow follows its reader")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    loops = {"closed loop" if run.protocol == "tcp" else "open loop" for run in runs.values()}
    moves = "+".join(str(len(run.moves)) for run in runs.values())
    return drawing.note(f"{moves} moves", "bcc", clock="real", loop=" and ".join(sorted(loops)))
