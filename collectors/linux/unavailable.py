"""The one error of this package: something the machine does not offer, and how to get it."""

from __future__ import annotations


class Unavailable(OSError):  # noqa: N818 - a state of the machine, not a mistake
    """One line: what is missing, then how to get it. The command line shows it as it is."""

    def __init__(self, missing: str, how_to_get: str = "") -> None:
        self.missing = missing
        self.how_to_get = how_to_get
        super().__init__(f"{missing}: {how_to_get}" if how_to_get else missing)
