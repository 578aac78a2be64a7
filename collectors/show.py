"""How a run shows itself: one line of text, or a small table with a bar of where its frames ended."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from collectors.metrics import source
from engine.run import Stats
from engine.units import engineering

if TYPE_CHECKING:
    from collectors.outcome import Outcome

ENDS = (("delivered", "#009E73"), ("dropped", "#D55E00"), ("pending", "#F0E442"), ("consumed", "#56B4E9"))
"""Where a frame may end, with its colour (Okabe and Ito)."""


def _ends(stats: Stats) -> dict[str, int]:
    return {
        "delivered": stats["delivered"],
        "dropped": sum(stats["dropped"].values()),
        "pending": stats["pending"],
        "consumed": stats["consumed"],
    }


def run_text(run: Outcome) -> str:
    """One line: what was offered, delivered and lost, and how long it took."""
    summary = run.summary
    return (
        f"<{run.scenario.name or 'run'}: {run.stats['rx']:,} frames in {run.rated_ns / 1e6:g} ms, "
        f"{engineering(summary['delivered_pps'], 'pps')} delivered, loss {summary['loss_ratio']:.2%}, "
        f"p99 {summary['latency_p99_ns'] / 1e3:.1f} µs, clock {run.clock}{_and(run.note)}>"
    )


def _and(note: str) -> str:
    return f", {note}" if note else ""


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


def run_html(run: Outcome) -> str:
    """A table of eight rows and an inline SVG bar; the origin of each figure is said."""
    scenario, stats, summary = run.scenario, run.stats, run.summary
    reasons = (
        ", ".join(f"{reason} {frames:,}" for reason, frames in stats["dropped"].items() if frames) or "none"
    )
    timed = source("delivered_pps", run.clock)
    rows = (
        ("frames", f"{stats['rx']:,} in {run.rated_ns / 1e6:g} ms", "engine"),
        ("ended", _bar(stats), "engine"),
        ("dropped", html.escape(reasons), "engine"),
        ("delivered", engineering(summary["delivered_pps"], "pps"), timed),
        ("", engineering(summary["delivered_bps"], "bit/s"), timed),
        (
            "latency p50 / p99 / p99.9",
            " / ".join(f"{summary[f'latency_p{p}_ns'] / 1e3:.1f}" for p in ("50", "99", "999")) + " µs",
            timed,
        ),
        ("CPU time per frame", f"{summary['cpu_ns_per_frame']:.0f} ns", timed),
        ("busiest CPU", f"{summary['busiest_cpu_share']:.0%}", timed),
    )
    body = "".join(
        f"<tr><td style='text-align:left'>{label}</td><td style='text-align:left'>{value}</td>"
        f"<td style='text-align:left;opacity:.6'>{origin}</td></tr>"
        for label, value, origin in rows
    )
    title = html.escape(scenario.name or "run")
    said = " · ".join(
        part for part in (f"seed {scenario.seed}", f"clock {run.clock}", run.loop, run.note) if part
    )
    return f"<table><caption>{title} · {said}</caption>{body}</table>"
