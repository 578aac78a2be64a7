"""What each CPU did, by context."""

from __future__ import annotations

import numpy as np
import pandas as pd

from collectors.compare.comparison import Comparison
from collectors.datapath.cpu import BUSY, by_context
from collectors.plots.drawing import Drawing, styled
from collectors.plots.style import CONTEXT_COLOURS


@styled
def softirq_bars(comparison: Comparison, title: str = "") -> Drawing:
    """One panel per scenario, one bar per CPU.

    Share of the elapsed time in hardirq, softirq, ksoftirqd and tasks.
    """
    names = comparison.names
    drawing = Drawing(1, len(names), width=max(2.0 * len(names), 3.0), height=2.6, sharey=True)
    for axes, name in zip(drawing.axes, names, strict=True):
        shares = _mean([by_context(run.tables["cpu"]) for run in comparison.of(name)])
        bottom = np.zeros(len(shares))
        for context in BUSY:
            part = shares[context].to_numpy(dtype=np.float64)
            axes.bar(shares.index, part, 0.8, bottom=bottom, color=CONTEXT_COLOURS[context], label=context)
            bottom += part
        axes.set(title=name, xlabel="CPU", ylim=(0, 1.02), xticks=list(shares.index))
    drawing.axes[0].set_ylabel("share of elapsed time")
    handles, labels = drawing.axes[0].get_legend_handles_labels()
    drawing.figure.legend(handles, labels, loc="outside right upper")
    if title:
        drawing.figure.suptitle(title, fontsize=9.5, fontweight="bold")
    return drawing.note(
        comparison.repeats,
        comparison.source,
        clock=comparison.clock,
        loop=comparison.loop,
        extra="means over runs",
    )


def _mean(shares: list[pd.DataFrame]) -> pd.DataFrame:
    return sum(shares[1:], shares[0]) / len(shares)
