"""Figures. Each says how many runs, which clock, which source, and that the load is open loop."""

from collectors.plots.cache import cache_misses
from collectors.plots.drawing import Drawing
from collectors.plots.follow import follow_ecdf
from collectors.plots.forest import forest
from collectors.plots.latency import latency_ccdf, latency_curve
from collectors.plots.predicted import anchors, frame_costs, prediction
from collectors.plots.rate import delivered_and_drops
from collectors.plots.softirq import softirq_bars
from collectors.plots.sweep import sweep_heat, sweep_lines
from collectors.plots.timeline import softirq_heat
from collectors.plots.waterfall import waterfall
from collectors.plots.way import frame_way

__all__ = [
    "Drawing",
    "anchors",
    "cache_misses",
    "delivered_and_drops",
    "follow_ecdf",
    "forest",
    "frame_costs",
    "frame_way",
    "latency_ccdf",
    "latency_curve",
    "prediction",
    "softirq_bars",
    "softirq_heat",
    "sweep_heat",
    "sweep_lines",
    "waterfall",
]
