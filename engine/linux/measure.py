"""What this machine's kernel takes from a TAP: `python -m engine.linux.measure`.

Each figure is what a program has read from its socket, not what was written; the streams of TCP are compared
byte by byte. Other work on the machine moves the figures: the best of several rounds says what the path can
do.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from engine import _core
from engine.linux import device
from engine.linux.host import KernelHost
from engine.linux.namespace import Namespace
from engine.scenario import Scenario

HOST, PEER = "10.98.0.1", "10.98.0.2"
HOST_MAC, PEER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
PORT = 5001
FCS_BYTES = 4

TapNapi = Literal["off", "on", "frags"]


def merged_tcp(seconds: float = 1.0, *, napi: TapNapi = "off", segments: int = 41) -> dict[str, Any]:
    """One writer, frames of `segments` merged segments of 1,448 bytes, into one TCP socket.

    Returns what `_core.stream_tcp` does, `gbps` (Gb/s of payload) and `wrong_reads`.
    """
    with Namespace("kernel") as kernel, kernel.call(partial(_core.Tap, "rxb0", 1, napi=napi)) as tap:
        addresses, neighbours = [f"{HOST}/24"], [(PEER, PEER_MAC)]
        device.set_up(kernel, "rxb0", mac=HOST_MAC, addresses=addresses, neighbours=neighbours, ipv6=False)
        sink = kernel.call(partial(_core.Sink, "tcp", HOST, PORT))
        try:
            sent = _core.stream_tcp(
                tap,
                0,
                f"{PEER}:20000",
                f"{HOST}:{PORT}",
                sender_mac=PEER_MAC,
                receiver_mac=HOST_MAC,
                bytes=1 << 40,
                seconds=seconds,
                segments=segments,
            )
            return {**sent, "gbps": 8 * sent["bytes"] / sent["elapsed_ns"], "wrong_reads": sink.wrong_reads}
        finally:
            sink.close()


def plain_udp(
    frames: int = 200_000, *, napi: Literal["off", "on"] = "off", frame_bytes: int = 1_514
) -> dict[str, Any]:
    """One writer, single frames of `frame_bytes` (without FCS), through our NIC into one UDP socket.

    Returns `pps` read from the socket, `read` and `taken` (frames), `kernel_ns` per frame in the write.
    """
    scenario = Scenario().with_(
        "nic.queues=1",
        "host.cpus=1",
        f"traffic.frames={frames}",
        "traffic.streams=[{generated={sizes={fixed={bytes="
        f"{frame_bytes + FCS_BYTES}"
        "}}, flows={count=16}}}]",
        duration_ns=60_000_000_000,
    )
    with KernelHost(scenario, napi=napi) as host:
        outcome = host.run(pacing="lossless", prepared_frames=1_024)
        read = host.read_frames()
    taken = json.loads(outcome.stats())["delivered"]
    return {
        "pps": read / outcome.elapsed_ns * 1e9,
        "read": read,
        "taken": taken,
        "kernel_ns": outcome.written_ns / max(taken, 1),
    }


def main(rounds: int = 5) -> None:
    """Measure in turn, `rounds` times, and print one line per measurement."""
    rows: list[tuple[str, str, Callable[[], dict[str, Any]], str, float]] = [
        ("merged TCP, 59 KB frames, no NAPI", "Gb/s", merged_tcp, "gbps", 1),
        ("merged TCP, 59 KB frames, NAPI", "Gb/s", partial(merged_tcp, napi="on"), "gbps", 1),
        ("merged TCP, 59 KB frames, frags", "Gb/s", partial(merged_tcp, napi="frags"), "gbps", 1),
        ("plain UDP, 1514 B frames, no NAPI", "kpps", plain_udp, "pps", 1e-3),
        ("plain UDP, 1514 B frames, NAPI", "kpps", partial(plain_udp, napi="on"), "pps", 1e-3),
    ]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name, *_ in rows}
    for _ in range(rounds):
        for name, _unit, measure, _key, _scale in rows:
            found[name].append(measure())
    print(f"{rounds} rounds in turn: best, median, worst; read from the socket, wrong reads")
    for name, unit, _measure, key, scale in rows:
        values = sorted((one[key] * scale for one in found[name]), reverse=True)
        wrong = sum(one.get("wrong_reads", 0) for one in found[name])
        figures = f"{values[0]:8.1f} {statistics.median(values):8.1f} {values[-1]:8.1f}"
        print(f"  {name:<36} {figures} {unit:<5} {wrong}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
