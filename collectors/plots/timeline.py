"""Softirq time per CPU over time, as a heat map."""

from __future__ import annotations

import numpy as np

from collectors.compare.comparison import Comparison
from collectors.datapath.timeline import heat
from collectors.plots.drawing import Drawing, styled


@styled
def softirq_heat(comparison: Comparison, repeat: int = 0, title: str = "") -> Drawing:
    """One panel per scenario: share of each bin that each CPU spent in softirq and ksoftirqd, in one run.

    Raises ValueError for runs in real time.
    """
    comparison.modelled("a timeline")
    names = comparison.names
    drawing = Drawing(len(names), 1, height=0.5 + 1.05 * len(names), sharex=True)
    for axes, name in zip(drawing.axes, names, strict=True):
        shares = heat(comparison.of(name)[repeat].tables["timeline"])
        start_ms = shares.columns.to_numpy(dtype=np.float64) / 1e6
        width = float(np.diff(start_ms).min()) if len(start_ms) > 1 else 1.0
        edges = np.append(start_ms, start_ms[-1:] + width)
        cpus = np.append(shares.index.to_numpy(dtype=np.float64), len(shares)) - 0.5
        # Cells as a bitmap: as vectors they would be thousands of paths.
        mesh = axes.pcolormesh(
            edges, cpus, shares.to_numpy(), vmin=0, vmax=1, cmap="cividis", rasterized=True
        )
        axes.set(ylabel=f"{name}\nCPU", yticks=list(shares.index))
        axes.tick_params(axis="y", labelsize=6)
    drawing.axes[-1].set_xlabel("virtual time, ms")
    drawing.figure.colorbar(mesh, ax=drawing.axes, label="softirq share of the bin", shrink=0.8)
    drawing.axes[0].set_title(title or "Softirq over time")
    run = comparison.of(names[0])[repeat]
    return drawing.note(1, "model", extra=f"the run with seed {run.seed}")
