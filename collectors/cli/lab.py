"""Open the notebooks in JupyterLab: on this machine alone, with a token, without terminals.

\b
Examples:
  rxbench lab
  rxbench lab --port 9000 --no-browser
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from jupyter_core.paths import jupyter_runtime_dir

SOCKET_PATH_BYTES = 107
"""What a Unix socket's path may have (`sun_path`)."""


def local_sockets(runtime: str) -> bool:
    """Whether the paths of the kernels' sockets fit: kernel-UUID-ipc-N in Jupyter's runtime folder."""
    return len(os.fsencode(runtime)) + len("/kernel--ipc-1") + 36 <= SOCKET_PATH_BYTES


def arguments(folder: Path, port: int, browser: bool) -> list[str]:
    """The command that starts the server. The token stays Jupyter's own, random for each start."""
    options = [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.terminals_enabled=False",
        "--ServerApp.allow_remote_access=False",
        f"--ServerApp.root_dir={folder}",
    ]
    if local_sockets(jupyter_runtime_dir()):  # else Jupyter's own way: loopback ports, signed messages
        options.append("--KernelManager.transport=ipc")
    return [sys.executable, "-m", "jupyterlab", *options, *([] if browser else ["--no-browser"])]


def command(
    folder: Annotated[Path | None, typer.Argument(help="Default: the project's notebooks.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Open the notebooks in JupyterLab."""
    chosen = folder or Path(__file__).resolve().parents[2] / "notebooks"
    if not chosen.is_dir():
        raise NotADirectoryError(20, "not a folder", str(chosen))
    command_line = arguments(chosen.resolve(), port, browser)
    sys.stdout.flush()
    os.execv(command_line[0], command_line)
