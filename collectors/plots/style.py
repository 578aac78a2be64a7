"""How figures look: colours that colour-blind readers tell apart (Okabe and Ito, 2008), reproducible SVG."""

from __future__ import annotations

from typing import Any

ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE, BLACK = (
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
    "#000000",
)
GREY = "#BBBBBB"
CYCLE = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, YELLOW, BLACK)

CONTEXT_COLOURS = {
    "hardirq": VERMILION,
    "softirq": BLUE,
    "ksoftirqd": PURPLE,
    "task": GREEN,
    "idle": "#EEEEEE",
}
DELIVERED_COLOUR = GREEN

STYLE: Any = {
    "svg.hashsalt": "rxbench",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.dpi": 100,
    "savefig.dpi": 150,
}


def colours(names: list[str]) -> dict[str, str]:
    """A colour for each name, in order; more than eight names begin again."""
    return {name: CYCLE[i % len(CYCLE)] for i, name in enumerate(names)}
