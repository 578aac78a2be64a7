"""Draw the README's figure: `python docs/img/make.py`. Equal builds give equal bytes."""

from __future__ import annotations

from pathlib import Path

from collectors.compare import compare
from collectors.plots import Drawing, delivered_and_drops
from engine import Scenario

FIGURE = Path(__file__).resolve().with_name("queues.svg")
QUEUES = (1, 2, 4, 8)
REPEATS = 5
DURATION_NS = 8_000_000


def draw() -> Drawing:
    """64 B at line rate, 256 flows, eight CPUs; the rest is the default scenario."""
    base = Scenario().with_(duration_ns=DURATION_NS)
    named = {f"{n} queue" + "s" * (n > 1): base.with_(f"nic.queues={n}") for n in QUEUES}
    done = compare(named, repeats=REPEATS, jobs=1, progress=False)
    return delivered_and_drops(done, "64 B at 10GbE line rate into eight CPUs")


if __name__ == "__main__":
    draw().save(FIGURE)
