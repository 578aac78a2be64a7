"""From streamed events to one row per move."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from collectors.linux.bpf.program import MIGRATED

FIRST_PACKET, FIRST_READ, TOLD = 3, 4, 5
NAN = float("nan")


def moves(events: npt.NDArray[np.void]) -> list[tuple[object, ...]]:
    """Rows of the table follow.

    Parameters
    ----------
    events : of `collectors.linux.bpf.program.EVENT`, of any tasks, in any order of CPUs. A first packet or
        read, and when the engine was told, belong to the last move of their task before them.
    """
    rows: list[tuple[object, ...]] = []
    last: dict[int, tuple[int, int, int]] = {}
    followed: dict[int, list[float]] = {}

    def end(tid: int) -> None:
        if tid in last:
            time_ns, from_cpu, to_cpu = last[tid]
            rows.append((time_ns, tid, from_cpu, to_cpu, *followed[tid]))

    for event in np.sort(events, order="time_ns", kind="stable"):
        time_ns, kind, tid = int(event["time_ns"]), int(event["kind"]), int(event["tid"])
        if kind == MIGRATED:
            end(tid)
            last[tid] = (time_ns, int(event["from_cpu"]), int(event["to_cpu"]))
            followed[tid] = [NAN, NAN, NAN, NAN]
        elif tid in last and kind == FIRST_PACKET:
            followed[tid][0], followed[tid][2] = float(time_ns - last[tid][0]), float(event["from_cpu"])
        elif tid in last and kind == FIRST_READ:
            followed[tid][1] = float(time_ns - last[tid][0])
        elif tid in last and kind == TOLD:
            followed[tid][3] = float(time_ns - last[tid][0])
    for tid in last:
        end(tid)
    return sorted(rows)
