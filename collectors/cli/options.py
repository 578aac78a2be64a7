"""Options several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from engine.scenario import Scenario

if TYPE_CHECKING:
    from collectors.live_run import RealTime

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


class ClockName(StrEnum):
    """Whose time."""

    virtual = "virtual"
    real = "real"


class PacingName(StrEnum):
    """When frames are offered in real time."""

    paced = "paced"
    lossless = "lossless"


class IdleName(StrEnum):
    """What host threads do without frames."""

    busy_poll = "busy_poll"
    sleep = "sleep"


ClockChoice = Annotated[ClockName, typer.Option("--clock", help="Virtual time, or this machine's threads.")]
PacingChoice = Annotated[
    PacingName | None,
    typer.Option(
        "--pacing", help="Real: frames at their times (paced, default), or each when there is room."
    ),
]
IdleChoice = Annotated[
    IdleName | None, typer.Option("--idle", help="Real: idle threads poll (default) or sleep.")
]
Oversubscribe = Annotated[
    bool, typer.Option("--oversubscribe", help="Real: share CPUs where there are too few.")
]


def how(
    clock: ClockName, pacing: PacingName | None, idle: IdleName | None, oversubscribe: bool
) -> Literal["virtual"] | RealTime:
    """What `run` and `compare` take as clock. Raises ValueError for options of the other clock."""
    if clock is ClockName.virtual:
        for option, value in (("--pacing", pacing), ("--idle", idle), ("--oversubscribe", oversubscribe)):
            if value:
                raise ValueError(f"{option} goes with --clock real; virtual time needs no such choice")
        return "virtual"
    from collectors.live_run import RealTime  # pandas is loaded only once the input is sound

    return RealTime(
        pacing="lossless" if pacing is PacingName.lossless else "paced",
        idle="sleep" if idle is IdleName.sleep else "busy_poll",
        oversubscribe=oversubscribe,
    )
