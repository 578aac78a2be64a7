"""Reading /proc and /sys below a root, so that a test can stand on a tree of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tree:
    """A file system seen from `root`; absent and unreadable files read as empty."""

    root: Path = Path("/")

    def text(self, path: str) -> str:
        """The stripped text of a file, `""` where it cannot be read."""
        try:
            return (self.root / path).read_text(errors="replace").strip()
        except OSError:
            return ""

    def number(self, path: str) -> int | None:
        """The decimal number a file holds, None where it holds none."""
        text = self.text(path)
        return int(text) if text.lstrip("-").isdecimal() else None

    def link_name(self, path: str) -> str:
        """The last part of where a symbolic link points, `""` where there is none."""
        link = self.root / path
        try:
            return link.readlink().name
        except OSError:
            return ""

    def glob(self, pattern: str) -> list[Path]:
        """Paths relative to the root that match, sorted."""
        return sorted(path.relative_to(self.root) for path in self.root.glob(pattern))
