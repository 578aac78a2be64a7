"""A small seeded comparison as a reviewed table: a change of the model shows here, and nowhere else by
surprise.

To accept a change: RXBENCH_GOLDEN=write python -m pytest tests/golden, then review the difference.
"""

import os
from pathlib import Path

from collectors.compare import compare
from engine import Scenario

GOLDEN = Path(__file__).with_name("comparison.txt")


def rendered():
    base = Scenario(duration_ns=500_000).with_("host.cpus=4")
    mixes = {
        "64 B": {},
        "imix 80 %": {
            "traffic.streams.0.generated.sizes": {"imix": {"middle_bytes": 594}},
            "traffic.streams.0.generated.offered": {"line_share": 0.8},
        },
    }
    lines = []
    for mix, settings in mixes.items():
        runs = compare(
            {f"{count} q": base.with_(**settings, **{"nic.queues": count}) for count in (1, 2, 4)},
            repeats=2,
            jobs=1,
            progress=False,
        )
        lines.append(f"{mix}: mean over 2 runs, clock virtual")
        shown = (
            runs.table.groupby("name", sort=False).mean(numeric_only=True).drop(columns=["repeat", "seed"]).T
        )
        lines += shown.to_string(float_format=lambda value: f"{value:.6g}").splitlines()
        for run in runs.runs:
            drops = ", ".join(f"{reason} {frames}" for reason, frames in sorted(run.stats["dropped"].items()))
            lines.append(
                f"  {run.name} seed {run.seed}: rx {run.stats['rx']}, delivered {run.stats['delivered']}, "
                f"pending {run.stats['pending']}, dropped: {drops or 'none'}"
            )
        lines.append("")
    return "\n".join(lines)


def test_the_table_is_the_reviewed_one():
    text = rendered()
    if os.environ.get("RXBENCH_GOLDEN") == "write":
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()
