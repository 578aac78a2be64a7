"""Execute a notebook in a kernel of this interpreter, apart from the user's Jupyter set-up."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import papermill
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

KERNEL = "rxbench"


class NotebookError(RuntimeError):
    """A cell raised; the message names the cell and the cause in one line."""


@contextmanager
def _own_jupyter() -> Iterator[str]:
    """Temporary Jupyter directories with one kernel: this interpreter. Yields where its sockets may be."""
    with tempfile.TemporaryDirectory(prefix="rx-") as folder:
        spec = Path(folder, "kernels", KERNEL)
        spec.mkdir(parents=True)
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        (spec / "kernel.json").write_text(
            json.dumps({"argv": argv, "display_name": KERNEL, "language": "python"})
        )
        # A short name: a socket's path may have 107 bytes.
        (Path(folder) / "run").mkdir(mode=0o700)
        own = {
            "JUPYTER_PATH": folder,
            "JUPYTER_RUNTIME_DIR": f"{folder}/run",
            "IPYTHONDIR": f"{folder}/ipython",
            "PYTHONHASHSEED": "0",
            "RXBENCH_PROGRESS": "off",  # a bar's text would make two reports differ
        }
        if not os.access(os.environ.get("MPLCONFIGDIR", Path.home()), os.W_OK):
            own["MPLCONFIGDIR"] = f"{folder}/matplotlib"
        before = {name: os.environ.get(name) for name in own}
        os.environ.update(own)
        try:
            yield f"{folder}/run/kernel"
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def execute(
    notebook: Any,  # noqa: ANN401 - nbformat has no types
    parameters: Mapping[str, object] | None = None,
    *,
    folder: Path,
    progress: bool = False,
) -> Any:  # noqa: ANN401
    """The notebook with outputs; `parameters` replace those of its cell tagged `parameters`.

    Parameters
    ----------
    folder : the kernel's working directory.
    progress : show a bar of cells on standard error.

    Raises
    ------
    NotebookError : a cell raised.
    """
    with _own_jupyter() as sockets:
        # Sockets in the file system: no port is opened, and nobody else can connect.
        config = Config({"KernelManager": {"transport": "ipc", "ip": sockets}})
        try:
            done = papermill.execute_notebook(
                notebook,
                None,
                parameters=dict(parameters or {}),
                kernel_name=KERNEL,
                progress_bar=progress,
                cwd=str(folder),
                config=config,
            )
        except PapermillExecutionError as cause:
            raise NotebookError(f"cell {cause.exec_count}: {cause.ename}: {cause.evalue}") from None
    for cell in done.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "parameters"  # papermill draws a random one
        cell.metadata = {key: value for key, value in cell.metadata.items() if key == "tags"}
    done.metadata = {
        key: value for key, value in done.metadata.items() if key in ("kernelspec", "language_info")
    }
    done.metadata["kernelspec"] = {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    return done
