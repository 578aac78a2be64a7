"""A figure that shows itself as SVG, the same bytes each time."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from collectors.plots.style import STYLE

Arguments = ParamSpec("Arguments")


def styled(draw: Callable[Arguments, Drawing]) -> Callable[Arguments, Drawing]:
    """Draw in the house's style, whatever the user has set."""

    @wraps(draw)
    def drawn(*args: Arguments.args, **named: Arguments.kwargs) -> Drawing:
        with mpl.rc_context(STYLE):
            return draw(*args, **named)

    return drawn


class Drawing:
    """A matplotlib figure outside pyplot: nothing stays open, and no backend is chosen for the user."""

    def __init__(
        self,
        rows: int = 1,
        columns: int = 1,
        *,
        width: float = 7.2,
        height: float = 3.2,
        sharex: bool = False,
        sharey: bool = False,
    ) -> None:
        with mpl.rc_context(STYLE):
            self.figure = Figure(figsize=(width, height), layout="constrained")
            self.axes: list[Axes] = list(
                self.figure.subplots(rows, columns, squeeze=False, sharex=sharex, sharey=sharey).flat
            )

    def note(
        self,
        runs: int | str,
        source: str,
        clock: str = "virtual",
        extra: str = "",
        loop: str = "open loop",
    ) -> Drawing:
        """Write under the figure what every figure must say; returns itself."""
        text = f"n = {runs} · clock {clock} · source {source} · {loop}{' · ' + extra if extra else ''}"
        self.figure.supxlabel(text, fontsize=7, color="#555555", x=0.99, ha="right")
        return self

    def svg(self) -> str:
        """The figure as SVG: fixed ids, no date."""
        with mpl.rc_context(STYLE):
            buffer = io.StringIO()
            self.figure.savefig(buffer, format="svg", metadata={"Date": None})
        return buffer.getvalue()

    def save(self, path: str | Path) -> Path:
        """Write it; the suffix chooses the format. Raises OSError, ValueError."""
        path = Path(path)
        with mpl.rc_context(STYLE):
            self.figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
        return path

    @property
    def title(self) -> str:
        """What the figure is about, in words: its titles, in order."""
        titles = [self.figure.get_suptitle(), *(axes.get_title() for axes in self.axes)]
        return " · ".join(dict.fromkeys(title for title in titles if title)) or "figure"

    def __repr__(self) -> str:
        return f"<Drawing: {self.title}>"

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        bundle = {"text/plain": repr(self), "image/svg+xml": self.svg()}
        return bundle, {"image/svg+xml": {"alt": self.title}}
