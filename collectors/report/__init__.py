"""Notebooks in text form, their generated .ipynb twins, and reports of one self-contained HTML file."""

from collectors.report.build import Report, build
from collectors.report.execute import NotebookError

__all__ = ["NotebookError", "Report", "build"]
