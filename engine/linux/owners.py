"""Who made what is on this machine: processes, by number and time of start, and where their notes lie."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def folder() -> Path:
    """Where it is written down: `$XDG_RUNTIME_DIR/rxbench`, else `/run/rxbench`; neither outlives a boot."""
    return Path(os.environ.get("XDG_RUNTIME_DIR") or "/run") / "rxbench"


def owner() -> str:
    """This process, as `pid-start`."""
    pid = os.getpid()
    return f"{pid}-{started(pid)}"


def draft(place: Path, text: str) -> Path:
    """A file there, flushed to the disk, still to be given its name; the one it has says whose it is."""
    with tempfile.NamedTemporaryFile("w", dir=place, prefix=f".{owner()}.", delete=False) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Path(file.name)


def drop_drafts(place: Path) -> None:
    """Remove what a process left there that was killed before it had given it its name.

    What other users own stays unseen.
    """
    try:
        drafts = [path for path in place.iterdir() if path.match(".*-*.*")]
    except (FileNotFoundError, PermissionError):
        return
    for path in drafts:
        if not alive(path.name.split(".")[1]):
            path.unlink(missing_ok=True)


def started(pid: int) -> int | None:
    """When a process started, in clock ticks after boot; None if there is none of that number."""
    try:
        # proc_pid_stat(5), field 22; the second field, in brackets, may hold anything.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def alive(mark: str) -> bool:
    """Whether the owner of that mark still runs."""
    pid, _, start = mark.partition("-")
    return pid.isdigit() and str(started(int(pid))) == start
