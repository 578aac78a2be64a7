"""Measure what work costs on this machine and write it as calibrations that scenarios can name.

Two hosts are measured: the engine's own, in real time, which takes two CPUs; and this machine's kernel,
through a TAP device, which takes root. Each is a folder in DIR. Other work on the machine makes figures
worse: `cpu_lost_to_others` and `steady_share` in the file say how much of that there was.

\b
Examples:
  rxbench calibrate --out my-machine
  rxbench calibrate --out my-machine --quick --host own_host
  rxbench run scenario.toml --set costs=my-machine/own_host/costs.toml
"""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collectors.cli.options import Quiet

if TYPE_CHECKING:
    from collectors.calibrate import Calibrated

QUICK_REPEATS, QUICK_FRAMES, QUICK_ROUNDS, QUICK_PATIENCE_S = 3, 60_000, 100, 20.0


class Ground(StrEnum):
    """Which host."""

    own_host = "own_host"
    kernel = "kernel"
    both = "both"


def command(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write.")] = Path(
        "datasets/calibration/here"
    ),
    host: Annotated[
        Ground, typer.Option(help="What to measure; with both, the kernel only where it can be.")
    ] = Ground.both,
    replace: Annotated[bool, typer.Option("--replace", help="In place of the calibrations in DIR.")] = False,
    repeats: Annotated[int, typer.Option(help="Runs of each point.")] = 9,
    frames: Annotated[int, typer.Option(help="Frames of a run at full load.")] = 200_000,
    rounds: Annotated[int, typer.Option(help="Rounds of 64 frames into the kernel, for each repeat.")] = 400,
    scan: Annotated[
        float, typer.Option(metavar="SECONDS", help="Watch the machine first; calibrate its quickest state.")
    ] = 30.0,
    patience: Annotated[
        float, typer.Option(metavar="SECONDS", help="Wait in all for that state to come back.")
    ] = 240.0,
    date: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Of the measurement, to be written down.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Few and short runs.")] = False,
    quiet: Quiet = False,
) -> None:
    """Calibrate."""
    if date is not None and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", date):
        raise ValueError(f"--date = {date}: must be YYYY-MM-DD")
    grounds = [Ground.own_host, Ground.kernel] if host is Ground.both else [host]
    for ground in grounds:
        if (out / ground.value).exists() and not replace:
            raise FileExistsError(
                17, "already there; --replace puts the new one in its place", str(out / ground)
            )
    # Only once the input is sound: these load numpy and pandas.
    from collectors.calibrate import calibrate_kernel, calibrate_own_host
    from collectors.dataset import save_calibration
    from collectors.doctor import survey

    if quick:
        repeats, frames, rounds = QUICK_REPEATS, QUICK_FRAMES, QUICK_ROUNDS
        scan, patience = 0.0, QUICK_PATIENCE_S
    line = " ".join(["rxbench", *sys.argv[1:]])
    for ground in grounds:
        if ground is Ground.own_host:
            made = calibrate_own_host(
                repeats=repeats,
                frames=frames,
                command=line,
                date=date,
                scan_s=scan,
                patience_s=patience,
                progress=not quiet,
            )
        else:
            missing = [one for one in survey() if one.name in ("tap", "namespaces") and not one.available]
            if missing and host is Ground.both:
                print(f"kernel: not measured; {missing[0].name}: {missing[0].detail}")
                continue
            made = calibrate_kernel(
                repeats=repeats, rounds=rounds, command=line, date=date, progress=not quiet
            )
        _show(made, save_calibration(made, out / ground.value, replace=replace))


def _show(made: Calibrated, written: Path) -> None:
    print(f"{made.calibration.name}:")
    for row in made.calibration.rows:
        kind = row.source.partition(":")[0]
        print(f"  {row.op:<20} {row.ns:>10.3f} ns  ± {row.uncertainty_ns:<8.3f} {kind}")
    nic = made.calibration.nic
    if nic is not None and nic.frame_ns > 0.0:
        print(f"  card's thread: {nic.frame_ns:.1f} ns a frame, {nic.byte_ns:.4f} ns a byte")
    worst = (made.residuals["fitted_ns"] / made.residuals["measured_ns"] - 1.0).abs()
    whole = ~made.residuals["equation"].str.contains(": ")
    worst = worst[whole] if whole.any() else worst
    print(f"  fitted within {worst.max():.1%} (median {worst.median():.1%}); written to {written}")
