"""The capture is the traffic, the scenario the rest.

Rings and buffers are generous unless the scenario says otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from collectors.datapath import frame
from collectors.progress import bar
from collectors.replay.span import span_ns
from engine.config import Capture, Traffic
from engine.run import Result, Stats, execute
from engine.scenario import Scenario

DRAIN_NS = 10_000_000_000
"""How long the host may go on after the last frame, at most; a replay ends when nothing is left to do."""

GENEROUS = (
    "nic.ring_size=4096",
    "nic.max_frame_bytes=262144",
    "nic.coalesce={rx_usecs=1, rx_max_coalesced_frames=1}",
    'host.tcp.gap="ignore"',
    "host.sockets.rcvbuf_bytes=268435456",
)
"""What a replay without a scenario sets, so that nothing is lost for want of room at capture speed."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of every frame of a capture."""

    result: Result

    @property
    def stats(self) -> Stats:
        """Where the frames ended."""
        return self.result.stats

    def handed(self) -> bytes:
        """Pcap (nanosecond stamps) of what the host stack was handed."""
        return self.result.output_capture()

    def delivered(self) -> pd.DataFrame:
        """One row per frame delivered to a socket.

        I, queue, cpu, time_ns, l4_payload (B), segs; all integers.
        """
        rows = frame("delivered", self.result.table("delivered"))
        names = {"out": "i", "payload_bytes": "l4_payload", "segments": "segs"}
        return rows.rename(columns=names)[["i", "queue", "cpu", "time_ns", "l4_payload", "segs"]]

    def verdicts(self) -> pd.DataFrame:
        """One row per input frame.

        N (from 1), verdict (str, drops as dropped:reason), out (Int64, NA: none).
        """
        rows = frame("verdicts", self.result.table("verdicts"))
        verdict, reason = rows["verdict"].astype("str"), rows["reason"].astype("str")
        return pd.DataFrame(
            {
                "n": rows["frame"].astype("int64") + 1,
                "verdict": verdict.where(reason.eq("") | verdict.str.contains(":"), verdict + ":" + reason),
                "out": rows["out"].astype("Int64").mask(rows["out"].lt(0)),
            }
        )

    def write(self, *, out: Path | None, delivered: Path | None, verdicts: Path | None) -> None:
        """Write what was asked for; each file is there whole or not at all. Raises OSError."""
        contents: list[tuple[Path | None, Callable[[], bytes]]] = [
            (out, self.handed),
            (delivered, lambda: _lines(self.delivered())),
            (verdicts, lambda: _lines(self.verdicts())),
        ]
        for path, content in contents:
            if path is not None:
                _write(path, content())


def replay(
    capture: Path, scenario: Path | None = None, settings: Sequence[str] = (), *, progress: bool = False
) -> Replay:
    """Send a capture's frames at their own times into the engine, and drain.

    Parameters
    ----------
    scenario : NIC and host; its traffic and duration are replaced. Default: generous rings and buffers.
    settings : `key=value`, applied last.

    Raises
    ------
    ScenarioError, CaptureError, OSError
    """
    content = capture.read_bytes()
    base = Scenario(name="replay").with_(*GENEROUS) if scenario is None else Scenario.from_toml(scenario)
    span = span_ns(content) + 1_000_000
    chosen = base.with_(
        **{
            "traffic": Traffic(streams=(Capture(file=capture.name),)),
            "duration_ns": span,
            "drain_ns": DRAIN_NS,
            "observe.bin_ns": max(base.observe.bin_ns, min(span // 1000, 1_000_000_000)),
            "observe.verdicts": True,
            "observe.frames": True,
        }
    ).with_(*settings)
    with bar("replay", progress) as moved:
        return Replay(execute(chosen, captured={capture.name: content}, progress=moved))


def _lines(rows: pd.DataFrame) -> bytes:
    text: str = rows.to_json(orient="records", lines=True)
    return text.encode()


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
