"""Cache misses of the engine's own instructions, simulated one by one: valgrind's cachegrind.

Where there is no PMU this counts what the receive path really touches, in caches of the scenario's sizes. It
is a simulation of real instructions and stands under its own name, `cachegrind`: one set of caches for all
threads, no second level, no other CPU's writes, no prefetcher, and nothing of the kernel.

Two runs that differ in their number of frames are subtracted: what start and end cost cancels out.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from collectors.linux.columns import TABLES
from collectors.linux.frame import frame
from collectors.linux.unavailable import Unavailable
from engine import _core
from engine.run import captures
from engine.scenario import Scenario

PROGRAM = Path(__file__).with_name("valgrind_program.py")
WARM_UP_FRAMES = 8192
PREPARED_FRAMES = 4096
L1I = "32768,8,64"
"""Not in a scenario's model, which knows data only: as most x86-64 processors have it."""
SECONDS = 600.0

COUNTED = (
    ("l1i", "instruction", "Ir", "I1mr"),
    ("llc", "instruction", "I1mr", "ILmr"),
    ("l1d", "read", "Dr", "D1mr"),
    ("l1d", "write", "Dw", "D1mw"),
    ("llc", "read", "D1mr", "DLmr"),
    ("llc", "write", "D1mw", "DLmw"),
)
"""Level, access, cachegrind's names of references to it and of misses in it (Cg manual, 5.2)."""


def cachegrind(scenario: Scenario, frames: int = 20_000) -> pd.DataFrame:
    """Table cachegrind: references and misses per frame of the NIC and host stages of a scenario.

    The scenario runs in real time on the engine's own host, lossless, as `run_live` does; the sizes of the
    caches are those of `host.cache`. It takes some seconds.

    Parameters
    ----------
    frames : how many more the second run has than the first.

    Raises
    ------
    Unavailable : valgrind is not installed.
    ScenarioError, CaptureError, OSError : a key real time cannot honour, or a capture; before anything ran.
    ValueError : fewer than 1000 frames.
    RuntimeError : the program under valgrind failed.
    """
    if frames < 1000:
        raise ValueError(f"frames = {frames}: at least 1000, or noise is what is measured")
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise Unavailable("valgrind is not installed", "apt install valgrind")
    _refuse_early(scenario)
    few = _events(valgrind, scenario, WARM_UP_FRAMES)
    many = _events(valgrind, scenario, WARM_UP_FRAMES + frames)
    rows = [
        (level, access, frames, *((many[name] - few[name]) / frames for name in (references, misses)))
        for level, access, references, misses in COUNTED
    ]
    return frame(TABLES["cachegrind"], rows, "cachegrind")


def _counting(scenario: Scenario, frames: int) -> Scenario:
    """The scenario with that many frames, and time for them."""
    return scenario.with_(
        **{"traffic.frames": frames, "duration_ns": max(scenario.duration_ns, 10_000_000_000)}
    )


def _refuse_early(scenario: Scenario) -> None:
    """Build what is going to run: its errors are told here, not by a program under valgrind."""
    _core.LiveEngine(
        _counting(scenario, 1).resolved(),
        captures(scenario),
        pacing="lossless",
        idle="sleep",
        oversubscribe=True,
        prepared_frames=1,
    )


def _events(valgrind: str, scenario: Scenario, frames: int) -> dict[str, int]:
    cache = scenario.host.cache
    with _memory("cachegrind") as output, _files(captures(scenario)) as files:
        settings = {
            "core": _core.__file__,
            "scenario": _counting(scenario, frames).resolved(),
            "captures": files,
            "prepared_frames": PREPARED_FRAMES,
        }
        done = subprocess.run(
            [
                *(valgrind, "--tool=cachegrind", "--cache-sim=yes", "--fair-sched=try", "--quiet"),
                *(f"--I1={L1I}", f"--D1={cache.l1d_bytes},{cache.l1d_ways},64"),
                *(f"--LL={cache.llc_bytes},{cache.llc_ways},64", f"--cachegrind-out-file={output}"),
                *(sys.executable, "-s", "-S", "-P", str(PROGRAM)),
            ],
            input=json.dumps(settings),
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            # Equal hashes, so that the interpreter's own part is equal in both runs.
            env={"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0"},
        )
        counted = summary(Path(output).read_text())
    if done.returncode or not counted:
        reason = (done.stderr.strip() or "no output").splitlines()[-1]
        raise RuntimeError(f"the engine under valgrind ended with {done.returncode}: {reason}")
    return counted


def summary(text: str) -> dict[str, int]:
    """Totals by event in cachegrind's output; empty where it has none."""
    lines = dict(line.partition(": ")[::2] for line in text.splitlines() if line[:1] in "es")
    names, values = lines.get("events", "").split(), lines.get("summary", "").split()
    return dict(zip(names, map(int, values), strict=True)) if values else {}


@contextmanager
def _memory(name: str, content: bytes = b"") -> Iterator[str]:
    """A file without a place, by a path another process of this user can open; gone with its descriptor."""
    descriptor = os.memfd_create(name)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        yield f"/proc/{os.getpid()}/fd/{descriptor}"
    finally:
        os.close(descriptor)


@contextmanager
def _files(contents: dict[str, bytes]) -> Iterator[dict[str, str]]:
    if not contents:
        yield {}
        return
    (name, content), *others = contents.items()
    with _memory("capture", content) as path, _files(dict(others)) as rest:
        yield {name: path, **rest}
