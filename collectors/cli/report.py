"""Run the comparison at 10GbE and write it as one HTML file.

1, 2, 4 and 8 receive queues, four traffic mixes, seeded repeats. Takes about two minutes on two cores.

\b
Examples:
  rxbench report
  rxbench report --out report/ --set repeats=4
  rxbench report --notebook notebooks/03_rss_scaling.py --out report/
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Annotated

import typer

from collectors.cli.options import Quiet


def command(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write.")] = Path("report"),
    notebook: Annotated[Path | None, typer.Option(help="Another notebook in text form.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change a parameter of the notebook."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Write the report."""
    parameters = dict(_parameter(text) for text in set_ or ())
    from collectors.report import build

    report = build(out, notebook, parameters, progress=not quiet and sys.stderr.isatty())
    print(f"{report.html}  ({report.execute_s:.0f} s to run, {report.render_s:.0f} s to write)")
    print(report.notebook)


def _parameter(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise ValueError(f"--set = {text}: must be NAME=VALUE, such as repeats=4")
    try:
        return name, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name, value
