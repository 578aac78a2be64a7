"""What the card's thread takes for a frame: a card costs no CPU, so that virtual time has no row for it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from collectors.calibrate.equations import calm
from collectors.calibrate.fit import Equation, fit
from collectors.calibrate.points import Point
from engine.calibration import NicThread

SIGMA_SHARE = 0.05


def card(chosen: Sequence[Point], observations: pd.DataFrame) -> NicThread:
    """A frame's constant part, its bytes', and its making, from the card's batches at full load."""
    batches = calm(observations[observations["what"] == "nic"])["ns"].droplevel("what")
    found = []
    for point in chosen:
        # Without checksums to verify it does less: another card.
        if point.load == "full" and point.name in batches.index and point.scenario.nic.rx_checksum:
            made = float(point.prepared_frames is None)
            amounts = {"frame": 1.0, "byte": float(_size(point)), "made": made}
            ns = float(batches[point.name])
            found.append(Equation(point.name, amounts, ns, SIGMA_SHARE * ns))
    costs = fit(found, {})
    source = f"fitted: batches of the card's thread, least squares over {len(found)} points"
    frame_ns, byte_ns, made_ns = (round(costs[part], 4) for part in ("frame", "byte", "made"))
    return NicThread(frame_ns, byte_ns, made_ns, source)


def _size(point: Point) -> int:
    return int(point.scenario["traffic.streams.0.generated.sizes.fixed.bytes"])
