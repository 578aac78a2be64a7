"""What follows a flow's reader: BPF programs that watch, and whoever obeys them."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from collectors.linux.bpf.program import Program, load
from collectors.linux.files import cpus
from collectors.linux.following.ground import Ground

HERE = Path(__file__).parent
TASK = np.dtype([("tid", "<i4")])
FLOW = np.dtype(
    [
        *(("source", ">u4"), ("destination", ">u4")),
        *(("source_port", ">u2"), ("destination_port", ">u2"), ("protocol", "<u4")),
    ]
)
PLACES = ("steered", "passed", "cpumap.drops", "xdp.redirect_errors", "stack")
"""Order of the enumeration in track.c."""


class Steering:
    """Programs that watch the readers of a ground's receiving end; nobody obeys them. Raises Unavailable."""

    texts: tuple[str, ...] = ("track.c",)
    flags: tuple[str, ...] = ()

    def __init__(self, ground: Ground) -> None:
        inode = os.fstat(ground.reader.descriptor).st_ino
        flags = (f"-DNETNS={inode}u", f"-DCPUS={len(cpus('possible'))}", *self.flags)
        texts = ["#include <net/sock.h>\n", *((HERE / name).read_text() for name in self.texts)]
        self.program: Program = load(texts, flags=flags)
        try:
            self.obey(ground)
        except BaseException:
            self.close()
            raise

    def obey(self, ground: Ground) -> None:
        """Begin to act on what the programs see."""

    def followed(self) -> bool:
        """Whether a reader and its flow are known."""
        return bool(self.program.entries("flow_of_task", TASK, FLOW))

    def places(self) -> dict[str, int]:
        """Packets of the flow at each place so far."""
        return {
            name: int(self.program.per_cpu("places", index, 1).sum()) for index, name in enumerate(PLACES)
        }

    def events(self) -> npt.NDArray[np.void]:
        """Moves, first packets, first reads and what was told, since the last call."""
        return self.program.ring.drain()

    @property
    def lost(self) -> int:
        """Events a ring had no room for."""
        return self.program.lost

    def close(self) -> None:
        """Detach and unload; safe to call twice."""
        self.program.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
