"""An XDP program on an interface as long as a descriptor is open: a BPF link, which dies with its process.

In the driver (native), not in the generic hook after the skb is made: a cpumap takes drivers' frames only.
"""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import struct
from types import TracebackType

from collectors.linux.bpf.weigh import BPF_SYSCALL
from collectors.linux.unavailable import Unavailable

BPF_LINK_CREATE = 28
BPF_XDP = 37  # enum bpf_attach_type
XDP_FLAGS_DRV_MODE = 1 << 2


class Attached:
    """A program in an interface's driver, in the network namespace of the calling thread.

    Raises
    ------
    Unavailable : the driver takes no program, or has one already, or the kernel has no links (Linux 5.9).
    """

    def __init__(self, program: int, device: str) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        # union bpf_attr, link_create: prog_fd, target_ifindex, attach_type, flags.
        attr = struct.pack("<IIII", program, socket.if_nametoindex(device), BPF_XDP, XDP_FLAGS_DRV_MODE)
        number = BPF_SYSCALL.get(platform.machine(), -1)
        self._descriptor = int(libc.syscall(number, BPF_LINK_CREATE, attr.ljust(64, b"\0"), 64))
        if self._descriptor < 0:
            reason = os.strerror(ctypes.get_errno())
            raise Unavailable(
                f"{device} takes no native XDP program ({reason})",
                "a driver with XDP, such as veth, and Linux 5.9",
            )

    def close(self) -> None:
        """Detach; safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Attached:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
