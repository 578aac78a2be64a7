"""Run every point of a plan, keep each result in a file, go on where it was stopped.

\b
A plan is TOML: `repeats = 3`, `[scenario]` or `scenario = "base.toml"`, `[grid]` with a list of values
per key, `[random]` with a list or {low, high, scale, integer} per key, and `samples = 20`.

\b
Examples:
  rxbench sweep plan.toml
  rxbench sweep plan.toml --out results --jobs 2
  rxbench sweep plan.toml --repeats 8 --csv > runs.csv
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collectors.cli.options import Quiet

if TYPE_CHECKING:
    import pandas as pd

SHOWN = ("delivered_pps", "loss_ratio", "latency_p99_ns", "cpu_ns_per_frame")


def command(
    plan: Annotated[Path, typer.Argument(metavar="PLAN.toml")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where results are kept; default: the plan's name without .toml."),
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; default: one per CPU.")] = None,
    repeats: Annotated[int | None, typer.Option(min=1, help="Runs per point; default: the plan's.")] = None,
    retries: Annotated[int, typer.Option(min=0, help="Further attempts of a run that fails.")] = 2,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print one line per run.")] = False,
    quiet: Quiet = False,
) -> None:
    """Run a sweep."""
    from collectors.sweep import Plan, sweep

    store = plan.with_suffix("") if out is None else out
    done = sweep(Plan.from_toml(plan), store, jobs=jobs, repeats=repeats, retries=retries, progress=not quiet)
    if as_csv:
        done.to_csv(sys.stdout, index=False)
    else:
        _print(done, store)
    if (done["status"] == "error").any():
        raise typer.Exit(1)


def _print(done: pd.DataFrame, store: Path) -> None:
    failures = done[done["status"] == "error"]
    names = list(done.columns[1 : list(done.columns).index("repeat")])
    keys = [done[name].map(str) for name in names]
    sound = done[done["status"] == "ok"]
    shown = sound[list(SHOWN)].groupby(keys, sort=False).mean() if names else sound[list(SHOWN)].mean()
    print(shown.to_string(float_format=lambda value: f"{value:,.4g}"))
    print(f"\nmeans over repeats, clock virtual; {len(sound)} runs in {store}, {len(failures)} failed")
    for _, row in failures.iterrows():
        point = ", ".join(f"{name} = {row[name]}" for name in names)
        print(f"  {point}, repeat {row['repeat']}: {row['error']}")
