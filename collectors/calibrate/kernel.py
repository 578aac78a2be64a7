"""`calibrate_kernel()`: what this machine's kernel takes for a frame, as rows of the cost table.

Two times can be had of the kernel without tracing it: of a write to a TAP device, which ends on the socket's
queue, and of a receive call. How they divide among the kernel's operations is the cost table's guess, whose
rows are multiplied until the sums are right: each row is then wrong by as much as the guess, and their sum is
measured.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from collectors.calibrate.equations import CALM
from collectors.calibrate.fit import Equation, fit
from collectors.calibrate.kernel_path import ROUND_FRAMES, Traffic, calls_of_many, medians
from collectors.calibrate.own_host import Calibrated
from collectors.calibrate.points import STREAM, Point, own_host, traffic
from collectors.calibrate.provenance import provenance
from collectors.calibrate.work import charged
from collectors.progress import steps
from engine import _core
from engine.calibration import Calibration, NicThread, Row

POINTS = (Traffic(64, 1), Traffic(64, 64), Traffic(1518, 1), Traffic(1518, 64))
"""What is measured: the ends of what is to be predicted."""
HOST = "kernel through TAP"
COLUMNS = {"point": "str", "repeat": "int64", "what": "str", "ns": "float64"}
"""Of what is measured; `what`: `written`, `read` or `read_many`, ns per frame."""
WRITE = (
    "driver.descriptor",
    "driver.refill",
    "driver.receive",
    "skb.alloc",
    "ip.receive",
    "udp.receive",
    "socket.lookup",
    "socket.enqueue",
)
"""Operations a write to the device contains."""
READ = ("socket.dequeue", "skb.free")
"""Operations a receive call contains, beside the call itself and the copy."""
NOWHERE = ("irq.hardirq", "napi.softirq", "napi.poll", "napi.complete", "sched.wake", "app.message")
"""Operations that do not happen: a write is its own softirq, and who reads does not sleep."""
SIGMA_SHARE = 0.03


def scenario_point(each: Traffic) -> Point:
    """The same traffic for virtual time."""
    settings = dict(traffic(each.size_bytes, each.sockets))
    settings[f"{STREAM}.flows.popularity"] = "in_turn"
    return Point(each.name, "full", own_host(40_000, **settings), None)


def calibrate_kernel(
    *,
    name: str = "kernel",
    repeats: int = 5,
    rounds: int = 400,
    command: str = "",
    date: str | None = None,
    progress: bool = True,
) -> Calibrated:
    """Measure and fit.

    Parameters
    ----------
    repeats : of each point, each time behind a new device.
    rounds : of 64 frames, of which the median counts.
    command, date : what was typed and when, for the provenance.

    Raises
    ------
    OSError : no right to make a network namespace, or no /dev/net/tun, naming what is needed.
    """
    found = []
    with steps("calibrate", len(POINTS) * repeats, "device", progress) as stepped:
        for repeat in range(repeats):
            for each in POINTS:
                found += [(each.name, repeat, what, ns) for what, ns in medians(each, rounds).items()]
                stepped()
    observations = pd.DataFrame(found, columns=list(COLUMNS)).astype(COLUMNS)
    made = fitted(name, observations)
    told = provenance(command, [each.name for each in POINTS], HOST, repeats, date)
    return replace(made, calibration=replace(made.calibration, provenance=told))


def fitted(name: str, observations: pd.DataFrame) -> Calibrated:
    """The calibration that measurements give, without provenance."""
    table = {str(row["key"]): float(row["ns"]) for row in json.loads(_core.declarations())["costs"]}
    counted = {each.name: charged(scenario_point(each), ()) for each in POINTS}
    rows = _equations(observations.groupby(["point", "what"])["ns"].quantile(CALM), counted, table)
    costs = fit(rows, {})
    by_repeat = [
        fit(_equations(of.set_index(["point", "what"])["ns"], counted, table), {})
        for _, of in observations.groupby("repeat")
    ]
    spread = pd.DataFrame(by_repeat)
    half = (spread.quantile(0.95) - spread.quantile(0.05)) / 2.0
    about = f"{len(POINTS)} points of UDP through a TAP device"
    shared = f"fitted: {about}; divided among operations as in the cost table"
    made = [
        Row(op, round(table[op] * costs[part], 4), round(table[op] * float(half[part]), 4), shared)
        for part, ops in (("write", WRITE), ("read", READ))
        for op in ops
    ]
    copy_ns, copy_half = (float(of["copy_in"] + of["copy_out"]) for of in (pd.Series(costs), half))
    made += [
        Row("socket.recv_call", round(costs["call"], 4), round(float(half["call"]), 4), f"fitted: {about}"),
        Row("copy.payload", round(copy_ns, 5), round(copy_half, 5), f"fitted: {about}; in and out"),
        *(Row(op, 0.0, 0.0, "assumed: contained in the write, or not there") for op in NOWHERE),
    ]
    residuals = pd.DataFrame(
        [(row.name, row.ns, row.predicted_ns(costs), row.sigma_ns) for row in rows],
        columns=["equation", "measured_ns", "fitted_ns", "sigma_ns"],
    )
    # The write is the card's part and the host's at once, and is charged to the host.
    nic = NicThread(0.0, 0.0, 0.0, 0.0, "assumed: contained in the write")
    return Calibrated(Calibration(name, tuple(made), nic), observations, residuals)


def _equations(
    measured: pd.Series,
    charges: Mapping[str, tuple[Mapping[str, float], Mapping[str, float]]],
    table: Mapping[str, float],
) -> list[Equation]:
    """Three for each point; what the cache model will charge anyway is taken off first."""
    rows = []
    for each in POINTS:
        here, (units, waits) = measured[each.name], charges[each.name]
        copied = float(each.payload_bytes)
        calls = {"read": (ROUND_FRAMES + 1) / ROUND_FRAMES, "read_many": _calls_of_many(each) / ROUND_FRAMES}
        parts: dict[str, dict[str, float]] = {
            "written": {"write": _sum(table, units, WRITE), "copy_in": copied},
            "read": {"read": _sum(table, units, READ), "copy_out": copied, "call": calls["read"]},
            "read_many": {"read": _sum(table, units, READ), "copy_out": copied, "call": calls["read_many"]},
        }
        for what, amounts in parts.items():
            ops = WRITE if what == "written" else (*READ, "socket.recv_call", "copy.payload")
            ns = float(here[what]) - sum(waits.get(op, 0.0) for op in ops)
            rows.append(Equation(f"{each.name}: {what}", amounts, ns, SIGMA_SHARE * float(here[what])))
    return rows


def _calls_of_many(each: Traffic) -> int:
    return len(calls_of_many([at % each.sockets for at in range(ROUND_FRAMES)]))


def _sum(table: Mapping[str, float], units: Mapping[str, float], ops: tuple[str, ...]) -> float:
    return sum(table[op] * units.get(op, 0.0) for op in ops)
