"""Steering within the kernel: tracepoints write a BPF map, native XDP reads it, a cpumap carries on."""

from __future__ import annotations

from functools import partial

from collectors.linux.bpf.xdp import Attached
from collectors.linux.files import cpus
from collectors.linux.following.ground import DEVICE, Ground
from collectors.linux.following.steering import Steering

CPUMAP_FRAMES = 2048
"""Room of each CPU's queue; what finds none is a counted drop."""


class KernelSteering(Steering):
    """The programs, and one more in the driver of the receiving veth."""

    texts = ("track.c", "steer.c")
    _attached: Attached | None = None

    def obey(self, ground: Ground) -> None:
        """See the base. Raises Unavailable."""
        self.program.write("own_map", 0, self.program.map_id("cpus"))
        for cpu in cpus("online"):
            self.program.write("cpus", cpu, CPUMAP_FRAMES)
        self._attached = ground.reader.call(partial(Attached, self.program.xdp("steer"), DEVICE))

    def close(self) -> None:
        """See the base."""
        if self._attached is not None:
            self._attached.close()
        super().close()
