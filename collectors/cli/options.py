"""Options several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.scenario import Scenario

RAW = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


def _keys(incomplete: str) -> list[str]:
    return [f"{key}=" for key in Scenario().settable() if key.startswith(incomplete)]


Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a key of the scenario; may be repeated.",
        autocompletion=_keys,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SaveTo = Annotated[
    Path | None, typer.Option("--save", metavar="DIR", help="Write a dataset; DIR must not exist.")
]


def scenario(path: Path | None, settings: list[str] | None) -> Scenario:
    """The scenario of a file (TOML, or JSON by its suffix) or the default one, with settings applied."""
    if path is None:
        found = Scenario()
    elif path.suffix == ".json":
        found = Scenario.from_json(path)
    else:
        found = Scenario.from_toml(path)
    return found.with_(*(settings or ()))
