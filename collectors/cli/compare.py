"""Compare scenarios: seeded repeats, effects with intervals, and where the difference comes from.

\b
Examples:
  rxbench compare a.toml b.toml
  rxbench compare --queues 1,2,4,8
  rxbench compare base.toml --queues 1,8 --repeats 12 --explain
  rxbench compare --queues 1,2 --set host.cpus=1 --clock real --pacing lossless
  rxbench compare a.toml b.toml --json --save datasets/a-b
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collectors.cli.options import (
    ClockChoice,
    ClockName,
    IdleChoice,
    Json,
    Oversubscribe,
    PacingChoice,
    Quiet,
    SaveTo,
    Settings,
    how,
    scenario,
)
from engine.scenario import Scenario

if TYPE_CHECKING:
    from collectors.compare import Comparison


def command(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[A.toml B.toml …]")] = None,
    queues: Annotated[
        str | None, typer.Option(metavar="1,2,4,8", help="One scenario per number of queues.")
    ] = None,
    set_: Settings = None,
    repeats: Annotated[int, typer.Option(min=2, help="Runs per scenario, each with a seed of its own.")] = 8,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes; default: one per CPU, one in real time.")
    ] = None,
    clock: ClockChoice = ClockName.virtual,
    pacing: PacingChoice = None,
    idle: IdleChoice = None,
    oversubscribe: Oversubscribe = False,
    explain: Annotated[bool, typer.Option("--explain", help="Split the difference, first to last.")] = False,
    as_json: Json = False,
    save: SaveTo = None,
    quiet: Quiet = False,
) -> None:
    """Compare scenarios."""
    ground = how(clock, pacing, idle, oversubscribe)
    if explain and clock is ClockName.real:
        raise ValueError("--explain goes with --clock virtual, whose model alone has a ledger")
    named = _scenarios(files or [], queues, set_)
    from collectors.compare import compare
    from collectors.dataset import save as write

    if save is not None and save.exists():
        raise FileExistsError(17, "already there; datasets are not overwritten", str(save))
    done = compare(named, clock=ground, repeats=repeats, jobs=jobs, progress=not quiet)
    if save is not None:
        write(done, save)
    first, last = done.names[0], done.names[-1]
    if as_json:
        print(json.dumps({"clock": done.clock, "runs": json.loads(done.table.to_json(orient="records"))}))
    else:
        _print(done, first, last)
    if explain:
        print(done.explain(first, last).sentence)


def _scenarios(files: list[Path], queues: str | None, settings: list[str] | None) -> dict[str, Scenario]:
    if queues is not None:
        if len(files) > 1:
            raise ValueError(f"--queues goes with one scenario or none; {len(files)} were given")
        base = scenario(files[0] if files else None, settings)
        counts = queues.split(",")
        if not all(count.strip().isdigit() for count in counts):
            raise ValueError(f"--queues = {queues}: must be numbers with commas between, such as 1,2,4,8")
        named = {_plural(int(count)): base.with_(f"nic.queues={int(count)}") for count in counts}
    else:
        named = {str(path.with_suffix("")): scenario(path, settings) for path in files}
    if len(named) < 2:
        raise ValueError("compare needs two scenarios or more: A.toml B.toml, or --queues 1,2,4,8")
    return named


def _plural(count: int) -> str:
    return f"{count} queue" + ("" if count == 1 else "s")


def _print(done: Comparison, first: str, last: str) -> None:
    from collectors.compare.findings import finding

    shown = ("delivered_pps", "loss_ratio", "latency_p50_ns", "latency_p99_ns", "cpu_ns_per_frame")
    print(f"{done!r}\n")
    print(f"  {'scenario':<20}" + "".join(f"{metric:>30}" for metric in shown))
    for name in done.names:
        found = [done.interval(metric, name) for metric in shown]
        cells = (f"{each.estimate:,.4g} [{each.low:,.4g}, {each.high:,.4g}]" for each in found)
        print(f"  {name:<20}" + "".join(f"{cell:>30}" for cell in cells))
    print("\n" + finding(done, first, last))
