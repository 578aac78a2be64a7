"""What a user did wrong is told in one line on standard error, with exit code 2; never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

BAD_INPUT = 2
FAILED = 1
STOPPED = 130


class OneLineErrors(TyperGroup):
    """A group of commands whose errors take one line."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,  # noqa: ANN401 - as typer's
    ) -> Any:  # noqa: ANN401
        """Run a command; exits with 0, 1 (it failed), 2 (bad input) or 130 (Ctrl-C)."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        try:
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read our output has seen enough; keep the interpreter from complaining at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        except (KeyboardInterrupt, typer.Abort):
            _say("stopped", STOPPED)
        except Exception as error:  # noqa: BLE001 - sorted by kind, re-raised where it is our fault
            _answer(error)
        if code == STOPPED:  # typer has turned Ctrl-C into its exit code
            _say("stopped", STOPPED)
        sys.exit(code if isinstance(code, int) else 0)


def _answer(error: Exception) -> NoReturn:
    """Exit as the kind of error asks for."""
    shown = getattr(error, "format_message", None)
    if callable(shown):  # a usage error: unknown option, missing argument
        if type(error).__name__ == "NoArgsIsHelpError":
            print(shown())
            sys.exit(0)
        _say(str(shown()), BAD_INPUT)
    if isinstance(error, OSError):
        _say(
            f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error),
            BAD_INPUT,
        )
    if isinstance(error, ValueError):
        _say(str(error), BAD_INPUT)
    from collectors.report.execute import (
        NotebookError,
    )  # loading it takes a second: only when something failed

    if isinstance(error, NotebookError):
        _say(str(error), FAILED)
    raise error


def _say(message: str, code: int) -> NoReturn:
    print("rxbench: " + " ".join(message.split()), file=sys.stderr)
    sys.exit(code)
