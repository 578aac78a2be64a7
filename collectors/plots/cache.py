"""Cache misses per delivered frame, by level and layer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from collectors.compare.comparison import Comparison
from collectors.datapath.cache import LEVELS, misses_per_frame
from collectors.plots.drawing import Drawing, styled
from collectors.plots.style import colours


@styled
def cache_misses(comparison: Comparison, title: str = "") -> Drawing:
    """One panel per level, one bar per scenario, stacked by layer.

    Lines missed per delivered frame, mean over runs. Raises ValueError for runs in real time.
    """
    comparison.modelled("cache")
    drawing = Drawing(1, len(LEVELS), height=2.8)
    means = {name: _mean(comparison, name) for name in comparison.names}
    layers = sorted({str(layer) for table in means.values() for layer in table.index})
    palette = colours(layers)
    place = np.arange(len(comparison.names))
    for axes, level in zip(drawing.axes, LEVELS, strict=True):
        bottom = np.zeros(len(place))
        for layer in layers:
            part = np.array([float(means[name][level].get(layer, 0.0)) for name in comparison.names])
            axes.bar(place, part, 0.65, bottom=bottom, color=palette[layer], label=layer)
            bottom += part
        axes.set(title=level, xticks=place, xticklabels=comparison.names)
        axes.tick_params(axis="x", labelrotation=30, labelsize=7)
    drawing.axes[0].set_ylabel("misses per delivered frame")
    handles, labels = drawing.axes[0].get_legend_handles_labels()
    drawing.figure.legend(handles, labels, loc="outside right upper")
    if title:
        drawing.figure.suptitle(title, fontsize=9.5, fontweight="bold")
    return drawing.note(
        comparison.repeats, "model", extra="the cache is modelled; nothing here was read from a PMU"
    )


def _mean(comparison: Comparison, name: str) -> pd.DataFrame:
    runs = comparison.of(name)
    tables = [misses_per_frame(run.tables["cache"], run.stats["delivered"]) for run in runs]
    total = tables[0]
    for table in tables[1:]:
        total = total.add(table, fill_value=0.0)
    return total / len(runs)
