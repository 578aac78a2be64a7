"""`rxbench`: the commands, in the order a newcomer meets them."""

from __future__ import annotations

import typer

from collectors.cli import (
    bench,
    bump,
    calibrate,
    compare,
    dissect,
    doctor,
    lab,
    replay,
    report,
    run,
    sweep,
    target,
    validate,
    watch,
)
from collectors.cli.errors import OneLineErrors
from collectors.cli.options import RAW

app = typer.Typer(
    name="rxbench",
    cls=OneLineErrors,
    help="A workbench for the receive path of a network interface.\n\nExamples: rxbench COMMAND --help.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for module in (
    report,
    lab,
    run,
    compare,
    sweep,
    dissect,
    replay,
    doctor,
    watch,
    bump,
    target,
    bench,
    calibrate,
    validate,
):
    name = module.__name__.rsplit(".", 1)[-1]
    app.command(name, help=module.__doc__, context_settings=RAW)(module.command)
