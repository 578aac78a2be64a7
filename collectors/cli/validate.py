"""Run fixed scenarios in virtual and in real time and print prediction beside measurement.

Virtual time runs with a calibration; make one for this machine first (`rxbench calibrate`), since another
machine's predicts another machine. Not counted are cases the calibration was made from, marked *. The exit
status is 0 if all pairs of configurations that are more than 15 % apart were put in the right order, else 1.

\b
Examples:
  rxbench validate my-machine/own_host/costs.toml
  rxbench validate my-machine/kernel/costs.toml --json
  rxbench validate my-machine/own_host/costs.toml --quick --save my-validation
  rxbench validate --anchors
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collectors.cli.options import Json, Quiet

if TYPE_CHECKING:
    from collectors.validate import Validation

QUICK_REPEATS, QUICK_FRAMES, QUICK_ROUNDS, QUICK_PATIENCE_S = 3, 60_000, 100, 20.0


def command(
    calibration: Annotated[
        Path | None,
        typer.Argument(metavar="COSTS.toml", help="A calibration, as `rxbench calibrate` writes it."),
    ] = None,
    repeats: Annotated[int, typer.Option(help="Runs of each case in real time.")] = 9,
    frames: Annotated[int, typer.Option(help="Frames of a run as fast as it goes.")] = 200_000,
    rounds: Annotated[int, typer.Option(help="Rounds of 64 frames into the kernel, for each repeat.")] = 400,
    patience: Annotated[
        float, typer.Option(metavar="SECONDS", help="Wait in all for the machine to be as it was calibrated.")
    ] = 240.0,
    quick: Annotated[bool, typer.Option("--quick", help="Few cases, few and short runs.")] = False,
    anchors: Annotated[
        bool,
        typer.Option("--anchors", help="Published tables beside virtual time, in place of a calibration."),
    ] = False,
    save: Annotated[Path | None, typer.Option(metavar="DIR", help="Write it; DIR must not exist.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="In place of the validation in DIR.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Validate."""
    if anchors == (calibration is not None):
        raise ValueError("give a calibration's costs.toml or --anchors, one of the two")
    if calibration is None:
        _anchors(as_json)
        return
    from engine.calibration import Calibration

    read = Calibration.read(calibration)
    if save is not None and save.exists() and not replace:
        raise FileExistsError(17, "already there; --replace puts the new one in its place", str(save))
    # Only once the input is sound: these load numpy and pandas.
    from collectors.calibrate.kernel import HOST as KERNEL
    from collectors.dataset import save_validation
    from collectors.validate import validate, validate_kernel

    if quick:
        repeats, frames, rounds = QUICK_REPEATS, QUICK_FRAMES, QUICK_ROUNDS
        patience = QUICK_PATIENCE_S
    if read.provenance.get("host") == KERNEL:
        made = validate_kernel(read, repeats=repeats, rounds=rounds, quick=quick, progress=not quiet)
    else:
        made = validate(
            read, repeats=repeats, frames=frames, quick=quick, patience_s=patience, progress=not quiet
        )
    if save is not None:
        save_validation(made, read, save, replace=replace)
    if as_json:
        text = made.table.to_json(orient="records")
        score = made.score.dropna().to_dict()
        print(json.dumps({"cases": json.loads(text), "score": score, "in_order": made.in_order}))
    else:
        _show(made)
    if not made.in_order:
        raise typer.Exit(1)


def _show(made: Validation) -> None:
    from collectors.validate import BAR
    from collectors.validate.validation import APART

    for row in made.table.itertuples():
        mark = "*" if row.used else " "
        disturbed = " (disturbed)" if row.disturbed else ""
        print(
            f" {mark}{row.case:<34} {row.metric:<18} {row.predicted:>14,.1f} {row.measured:>14,.1f} "
            f"[{row.low:,.1f}, {row.high:,.1f}] {row.residual:>+8.1%}{disturbed}"
        )
    score = made.score
    print(
        f"throughput within {BAR:.0%}: {score['within_bar']:.0%} of {score['cases']:.0f} cases, "
        f"median {score['median_residual']:.1%}, worst {score['worst_residual']:.1%}"
    )
    for what, pairs in ((APART, made.pairs), (BAR, made.far)):
        print(f"order: {pairs['agree'].sum()} of {len(pairs)} pairs more than {what:.0%} apart as predicted")
    for pair in made.far[~made.far["agree"]].itertuples():
        print(
            f"  {pair.faster} is {pair.measured_ratio:.2f} times as fast as {pair.slower}, "
            f"predicted {pair.predicted_ratio:.2f}"
        )


def _anchors(as_json: bool) -> None:
    from collectors.validate.anchors import compare, missing

    table = compare()
    if as_json:
        print(json.dumps({"rows": json.loads(table.to_json(orient="records"))}))
        return
    for row in table.itertuples():
        mark = "*" if row.used else " "
        residual = f"{row.residual:>+8.1%}" if row.published else ""
        print(
            f" {mark}{row.anchor:<4} {row.row:<26} {row.published:>12,.1f} {row.predicted:>12,.1f} "
            f"{row.unit:<16}{residual:<9}{row.remark}".rstrip()
        )
    for row in missing().itertuples():
        print(f"  {row.anchor}: {row.table}: not compared; {row.why}")
