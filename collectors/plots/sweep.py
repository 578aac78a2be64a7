"""Sweeps: a figure of merit along one parameter, or over two."""

from __future__ import annotations

import numpy as np
import pandas as pd

from collectors.compare.statistics import mean_interval
from collectors.metrics import METRICS, source
from collectors.plots.drawing import Drawing, styled
from collectors.plots.style import colours

MARKERS = "os^Dv<>p"


@styled
def sweep_lines(
    runs: pd.DataFrame,
    x: str,
    metric: str,
    by: str | None = None,
    *,
    log_x: bool = False,
    title: str = "",
) -> Drawing:
    """A line per value of `by`: the mean of a metric over repeats, with its 95 % t interval, along `x`.

    Parameters
    ----------
    runs : a sweep's table; runs that failed are left out, and counted under the figure.
    x, by : columns of it, such as the parameters' names.
    metric : of `collectors.metrics.METRICS`, or another column.

    Raises
    ------
    KeyError : a column the table does not have.
    """
    done = _done(runs, [x, metric, *([by] if by else [])])
    drawing = Drawing(height=3.2)
    axes = drawing.axes[0]
    groups = (
        [("", done)] if by is None else [(str(name), each) for name, each in done.groupby(by, sort=False)]
    )
    colour = colours([name for name, _ in groups])
    for i, (name, each) in enumerate(groups):
        points = [mean_interval(values.to_numpy()) for _, values in each.groupby(x)[metric]]
        at = np.sort(each[x].unique()).astype("float64")
        middle = np.array([interval.estimate for interval in points])
        axes.plot(at, middle, MARKERS[i % len(MARKERS)] + "-", ms=3.5, lw=1.2, color=colour[name], label=name)
        low = np.array([interval.low for interval in points])
        high = np.array([interval.high for interval in points])
        axes.fill_between(at, low, high, color=colour[name], alpha=0.2, lw=0)
    if log_x:
        # Zero has a place too.
        least = min((value for value in done[x] if value > 0), default=1.0)
        axes.set_xscale("symlog", linthresh=float(least))
    axes.set(xlabel=x, ylabel=_label(metric), title=title or f"{metric} along {x}")
    if by is not None:
        axes.legend(title=by, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing.note(_repeats(done), _source(metric), extra=_extra(runs, done))


@styled
def sweep_heat(runs: pd.DataFrame, x: str, y: str, metric: str, *, title: str = "") -> Drawing:
    """A heat map: the mean of a metric over repeats for each pair of two parameters, written into its cell.

    Raises KeyError for a column the table does not have.
    """
    done = _done(runs, [x, y, metric])
    cells = done.pivot_table(index=y, columns=x, values=metric, aggfunc="mean", sort=True)
    drawing = Drawing(width=1.6 + 0.75 * len(cells.columns), height=1.3 + 0.42 * len(cells))
    axes = drawing.axes[0]
    values = cells.to_numpy(dtype="float64")
    image = axes.imshow(values, cmap="cividis", aspect="auto", origin="lower")
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            dark = value < (low + high) / 2
            axes.text(
                column,
                row,
                f"{value:.3g}",
                ha="center",
                va="center",
                color="white" if dark else "black",
                fontsize=7,
            )
    axes.set(
        xticks=range(len(cells.columns)),
        xticklabels=[str(name) for name in cells.columns],
        yticks=range(len(cells)),
        yticklabels=[str(name) for name in cells.index],
        xlabel=x,
        ylabel=y,
        title=title or metric,
    )
    axes.spines[:].set_visible(False)
    drawing.figure.colorbar(image, ax=axes, label=_label(metric))
    return drawing.note(_repeats(done), _source(metric), extra=_extra(runs, done))


def _done(runs: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    for column in columns:
        if column not in runs:
            raise KeyError(f"{column}: the sweep has {', '.join(map(str, runs.columns))}")
    return runs[runs["status"] == "ok"]


def _label(metric: str) -> str:
    known = METRICS.get(metric)
    return metric if known is None or known.unit in ("", "1") else f"{metric} ({known.unit})"


def _source(metric: str) -> str:
    return source(metric, "virtual") if metric in METRICS else "derived"


def _repeats(done: pd.DataFrame) -> int:
    return int(done["repeat"].nunique())


def _extra(runs: pd.DataFrame, done: pd.DataFrame) -> str:
    failed = len(runs) - len(done)
    return f"{failed} runs failed" if failed else ""
