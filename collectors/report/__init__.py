"""Notebooks in text form, their generated .ipynb twins, and reports of one self-contained HTML file."""

from collectors.report.build import Report, build
from collectors.report.execute import NotebookFailed

__all__ = ["NotebookFailed", "Report", "build"]
