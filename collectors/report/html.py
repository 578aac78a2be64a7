"""An executed notebook as one HTML file that loads nothing from anywhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from nbconvert import HTMLExporter
from traitlets.config import Config

TEMPLATES = Path(__file__).parent
TIME_LINE = '<p id="rxbench-written">'
"""The only line in which two reports of equal runs differ, but for what was measured, starts with this."""
MEASURED = "measured"
"""Tag of the cells that measure this machine: marked on the page, other in every report."""

_MEASURED = re.compile(r"<!-- measured -->.*?<!-- end of measured -->", re.DOTALL)
_EXTERNAL = re.compile(
    r"""(?:src|href|srcset|action|data)\s*=\s*["']?(?:https?:)?//[^"'\s>]+"""
    r"""|url\(\s*["']?(?:https?:)?//[^)]+"""
    r"""|@import\s+[^;]+"""
    r"""|\bimport\s*\(\s*["'][^"']+"""
    r"""|<script[^>]+\bsrc\b[^>]*""",
    re.IGNORECASE,
)


def repeatable(page: str) -> str:
    """The part of a page that two reports of equal runs share to the byte."""
    kept = _MEASURED.sub("", page).splitlines(keepends=True)
    return "".join(line for line in kept if not line.startswith(TIME_LINE))


def external_references(page: str) -> list[str]:
    """Whatever a browser would fetch, or link to, outside the page."""
    return sorted(set(_EXTERNAL.findall(page)))


def render(notebook: Any, title: str, written: str) -> str:  # noqa: ANN401 - nbformat has no types
    """The page of an executed notebook.

    Parameters
    ----------
    written : when, as shown in the one line marked for it.

    Raises
    ------
    ValueError : the page would refer to something outside itself.
    """
    config = Config()
    config.HTMLExporter.update(
        template_name="template",
        extra_template_basedirs=[str(TEMPLATES)],
        embed_images=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    config.TagRemovePreprocessor.update(
        enabled=True, remove_input_tags={"remove-input"}, remove_cell_tags={"remove-cell"}
    )
    page, _ = HTMLExporter(config=config).from_notebook_node(  # type: ignore[no-untyped-call]
        notebook, resources={"metadata": {"name": title}}
    )
    page = page.replace("</main>", f"\n{TIME_LINE}Written {written}.</p>\n</main>", 1)
    found = external_references(page)
    if found:
        raise ValueError(f"the report is not self-contained: {', '.join(found)}")
    return page
