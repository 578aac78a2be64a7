"""A notebook's text form (py:percent) is its source.

The .ipynb beside it is generated, stripped and reproducible.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import jupytext
import nbformat

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
"""Where the project's notebooks are; there is none in an installation without the source tree."""

_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def read(source: Path) -> Any:  # noqa: ANN401 - nbformat has no types
    """The notebook of a text source: no outputs, cell ids derived from the cells' content.

    Raises
    ------
    OSError : the file cannot be read.
    """
    notebook = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        content = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        # A second cell of the same content needs an id of its own.
        cell.id = content if not seen[content] else f"{content}-{seen[content]}"
        seen[content] += 1
        cell.metadata = {"tags": list(cell.metadata["tags"])} if cell.metadata.get("tags") else {}
    return nbformat.from_dict(  # type: ignore[no-untyped-call]
        {"cells": notebook.cells, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}
    )


def text(source: Path) -> str:
    """Content of the .ipynb that belongs to a text source."""
    written: str = nbformat.writes(read(source))  # type: ignore[no-untyped-call]
    return written.rstrip("\n") + "\n"


def sources(folder: Path = FOLDER) -> list[Path]:
    """The text sources of a folder, in reading order."""
    return sorted(folder.glob("*.py"))


def stale(folder: Path = FOLDER) -> list[Path]:
    """The .ipynb files that are missing or not what their source generates, and those that have no source."""
    twins = {source.with_suffix(".ipynb"): source for source in sources(folder)}
    differ = [
        twin
        for twin, source in twins.items()
        if not twin.exists() or twin.read_text(encoding="utf-8") != text(source)
    ]
    return differ + sorted(set(folder.glob("*.ipynb")) - twins.keys())
