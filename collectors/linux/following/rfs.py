"""Linux' own RFS on the reader's interface: its queue's CPUs and table, and the machine's table of where
flows are read (Documentation/networking/scaling.rst)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from collectors.linux.following.ground import DEVICE, Ground
from collectors.linux.following.steering import Steering
from collectors.linux.unavailable import Unavailable

SOCK_FLOWS = Path("/proc/sys/net/core/rps_sock_flow_entries")
SOCK_FLOW_ENTRIES = 32_768
FLOW_ENTRIES = 4096
OF_QUEUE = (
    "mount -t sysfs sysfs /sys && cd /sys/class/net/{device}/queues/rx-0 "
    "&& echo {cpus} > rps_cpus && echo {entries} > rps_flow_cnt"
)
"""The interface is only in a sysfs mounted in its namespace; the mount goes with the shell."""
WHILE_OPEN = "echo {entries} > {path} && echo held && cat > /dev/null; echo 0 > {path}"
"""Puts back what was there when its input ends: also when whoever started it was killed."""


class RfsSteering(Steering):
    """The programs only watch; the kernel notes where the flow is read, and sends its packets there."""

    _held: subprocess.Popen[str] | None = None

    def obey(self, ground: Ground) -> None:
        """See the base. Raises Unavailable."""
        if not SOCK_FLOWS.exists():
            raise Unavailable("this kernel has no RFS", "a kernel with CONFIG_RPS")
        mask = sum(1 << cpu for cpu in os.sched_getaffinity(0))
        # Masks are written in words of 32 bits (bitmap_parse).
        words = [f"{mask >> at & 0xFFFFFFFF:08x}" for at in range(0, max(mask.bit_length(), 1), 32)]
        text = OF_QUEUE.format(device=DEVICE, cpus=",".join(reversed(words)), entries=FLOW_ENTRIES)
        done = ground.reader.run(["unshare", "--mount", "sh", "-c", text], check=False)
        if done.returncode:
            raise Unavailable(f"RFS cannot be set on an interface ({done.stderr.strip()})", "run as root")
        if int(SOCK_FLOWS.read_text()) == 0:
            self._hold()

    def _hold(self) -> None:
        text = WHILE_OPEN.format(entries=SOCK_FLOW_ENTRIES, path=SOCK_FLOWS)
        self._held = subprocess.Popen(
            ["sh", "-c", text],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        if self._held.stdout is None or self._held.stdout.readline() != "held\n":
            raise Unavailable(
                f"{SOCK_FLOWS} cannot be written", "run as root in the machine's first namespace"
            )

    def close(self) -> None:
        """See the base."""
        if self._held is not None:
            self._held.communicate("")
            self._held = None
        super().close()
