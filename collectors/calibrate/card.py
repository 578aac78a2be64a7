"""What the card's thread takes for a frame: a card costs no CPU, so that virtual time has no row for it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from collectors.calibrate.equations import calm, of_point
from collectors.calibrate.fit import Equation, fit
from collectors.calibrate.points import Point, flows, mean_bytes
from engine.calibration import NicThread

SIGMA_SHARE = 0.05


def card(chosen: Sequence[Point], observations: pd.DataFrame) -> NicThread:
    """A frame's constant part, its bytes', and its making: batches, and whole runs where the card led."""
    seen = calm(observations)
    found = []
    for point in chosen:
        # Without checksums to verify it does less: another card.
        here = of_point(seen, point.name)["ns"].to_dict()
        if point.load == "full" and "nic" in here and point.scenario.nic.rx_checksum:
            made = float(point.prepared_frames is None)
            amounts = {
                "frame": 1.0,
                "byte": mean_bytes(point.scenario),
                "made": made,
                "made_doubling": made * math.log2(flows(point.scenario)),
            }
            ns = float(here["nic"])
            if ns > here.get("round", 0.0):
                ns = max(ns, float(here.get("whole", ns)))
            found.append(Equation(point.name, amounts, ns, SIGMA_SHARE * ns))
    costs = fit(found, {})
    source = f"fitted: batches of the card's thread, least squares over {len(found)} points"
    frame_ns, byte_ns, made_ns, doubling_ns = (
        round(costs[part], 4) for part in ("frame", "byte", "made", "made_doubling")
    )
    return NicThread(frame_ns, byte_ns, made_ns, doubling_ns, source)
