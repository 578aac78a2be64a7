"""What virtual time says a case will do, with a calibration's costs."""

from __future__ import annotations

from collections.abc import Sequence

from collectors.datapath import Datapath
from collectors.datapath import cpu as cpus
from collectors.datapath.latency import percentile
from collectors.validate.scenarios import Case, nic_ns
from engine.calibration import Calibration
from engine.config import Cost
from engine.run import execute

METRICS = ("throughput_pps", "busy_ns_per_frame", "latency_p50_ns")
"""Frames per second as fast as it goes; what the host's CPU worked for a frame; median of a frame's way."""

FRAMES = 60_000
"""Frames of a run in virtual time, at most."""


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
        scenario = scenario.with_(**{"traffic.streams.0.generated.offered": offered})
    done = execute(scenario, lossless=case.load is None)
    tables = Datapath(done)
    delivered = done.stats["delivered"]
    figures = {"busy_ns_per_frame": cpus.busy_ns(tables.table("cpu")) / delivered}
    if case.load is None:
        return figures | {"throughput_pps": delivered / done.elapsed_ns * 1e9}
    return figures | {"latency_p50_ns": float(percentile(tables.table("latency"), 50)[0])}
