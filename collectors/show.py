"""How a run shows itself: one line of text, or a small table with a bar of where its frames ended."""

from __future__ import annotations

import html

import pandas as pd

from engine.run import Stats
from engine.scenario import Scenario
from engine.units import engineering

ENDS = (("delivered", "#009E73"), ("dropped", "#D55E00"), ("pending", "#F0E442"), ("consumed", "#56B4E9"))
"""Where a frame may end, with its colour (Okabe and Ito)."""


def _ends(stats: Stats) -> dict[str, int]:
    return {
        "delivered": stats["delivered"],
        "dropped": sum(stats["dropped"].values()),
        "pending": stats["pending"],
        "consumed": stats["consumed"],
    }


def run_text(scenario: Scenario, stats: Stats, summary: pd.Series) -> str:
    """One line: what was offered, delivered and lost, and how long it took."""
    name = scenario.name or "run"
    return (
        f"<{name}: {stats['rx']:,} frames in {scenario.duration_ns / 1e6:g} ms, "
        f"{engineering(summary['delivered_pps'], 'pps')} delivered, loss {summary['loss_ratio']:.2%}, "
        f"p99 {summary['latency_p99_ns'] / 1e3:.1f} µs, clock virtual>"
    )


def _bar(stats: Stats) -> str:
    total = max(stats["rx"], 1)
    parts, x = [], 0.0
    for name, frames in _ends(stats).items():
        width = 300 * frames / total
        colour = dict(ENDS)[name]
        parts.append(
            f"<rect x='{x:.2f}' y='0' width='{width:.2f}' height='14' fill='{colour}'>"
            f"<title>{name}: {frames:,} frames</title></rect>"
        )
        x += width
    return (
        f"<svg width='300' height='14' role='img' aria-label='where the frames ended'>{''.join(parts)}</svg>"
    )


def run_html(scenario: Scenario, stats: Stats, summary: pd.Series) -> str:
    """A table of eight rows and an inline SVG bar; the origin of each figure is said."""
    reasons = (
        ", ".join(f"{reason} {frames:,}" for reason, frames in stats["dropped"].items() if frames) or "none"
    )
    rows = (
        ("frames", f"{stats['rx']:,} in {scenario.duration_ns / 1e6:g} ms", "engine"),
        ("ended", _bar(stats), "engine"),
        ("dropped", html.escape(reasons), "engine"),
        ("delivered", engineering(summary["delivered_pps"], "pps"), "model"),
        ("", engineering(summary["delivered_bps"], "bit/s"), "model"),
        (
            "latency p50 / p99 / p99.9",
            " / ".join(f"{summary[f'latency_p{p}_ns'] / 1e3:.1f}" for p in ("50", "99", "999")) + " µs",
            "model",
        ),
        ("CPU time per frame", f"{summary['cpu_ns_per_frame']:.0f} ns", "model"),
        ("busiest CPU", f"{summary['busiest_cpu_share']:.0%}", "model"),
    )
    body = "".join(
        f"<tr><td style='text-align:left'>{label}</td><td style='text-align:left'>{value}</td>"
        f"<td style='text-align:left;opacity:.6'>{source}</td></tr>"
        for label, value, source in rows
    )
    title = html.escape(scenario.name or "run")
    return (
        f"<table><caption>{title} · seed {scenario.seed} · clock virtual · open loop</caption>{body}</table>"
    )
