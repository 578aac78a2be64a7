"""Latency: the percentile curve on an axis of nines, and the complementary distribution on log axes."""

from __future__ import annotations

import numpy as np

from collectors.compare.comparison import Comparison
from collectors.datapath import latency as latencies
from collectors.plots.drawing import Drawing, styled
from collectors.plots.style import colours

_NINES = (0, 90, 99, 99.9, 99.99, 99.999)


@styled
def latency_curve(comparison: Comparison, part: str = "total", title: str = "") -> Drawing:
    """Latency in µs over the percentile, one line per scenario, runs merged.

    The last nine drawn has frames in it.
    """
    drawing = Drawing(height=3.0)
    axes = drawing.axes[0]
    palette = colours(list(comparison.names))
    for name in comparison.names:
        curve = latencies.curve(comparison.latency(name), part)
        axes.plot(
            1 / (1 - curve["percent"] / 100), curve["ns"] / 1e3, color=palette[name], label=name, lw=1.6
        )
    ticks = [1 / (1 - percent / 100) for percent in _NINES]
    axes.set(xscale="log", yscale="log", xlabel="percentile", ylabel=f"latency ({part}), µs")
    axes.set_xticks(ticks, [f"{percent:g} %" for percent in _NINES])
    axes.xaxis.minorticks_off()
    axes.grid(alpha=0.3)
    axes.set_title(title or "Latency by percentile")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing.note(
        comparison.repeats,
        comparison.source,
        clock=comparison.clock,
        loop=comparison.loop,
        extra="from the intended send time; runs merged",
    )


@styled
def latency_ccdf(comparison: Comparison, part: str = "total", title: str = "") -> Drawing:
    """Share of delivered frames slower than a latency, both axes logarithmic, one line per scenario, runs
    merged.
    """
    drawing = Drawing(height=3.0)
    axes = drawing.axes[0]
    palette = colours(list(comparison.names))
    for name in comparison.names:
        points = latencies.ccdf(comparison.latency(name), part)
        shown = points[points["share"] > 0]
        axes.step(
            shown["ns"] / 1e3,
            np.asarray(shown["share"]),
            where="post",
            color=palette[name],
            label=name,
            lw=1.6,
        )
    axes.set(xscale="log", yscale="log", xlabel=f"latency ({part}), µs", ylabel="share of frames slower")
    axes.grid(alpha=0.3)
    axes.set_title(title or "Latency, complementary distribution")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing.note(
        comparison.repeats,
        comparison.source,
        clock=comparison.clock,
        loop=comparison.loop,
        extra="from the intended send time; runs merged",
    )
