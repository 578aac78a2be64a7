"""What is run both ways: the own host by sizes and flows as fast as it goes, and paced at several loads.

Scenarios whose frames a calibration was made from are marked and not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from collectors.calibrate.points import (
    PREPARED_FRAMES,
    flows,
    frames_of,
    mean_bytes,
    mix,
    own_host,
    points,
    sparse,
    traffic,
)
from engine.calibration import NicThread
from engine.scenario import Scenario

SIZES_BYTES = (64, 128, 256, 512, 1024, 1518)
FLOWS = (1, 16, 256, 4096)
QUICK_SIZES_BYTES, QUICK_FLOWS = (64, 512, 1518), (16,)
LOADS = (0.25, 0.5, 0.75)
"""Shares of what the path is predicted to take."""


@dataclass(frozen=True, slots=True)
class Case:
    """One scenario, to be run in virtual and in real time."""

    name: str
    scenario: Scenario
    prepared_frames: int | None
    used: bool
    """Its frames were measured to calibrate: shown, and not counted."""
    load: float | None = None
    """None: as fast as it goes; else the share of the predicted most at which frames are paced."""


def nic_ns(nic: NicThread, case: Case) -> float:
    """What the card's thread takes for a frame of the case, in ns."""
    return nic.ns(mean_bytes(case.scenario), flows(case.scenario), made=case.prepared_frames is None)


def throughput_cases(frames: int = 200_000, *, quick: bool = False) -> tuple[Case, ...]:
    """Every size and the mix by flows; TCP.

    `quick`: a few of them.
    """
    used = {frames_of(point.scenario) for point in points()}
    cases: list[Case] = []

    def add(name: str, *, prepared: bool = True, **settings: object) -> None:
        scenario = own_host(frames, **settings).with_(name=name)
        repeated = PREPARED_FRAMES if prepared else None
        cases.append(Case(name, scenario, repeated, frames_of(scenario) in used))

    for size in QUICK_SIZES_BYTES if quick else SIZES_BYTES:
        for count in QUICK_FLOWS if quick else FLOWS:
            add(f"{size} B, {_flows(count)}", **traffic(size, count))
    for count in QUICK_FLOWS if quick else FLOWS:
        add(f"IMIX, {_flows(count)}", **mix(count))
    if not quick:
        for size in (256, 1518):
            add(f"{size} B, 64 flows, TCP", prepared=False, **traffic(size, 64, 1.0))
        add("512 B, 64 flows, half TCP", prepared=False, **traffic(512, 64, 0.5))
    return tuple(cases)


def paced_cases(
    capacities_pps: Sequence[tuple[Case, float]], loads: Sequence[float] = LOADS, seconds: float = 0.1
) -> tuple[Case, ...]:
    """The cases at shares of what each is predicted to take, for a while; frames are made as they are due."""
    paced = []
    for case, pps in capacities_pps:
        for load in loads:
            rate = max(round(load * pps), 1)
            settings = sparse({}, rate) | {"traffic.frames": max(round(seconds * rate), 1_000)}
            name = f"{case.name}, {load:.0%} load"
            scenario = case.scenario.with_(name=name, **settings)
            paced.append(Case(name, scenario, None, used=False, load=load))
    return tuple(paced)


def _flows(count: int) -> str:
    return "1 flow" if count == 1 else f"{count} flows"
