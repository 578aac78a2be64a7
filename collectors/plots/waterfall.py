"""The explain waterfall: from one side's CPU time per delivered frame to the other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collectors.plots.drawing import Drawing, styled
from collectors.plots.style import BLUE, GREY, ORANGE

if TYPE_CHECKING:
    from collectors.compare.explain import Explanation


@styled
def waterfall(explanation: Explanation, most: int = 12) -> Drawing:
    """Horizontal bars from `a` down to `b`, ns per delivered frame.

    Beyond the `most` largest all are one bar.
    """
    table = explanation.table
    steps = [(str(row[1]), float(row[4])) for row in table.head(most).itertuples(index=False)]
    rest = float(table["difference_ns"].iloc[most:].sum())
    if len(table) > most:
        steps.append((f"{len(table) - most} more", rest))
    drawing = Drawing(height=1.2 + 0.22 * (len(steps) + 2))
    axes = drawing.axes[0]
    level = float(table["a_ns"].sum())
    end = float(table["b_ns"].sum())
    labels = [explanation.a, *(name for name, _ in steps), explanation.b]
    axes.barh(0, level, color=GREY)
    for i, (_, change) in enumerate(steps, start=1):
        axes.barh(i, change, left=level, color=ORANGE if change > 0 else BLUE)
        axes.annotate(
            f"{change:+,.0f}",
            (max(level, level + change), i),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
        )
        level += change
    axes.barh(len(steps) + 1, end, color=GREY)
    axes.set(
        yticks=range(len(labels)),
        yticklabels=labels,
        xlabel="CPU time per delivered frame, idling included, ns",
    )
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_title(f"From {explanation.a} to {explanation.b}: where the CPU time goes")
    runs = explanation.runs
    return drawing.note(f"{runs[0]} and {runs[1]}", "model", extra="contributions add up to 100 %")
