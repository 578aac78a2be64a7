"""Effects with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from collectors.compare.comparison import Comparison
from collectors.compare.statistics import Method
from collectors.plots.drawing import Drawing, styled
from collectors.plots.style import BLUE, GREY


@styled
def forest(
    comparison: Comparison, metrics: Sequence[str], a: str, *, method: Method = "welch", title: str = ""
) -> Drawing:
    """One line per metric and scenario: the ratio to `a` with its interval on a log axis, 1 marked.

    Ratios that do not exist (a value is not above 0) are left out.
    """
    effects = comparison.effects(metrics, a, method=method).dropna(subset=["ratio"]).reset_index(drop=True)
    drawing = Drawing(height=1.0 + 0.24 * max(len(effects), 1))
    axes = drawing.axes[0]
    place = np.arange(len(effects))
    ratio = effects["ratio"].to_numpy(dtype=np.float64)
    low, high = (effects[f"ratio_{end}"].to_numpy(dtype=np.float64) for end in ("low", "high"))
    axes.axvline(1, color=GREY, lw=1)
    axes.errorbar(
        ratio, place, xerr=[ratio - low, high - ratio], fmt="o", ms=4, color=BLUE, capsize=2, lw=1.2
    )
    axes.set(
        xscale="log", yticks=place, yticklabels=[f"{row.metric}: {row.b}" for row in effects.itertuples()]
    )
    axes.set_xlabel(f"ratio to {a}")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x", alpha=0.3)
    axes.invert_yaxis()
    axes.set_title(title or f"Effects against {a}")
    return drawing.note(
        comparison.repeats,
        comparison.source,
        clock=comparison.clock,
        loop=comparison.loop,
        extra=f"95 % intervals over runs, {method}",
    )
