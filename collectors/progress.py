"""Progress bars.

On the terminal or in the notebook, silent where nobody looks or `RXBENCH_PROGRESS=off` says so.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm.auto import tqdm


def _watched() -> bool:
    if os.environ.get("RXBENCH_PROGRESS") == "off":
        return False
    return sys.stderr.isatty() or "ipykernel" in sys.modules


@contextmanager
def bar(label: str, shown: bool = True) -> Iterator[Callable[[int, int], None]]:
    """A bar of virtual time; what it yields is told the time reached and the end, in ns."""
    with tqdm(total=None, desc=label, unit="ms", leave=False, disable=not (shown and _watched())) as lines:

        def moved(now_ns: int, end_ns: int) -> None:
            lines.total = end_ns / 1e6
            lines.update(now_ns / 1e6 - lines.n)

        yield moved


@contextmanager
def steps(label: str, total: int, unit: str, shown: bool = True) -> Iterator[Callable[[], None]]:
    """A bar of `total` steps; what it yields is called after each."""
    with tqdm(total=total, desc=label, unit=unit, leave=False, disable=not (shown and _watched())) as lines:

        def stepped() -> None:
            lines.update(1)

        yield stepped
