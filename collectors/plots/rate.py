"""Delivered rate and what was dropped, by reason."""

from __future__ import annotations

import numpy as np

from collectors.compare.comparison import Comparison
from collectors.plots.drawing import Drawing, styled
from collectors.plots.style import CYCLE, DELIVERED_COLOUR, GREY


@styled
def delivered_and_drops(comparison: Comparison, title: str = "") -> Drawing:
    """Stacked bars, one per scenario: Mpps delivered, then dropped by reason, with the t interval of what was
    delivered.

    Shares of the frames that arrived, times the offered rate: the bars are as high as what was offered.
    """
    drawing = Drawing(height=2.9)
    axes = drawing.axes[0]
    place = np.arange(len(comparison.names))
    offered = np.array([comparison.values("offered_pps", name).mean() for name in comparison.names]) / 1e6
    totals = [
        {
            end: sum(run.stats["dropped"].get(end, 0) for run in comparison.of(name))
            for end in _reasons(comparison)
        }
        for name in comparison.names
    ]
    received = np.array([sum(run.stats["rx"] for run in comparison.of(name)) for name in comparison.names])
    delivered = np.array(
        [sum(run.stats["delivered"] for run in comparison.of(name)) for name in comparison.names]
    )
    base = offered * delivered / np.maximum(received, 1)
    axes.bar(place, base, 0.6, color=DELIVERED_COLOUR, label="delivered")
    spread = [_half_width(comparison, name) for name in comparison.names]
    axes.errorbar(place, base, yerr=spread, fmt="none", ecolor="black", capsize=3, lw=1)
    others = [colour for colour in CYCLE if colour != DELIVERED_COLOUR]
    for i, reason in enumerate(_reasons(comparison)):
        part = offered * np.array([total[reason] for total in totals]) / np.maximum(received, 1)
        axes.bar(
            place,
            part,
            0.6,
            bottom=base,
            color=others[(i + 1) % len(others)],
            label=f"dropped: {reason}",
            hatch="//" if i % 2 else "",
            edgecolor="white",
            lw=0,
        )
        base = base + part
    axes.bar(place, np.maximum(offered - base, 0), 0.6, bottom=base, color=GREY, label="under way at the end")
    axes.set(
        xticks=place,
        xticklabels=comparison.names,
        ylabel="Mpps of what was offered",
        title=title or "Delivered and dropped",
    )
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing.note(
        comparison.repeats,
        "engine counts, model costs" if comparison.clock == "virtual" else comparison.source,
        clock=comparison.clock,
        loop=comparison.loop,
        extra="95 % t interval over runs",
    )


def _reasons(comparison: Comparison) -> list[str]:
    totals: dict[str, int] = {}
    for run in comparison.runs:
        for reason, frames in run.stats["dropped"].items():
            totals[reason] = totals.get(reason, 0) + frames
    return sorted(
        (reason for reason, frames in totals.items() if frames), key=lambda reason: (-totals[reason], reason)
    )


def _half_width(comparison: Comparison, name: str) -> float:
    interval = comparison.interval("delivered_pps", name)
    return (interval.high - interval.estimate) / 1e6
