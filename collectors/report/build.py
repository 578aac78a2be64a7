"""Notebook in text form → executed notebook → one self-contained HTML file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat

from collectors.report.execute import execute
from collectors.report.html import render
from collectors.report.notebook import FOLDER, read

MAIN = "10gbe_report"
"""The notebook of the main job: 10GbE into 1, 2, 4 and 8 receive queues."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was written, and how long it took."""

    html: Path
    notebook: Path
    execute_s: float
    render_s: float


def build(
    out: Path,
    source: Path | None = None,
    parameters: Mapping[str, object] | None = None,
    *,
    progress: bool = False,
) -> Report:
    """Execute a notebook and write `<name>.html` and `<name>.ipynb` into `out`.

    Two builds of equal scenarios on one build and machine give equal pages but for the line that says when
    and the cells tagged `measured`, which are marked as such.

    Raises
    ------
    FileNotFoundError : there is no such notebook.
    NotebookError : a cell raised; nothing is written.
    """
    source = source or FOLDER / f"{MAIN}.py"
    if not source.is_file():
        raise FileNotFoundError(2, "no such notebook", str(source))
    begin = time.perf_counter()
    done = execute(read(source), parameters, folder=source.parent, progress=progress)
    executed = time.perf_counter()
    page = render(done, source.stem, time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()))
    out.mkdir(parents=True, exist_ok=True)
    html, notebook = out / f"{source.stem}.html", out / f"{source.stem}.ipynb"
    _replace(html, page)
    text: str = nbformat.writes(done)  # type: ignore[no-untyped-call]
    _replace(notebook, text.rstrip("\n") + "\n")
    return Report(html, notebook, executed - begin, time.perf_counter() - executed)


def _replace(path: Path, content: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(content, encoding="utf-8")
    partial.replace(path)
