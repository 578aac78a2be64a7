"""What a process holds in the kernel, and whether it is still there."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import suppress
from pathlib import Path


def alive(kind):
    """Numbers of all programs or maps of the kernel."""
    shown = subprocess.run(["bpftool", "--json", kind, "show"], check=True, capture_output=True, text=True)
    return {one["id"] for one in json.loads(shown.stdout)}


def held(process):
    """Numbers of the programs and maps a process holds by descriptors."""
    lines = []
    for info in Path(f"/proc/{process}/fdinfo").iterdir():
        with suppress(FileNotFoundError):  # the one this reads with
            lines += info.read_text().splitlines()
    words = [line.split() for line in lines]
    return tuple(
        {int(word[1]) for word in words if word and word[0] == name} for name in ("prog_id:", "map_id:")
    )


def children(process, of):
    """Processes it started, from whichever thread, whose command line has `of` in it."""
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    started = [child for task in tasks for child in task.read_text().split()]
    return {child for child in started if of in Path(f"/proc/{child}/cmdline").read_text()}


def running(process):
    """A zombie has ended; whoever adopted it has only not looked yet."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def await_gone(programs, maps, processes=()):
    """The kernel takes namespaces and maps down by and by."""
    deadline = time.monotonic() + 10
    while programs & alive("prog") or maps & alive("map") or any(map(running, processes)):
        assert time.monotonic() < deadline, "programs, maps or processes stay"
        time.sleep(0.05)
