"""Run one scenario, in virtual or in real time, and say what came of it.

\b
Examples:
  rxbench run
  rxbench run scenario.toml --set nic.queues=4 --seed 7
  rxbench run scenario.toml --json
  rxbench run scenario.toml --clock real --pacing lossless
  rxbench run scenario.toml --save datasets/my-run
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

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


def command(
    file: Annotated[
        Path | None, typer.Argument(metavar="[SCENARIO.toml]", help="Default: 8 queues, 64 B.")
    ] = None,
    set_: Settings = None,
    clock: ClockChoice = ClockName.virtual,
    pacing: PacingChoice = None,
    idle: IdleChoice = None,
    oversubscribe: Oversubscribe = False,
    seed: Annotated[int | None, typer.Option(help="In place of the scenario's.")] = None,
    as_json: Json = False,
    save: SaveTo = None,
    quiet: Quiet = False,
) -> None:
    """Run one scenario."""
    ground = how(clock, pacing, idle, oversubscribe)
    chosen = scenario(file, set_)
    from collectors.dataset import save as write  # pandas is loaded only once the input is sound
    from collectors.metrics import METRICS, source
    from collectors.run import run

    if save is not None and save.exists():
        raise FileExistsError(17, "already there; datasets are not overwritten", str(save))
    done = run(chosen, clock=ground, seed=seed, progress=not quiet)
    if save is not None:
        write(done, save)
    if as_json:
        figures = {name: (None if value != value else value) for name, value in done.summary.items()}
        print(
            json.dumps(
                {"clock": done.clock, "key": done.scenario.key(), "metrics": figures, "stats": done.stats}
            )
        )
        return
    print(f"{done!r}\n")
    for name, value in done.summary.items():
        metric = METRICS[str(name)]
        origin = source(metric.name, done.clock)
        print(f"  {name:<24} {value:>16,.4g} {metric.unit:<6} {origin:<7} {metric.meaning}")
    print("\n" + json.dumps({"stats": done.stats}))
