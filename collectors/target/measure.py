"""`measure(...)`: settings, a load, the collectors of `collectors.linux`, and everything as before."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from functools import cached_property

import pandas as pd

from collectors.linux.observe import Watch, observe
from collectors.metrics import METRICS
from collectors.target.load import Load, over
from engine import control
from engine.linux.pair import Pair
from engine.linux.settings import Settings, applied


class TargetRun:
    """What an interface and its kernel did with a load, under some settings."""

    clock = "real"

    def __init__(
        self,
        settings: Settings,
        device: str,
        seconds: float,
        offered: int,
        delivered: int,
        counted: Mapping[str, int],
        kernel: Watch | None,
        source: str,
        read_bytes: int | None = None,
    ) -> None:
        self.settings, self.device, self.seconds = settings, device, seconds
        self.offered_frames, self.delivered_frames = offered, delivered
        """Datagrams sent and read; of streams, and with traffic from elsewhere, what the interface counted:
        frames that arrived, and those it handed over.
        """
        self.counted = counted
        """What the interface's 64-bit counters gained."""
        self.kernel = kernel
        """The tables of `collectors.linux`; None if nothing was watched."""
        self.source = source
        """Where the frames were counted: `socket` or `netlink`."""
        self.read_bytes = read_bytes
        """What was read of streams, by their sockets; None where there were none."""

    @cached_property
    def softirq_ns(self) -> pd.Series:
        """Time in NET_RX by CPU; empty where nothing here can time it."""
        if self.kernel is None or "softirq" not in self.kernel.tables:
            return pd.Series(dtype="float64")
        table = self.kernel.softirq
        timed = table[(table["vector"] == "NET_RX") & (table["source"] == "bcc")]
        return timed.groupby("cpu")["ns"].sum()

    @cached_property
    def summary(self) -> pd.Series:
        """Every metric of `collectors.metrics.METRICS`, float64, by name; NaN for what is not known here."""
        nan = float("nan")
        busy, delivered = self.softirq_ns, self.delivered_frames
        lost = max(self.offered_frames - delivered, 0)
        frame_bytes = (
            self.counted["rx_bytes"] / self.counted["rx_packets"] if self.counted["rx_packets"] else nan
        )
        bits = delivered * frame_bytes * 8 if self.read_bytes is None else self.read_bytes * 8
        known = {
            "offered_pps": self.offered_frames / self.seconds,
            "delivered_pps": delivered / self.seconds,
            "read_pps": delivered / self.seconds if self.source == "socket" else nan,
            "delivered_bps": bits / self.seconds,
            "loss_ratio": lost / self.offered_frames if self.offered_frames else nan,
            "cpu_ns_per_frame": busy.sum() / delivered if len(busy) and delivered else nan,
            "softirq_cpus": busy.sum() * 1e-9 / self.seconds if len(busy) else nan,
            "busiest_cpu_share": busy.max() * 1e-9 / self.seconds if len(busy) else nan,
        }
        return pd.Series(
            {name: known.get(name, nan) for name in METRICS}, name=str(self.settings), dtype="float64"
        )

    def __repr__(self) -> str:
        frames = f"{self.delivered_frames} of {self.offered_frames} frames"
        return f"<TargetRun of {self.device}, {self.settings}: {frames}>"


def measure(
    on: Pair | str,
    settings: Settings | None = None,
    *,
    load: Load | None = None,
    seconds: float = 1.0,
    watch: Collection[str] | None = ("softirq", "drops", "protocols"),
    interval: float = 0.1,
) -> TargetRun:
    """Make settings, offer a load, watch, undo the settings, also after a failure. Root changes them.

    Parameters
    ----------
    on : a pair, which our sender sends over; or the name of an interface whose traffic comes from elsewhere.
    load : what our sender sends over the pair; an interface by name takes none.
    watch : collectors of `collectors.linux`; None: none.
    interval : seconds between their readings.

    Raises
    ------
    CannotBeSet, ValueError : before anything is changed.
    OSError : no such interface, no right, or it vanished meanwhile; one line.
    """
    if not seconds > 0:
        raise ValueError(f"seconds = {seconds}: must be above 0")
    if load is not None and isinstance(on, str):
        raise ValueError(f"load: {on} takes its traffic from elsewhere; a Pair has our sender behind it")
    chosen, device = settings or Settings(), on if isinstance(on, str) else on.device
    with ExitStack() as stack:
        stack.enter_context(applied(device, chosen))
        watching = None if watch is None else stack.enter_context(observe(watch, interval))
        before = _counted(device)
        began = time.monotonic()
        sent = None
        if isinstance(on, Pair) and on.peer is not None:
            sent = over(on, on.peer, load or Load(), seconds)
        else:
            time.sleep(seconds)
        took = time.monotonic() - began if sent is None else sent.seconds
        after = _counted(device)
    gained = {name: after[name] - before[name] for name in after}
    streams = load is not None and load.protocol == "tcp"
    if sent is not None and not streams:
        return TargetRun(chosen, device, took, sent.offered, sent.read, gained, watching, "socket")
    delivered = gained["rx_packets"]
    offered = delivered + gained["rx_missed_errors"] + gained["rx_dropped"]
    read_bytes = None if sent is None else sent.read
    return TargetRun(chosen, device, took, offered, delivered, gained, watching, "netlink", read_bytes)


def _counted(device: str) -> Mapping[str, int]:
    try:
        return control.nic(device).link().stats
    except OSError as cause:
        raise OSError(cause.errno, "the interface vanished while it was measured", device) from None
