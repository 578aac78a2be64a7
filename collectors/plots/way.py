"""One frame's way through the receive path."""

from __future__ import annotations

import numpy as np
import pandas as pd

from collectors.plots.drawing import Drawing, styled
from collectors.plots.style import colours


@styled
def frame_way(trace: pd.DataFrame, title: str = "") -> Drawing:
    """The points of a traced frame, top to bottom, against the time since the first, µs.

    Colours tell the CPUs apart.
    """
    points = trace.sort_values("time_ns", kind="stable").reset_index(drop=True)
    since_us = (points["time_ns"].to_numpy(dtype=np.float64) - float(points["time_ns"].iloc[0])) / 1e3
    place = np.arange(len(points))
    names = [f"CPU {cpu}" if cpu >= 0 else "NIC" for cpu in points["cpu"]]
    palette = colours(sorted(set(names)))
    drawing = Drawing(height=0.9 + 0.3 * len(points))
    axes = drawing.axes[0]
    axes.plot(since_us, place, color="#999999", lw=1, zorder=1)
    for name in sorted(set(names)):
        chosen = [i for i, each in enumerate(names) if each == name]
        axes.scatter(since_us[chosen], place[chosen], color=palette[name], label=name, s=36, zorder=2)
    for i, detail in enumerate(points["detail"]):
        axes.annotate(
            str(detail), (since_us[i], i), xytext=(7, 0), textcoords="offset points", va="center", fontsize=7
        )
    axes.set(yticks=place, yticklabels=list(points["point"]), xlabel="µs since the wire")
    axes.invert_yaxis()
    axes.margins(x=0.35)
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower left", bbox_to_anchor=(1.0, 0.0))
    axes.set_title(title or "One frame's way")
    return drawing.note(1, "model")
