"""Steering within the kernel: tracepoints write a BPF map, native XDP reads it, a cpumap carries the frame.

Without steering the same programs only watch: what the kernel does by itself.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

import numpy as np

from collectors.linux.bpf.program import Program, load
from collectors.linux.bpf.xdp import Attached
from collectors.linux.files import cpus
from collectors.linux.following.ground import DEVICE, Ground

TASK = np.dtype([("tid", "<i4")])
FLOW = np.dtype(
    [
        *(("source", ">u4"), ("destination", ">u4")),
        *(("source_port", ">u2"), ("destination_port", ">u2"), ("protocol", "<u4")),
    ]
)

HERE = Path(__file__).parent
CPUMAP_FRAMES = 2048
"""Room of each CPU's queue; what finds none is a counted drop."""
PLACES = ("steered", "passed", "cpumap.drops", "xdp.redirect_errors", "stack")
"""Order of the enumeration in track.c."""


class KernelSteering:
    """Programs loaded and attached to a ground; they end with `close` or the process. Raises Unavailable."""

    def __init__(self, ground: Ground, *, steered: bool) -> None:
        possible = len(cpus("possible"))
        names = ("track.c", "steer.c") if steered else ("track.c",)
        texts = ["#include <net/sock.h>\n", *((HERE / name).read_text() for name in names)]
        self.program: Program = load(
            texts, flags=(f"-DNETNS={os.fstat(ground.reader.descriptor).st_ino}u", f"-DCPUS={possible}")
        )
        self._attached: Attached | None = None
        try:
            if steered:
                self.program.write("own_map", 0, self.program.map_id("cpus"))
                for cpu in cpus("online"):
                    self.program.write("cpus", cpu, CPUMAP_FRAMES)
                function = self.program.xdp("steer")
                self._attached = ground.reader.call(lambda: Attached(function, DEVICE))
        except BaseException:
            self.close()
            raise

    def followed(self) -> bool:
        """Whether a reader and its flow are known."""
        return bool(self.program.entries("flow_of_task", TASK, FLOW))

    def places(self) -> dict[str, int]:
        """Packets of the flow at each place so far."""
        return {
            name: int(self.program.per_cpu("places", index, 1).sum()) for index, name in enumerate(PLACES)
        }

    def close(self) -> None:
        """Detach and unload; safe to call twice."""
        if self._attached is not None:
            self._attached.close()
        self.program.close()

    def __enter__(self) -> KernelSteering:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
