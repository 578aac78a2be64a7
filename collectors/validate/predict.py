"""What virtual time says a case will do, with a calibration's costs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from collectors.calibrate.points import STREAM
from collectors.datapath import Datapath
from collectors.datapath import cpu as cpus
from collectors.datapath.latency import percentile
from collectors.validate.scenarios import Case, nic_ns
from engine import _core
from engine.calibration import Calibration
from engine.config import Cost
from engine.run import execute
from engine.scenario import Scenario

METRICS = ("throughput_pps", "busy_ns_per_frame", "latency_p50_ns")
"""Frames per second as fast as it goes; what the host's CPU worked for a frame; median of a frame's way."""

FRAMES = 80_000
"""Frames of a run in virtual time, at most."""
STEP_NS = 10_000


def predict(case: Case, calibration: Calibration) -> dict[str, float]:
    """Figures by metric.

    A case as fast as it goes has a throughput: frames come as fast as the card's thread hands them over, and
    wait for room. A paced one has the CPU's work and a latency.

    Raises
    ------
    ValueError : the calibration does not say what the card's thread takes.
    """
    if calibration.nic is None:
        raise ValueError(f"calibration {calibration.name!r}: has no [nic]; calibrate the own host")
    costs: Sequence[Cost] = calibration.costs()
    frames = min(int(case.scenario.traffic.frames or FRAMES), FRAMES)
    scenario = case.scenario.with_(costs=costs, **{"traffic.frames": frames})
    if case.load is None:
        offered = {"frames_per_second": round(1e9 / nic_ns(calibration.nic, case))}
        return {"throughput_pps": _warm_pps(scenario.with_(**{f"{STREAM}.offered": offered}), frames)}
    done = execute(scenario)
    tables = Datapath(done)
    busy_ns = cpus.busy_ns(tables.table("cpu")) / done.stats["delivered"]
    p50_ns = float(percentile(tables.table("latency"), 50)[0])
    return {"busy_ns_per_frame": busy_ns, "latency_p50_ns": p50_ns}


def _warm_pps(scenario: Scenario, frames: int) -> float:
    """Frames per second without the first half, in which caches fill: runs in real time are longer."""
    engine = _core.Engine(scenario.resolved(), {}, lossless=True)
    while engine.offered_frames < frames // 2:
        engine.advance(engine.now_ns + STEP_NS)
    before, began_ns = int(json.loads(engine.stats())["delivered"]), engine.now_ns
    engine.finish()
    delivered = int(json.loads(engine.stats())["delivered"]) - before
    return delivered / (engine.last_ns - began_ns) * 1e9
