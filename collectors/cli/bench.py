"""Measure the packet path and virtual time on this machine and print one table.

Needs the source tree and a Rust toolchain. Figures are medians of interleaved rounds in real time; other work
on the machine moves them, so that only ratios of one run count.

\b
Examples:
  rxbench bench
  rxbench bench -- --help
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

MANIFEST = Path(__file__).resolve().parents[2] / "engine" / "Cargo.toml"


def command(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[-- ARGUMENTS]", help="For the program.")
    ] = None,
) -> None:
    """Measure on this machine."""
    cargo = shutil.which("cargo")
    if cargo is None:
        raise FileNotFoundError(2, "not found; install a Rust toolchain to measure", "cargo")
    if not MANIFEST.is_file():
        raise FileNotFoundError(2, "not found; measuring needs the source tree", str(MANIFEST))
    line = [
        cargo,
        "run",
        "--profile",
        "native",
        "--quiet",
        "--locked",
        "--manifest-path",
        str(MANIFEST),
        "--package",
        "bench",
    ]
    sys.stdout.flush()
    # Compiled for this machine, as the peer is: the same as `make bench`.
    os.execve(cargo, [*line, "--", *(arguments or ())], {**os.environ, "RUSTFLAGS": "-C target-cpu=native"})
