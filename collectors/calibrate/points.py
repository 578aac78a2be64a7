"""What is measured to calibrate: few scenarios, at the ends of what is to be predicted.

`full` points offer frames as fast as the path takes them, so that a round of a host thread has the most
frames it can; `sparse` points offer them so slowly that a round has one. Between the two lies what a round
costs however many frames it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.config.sizes import IMIX_MEAN_BYTES
from engine.scenario import Scenario

Load = Literal["full", "sparse"]

STREAM = "traffic.streams.0.generated"
PREPARED_FRAMES = 8192
"""Frames laid out before a run and offered over and over: making them is not part of the path."""
SPARSE_PPS = 1_000_000
"""So slow that a frame has left the path before the next one comes; not so slow that caches forget."""
MOST_IN_A_ROUND = 64
"""Frames a host thread takes from a ring at once; virtual time is told so by `napi.budget_frames`."""
FULL_FRAMES = 16
"""A round at full load has at least so many, or the host was waiting for the card."""


@dataclass(frozen=True, slots=True)
class Point:
    """One scenario of the own host and how it is loaded."""

    name: str
    load: Load
    scenario: Scenario
    prepared_frames: int | None
    """None: frames are made as they are offered, as with TCP, where a repeated one is a duplicate."""


def own_host(frames: int, **settings: object) -> Scenario:
    """One queue, one CPU that polls it, a line that is never the limit; `settings` as `Scenario.with_`."""
    base: dict[str, Any] = {
        "duration_ns": 60_000_000_000,
        "traffic.frames": frames,
        "traffic.rate_bps": 400_000_000_000,
        "nic.queues": 1,
        "host.cpus": 1,
        "host.napi.budget_frames": MOST_IN_A_ROUND,
        "host.polling": True,
    }
    return Scenario().with_(**base | dict(settings))


def traffic(size_bytes: int, flows: int, tcp: float = 0.0) -> dict[str, Any]:
    """Settings of one stream: frames of one size, spread evenly over flows."""
    return {
        f"{STREAM}.sizes": {"fixed": {"bytes": size_bytes}},
        f"{STREAM}.flows.count": flows,
        f"{STREAM}.flows.tcp_share": tcp,
    }


def mix(flows: int) -> dict[str, Any]:
    """Settings of a stream of IMIX."""
    return traffic(64, flows) | {f"{STREAM}.sizes": {"imix": {"middle_bytes": 594}}}


def mean_bytes(scenario: Scenario) -> float:
    """Of a frame of `traffic` or `mix`."""
    sizes = scenario[f"{STREAM}.sizes"]
    return float(sizes["fixed"]["bytes"]) if "fixed" in sizes else IMIX_MEAN_BYTES


def flows(scenario: Scenario) -> int:
    """Flows of the stream."""
    return int(scenario[f"{STREAM}.flows.count"])


def sparse(settings: Mapping[str, object], pps: int = SPARSE_PPS) -> dict[str, object]:
    """The same, paced."""
    return {**settings, f"{STREAM}.offered": {"frames_per_second": pps}}


def frames_of(scenario: Scenario) -> tuple[str, str]:
    """Sizes and flows: equal for scenarios that offer the same kind of frames, whenever and however many."""
    return str(scenario[f"{STREAM}.sizes"]), str(scenario[f"{STREAM}.flows"])


def points(frames: int = 200_000) -> tuple[Point, ...]:
    """The calibration's points. A run of a full point has `frames` frames, of a sparse one a tenth."""

    def full(name: str, *, prepared: bool = True, **settings: object) -> Point:
        scenario = own_host(frames, **settings).with_(name=name)
        return Point(name, "full", scenario, PREPARED_FRAMES if prepared else None)

    def slow(name: str, **settings: object) -> Point:
        scenario = own_host(frames // 10, **sparse(settings)).with_(name=name)
        return Point(name, "sparse", scenario, None)

    return (
        full("64 B, 1 flow", **traffic(64, 1)),
        full("64 B, 16 flows", **traffic(64, 16)),
        full("64 B, 64 flows", **traffic(64, 64)),
        full("64 B, 4096 flows", **traffic(64, 4096)),
        full("IMIX, 1 flow", **mix(1)),
        full("1518 B, 1 flow", **traffic(1518, 1)),
        full("1518 B, 4096 flows", **traffic(1518, 4096)),
        full("1518 B, 16 flows, TCP", prepared=False, **traffic(1518, 16, 1.0)),
        full("1518 B, 4096 flows, TCP", prepared=False, **traffic(1518, 4096, 1.0)),
        full("1518 B, 1 flow, checksums by the host", **traffic(1518, 1), **{"nic.rx_checksum": False}),
        slow("64 B, 1 flow, sparse", **traffic(64, 1)),
        slow("1518 B, 1 flow, sparse", **traffic(1518, 1)),
    )
