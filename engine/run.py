"""Run a scenario: read the files it names, drive the core in steps, hand back what it recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from engine import _core
from engine.config import Capture
from engine.scenario import Scenario

Progress = Callable[[int, int], None]
"""Called with the virtual time reached and its end, both in ns."""

STEPS = 200
"""Into how many steps a run is cut unless told otherwise: often enough to see it move and to stop it."""


class Stats(TypedDict):
    """Where every frame ended: `rx = delivered + sum(dropped.values()) + pending + consumed`."""

    rx: int
    delivered: int
    dropped: dict[str, int]
    pending: int
    consumed: int


@dataclass(frozen=True, slots=True)
class Result:
    """A finished run; the laws of conservation hold."""

    scenario: Scenario
    engine: _core.Engine
    stats: Stats

    @property
    def elapsed_ns(self) -> int:
        """When something happened last, in ns of virtual time."""
        return self.engine.last_ns

    def table(self, name: str) -> _core.Table:
        """A table of the run as an Arrow record batch (PyCapsule interface). Raises KeyError."""
        return self.engine.table(name)

    def sent_capture(self) -> bytes:
        """Pcap of the acknowledgements the host sent; the scenario must set `observe.frames`."""
        return self.engine.sent_capture()

    def forwarded_capture(self) -> bytes:
        """Pcap of the frames that were forwarded, as they left; the scenario must set `observe.frames`."""
        return self.engine.forwarded_capture()

    def output_capture(self) -> bytes:
        """Pcap of the frames handed to the host; the scenario must set `observe.frames`."""
        return self.engine.output_capture()


def captures(scenario: Scenario) -> dict[str, bytes]:
    """The bytes of every capture the scenario names, by the name it uses.

    Relative paths start at the scenario's own file, then at the working directory. Raises OSError.
    """
    names = [stream.file for stream in scenario.traffic.streams if isinstance(stream, Capture)]
    return {name: _locate(name, scenario.directory).read_bytes() for name in names}


def _locate(name: str, directory: Path | None) -> Path:
    beside = (directory or Path()) / name
    return beside if beside.exists() else Path(name)


def execute(
    scenario: Scenario,
    *,
    captured: Mapping[str, bytes] | None = None,
    progress: Progress | None = None,
    step_ns: int | None = None,
    lossless: bool = False,
) -> Result:
    """Run a scenario to its end, drained.

    Parameters
    ----------
    captured : bytes of the captures by name, where they are not to be read from files.
    progress : told the virtual time after each step.
    step_ns : virtual time per step; default a 200th of the run.
    lossless : the source waits for room in a ring instead of losing a frame, as `run_live` with
        `pacing="lossless"`: the most the path takes is then what it did take in `elapsed_ns`.

    Raises
    ------
    ScenarioError, CaptureError, OSError : before anything ran.
    KeyboardInterrupt : between two steps; nothing is left behind.
    ConservationError, EngineError : a fault of the engine.
    """
    files = captures(scenario) if captured is None else captured
    engine = _core.Engine(scenario.resolved(), files, lossless=lossless)
    if step_ns is not None and step_ns <= 0:
        raise ValueError(f"step_ns = {step_ns}: must be above 0")
    step = step_ns or max(engine.end_ns // STEPS, 1)
    while not engine.finished and engine.now_ns < engine.end_ns:
        engine.advance(min(engine.now_ns + step, engine.end_ns))
        if progress is not None:
            progress(engine.now_ns, engine.end_ns)
    engine.finish()
    stats: Stats = json.loads(engine.stats())
    return Result(scenario, engine, stats)
