"""The settings one by one: how each is read, and how it is written. Values are plain data, as JSON has it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from engine import control
from engine.linux.settings import files, irq

Read = Callable[[str], Any]
Write = Callable[[str, Any], None]


class Knob(NamedTuple):
    """One setting of an interface. Both raise OSError, `control.Refused` among them."""

    read: Read
    write: Write


def _queues(device: str) -> int:
    channels = control.nic(device).channels()
    count = channels.combined_count if channels.combined_max else channels.rx_count
    return int(count or 0)


def _set_queues(device: str, count: int) -> None:
    card = control.nic(device)
    card.set_channels(**{"combined_count" if card.channels().combined_max else "rx_count": count})


def _set_ring(device: str, size: int) -> None:
    control.nic(device).set_rings(rx=size)


def _coalesce(name: str) -> Knob:
    def write(device: str, value: int) -> None:
        changes: dict[str, Any] = {name: value}
        control.nic(device).set_coalesce(**changes)

    return Knob(lambda device: getattr(control.nic(device).coalesce(), name), write)


def _features(device: str) -> dict[str, bool]:
    """Those that can be changed: whether each is wanted."""
    found = control.nic(device).features()
    return {name: name in found.wanted for name in sorted(found.changeable)}


def _set_features(device: str, wanted: dict[str, bool]) -> None:
    now = _features(device)
    changes = {name: value for name, value in wanted.items() if now.get(name) != value}
    if changes:
        control.nic(device).set_features(changes)


def _table(device: str) -> list[int]:
    """The indirection table; empty if it is the one the kernel makes by itself."""
    table = list(control.nic(device).rss().table)
    queues = _queues(device) if table else 0
    return [] if table == [entry % queues for entry in range(len(table))] else table


def _set_table(device: str, table: list[int]) -> None:
    # An empty one brings back the kernel's own (ethtool -X default).
    control.nic(device).set_rss(table=table)


def _per_queue(name: str) -> Knob:
    """A file of every receive queue: one value for all of them, or one for each."""

    def read(device: str) -> list[str]:
        return [files.read(path) for path in files.of_queues(device, name)]

    def write(device: str, value: str | list[str]) -> None:
        paths = files.of_queues(device, name)
        values = value if isinstance(value, list) else [value] * len(paths)
        for path, each in zip(paths, values, strict=False):
            files.write(path, each)

    return Knob(read, write)


def _of_device(name: str) -> Knob:
    def write(device: str, value: int | str) -> None:
        files.write(files.of_device(device, name), str(int(value)))

    return Knob(lambda device: int(files.read(files.of_device(device, name))), write)


def _sock_flow_entries(device: str) -> int:  # noqa: ARG001 - of the machine
    return int(files.read(files.SOCK_FLOW_ENTRIES))


def _set_sock_flow_entries(device: str, entries: int) -> None:  # noqa: ARG001 - of the machine
    files.write(files.SOCK_FLOW_ENTRIES, str(entries))


KNOBS: dict[str, Knob] = {
    "queues": Knob(_queues, _set_queues),
    "ring_size": Knob(lambda device: control.nic(device).rings().rx, _set_ring),
    "rx_usecs": _coalesce("rx_usecs"),
    "rx_max_coalesced_frames": _coalesce("rx_max_coalesced_frames"),
    "use_adaptive_rx": _coalesce("use_adaptive_rx"),
    "features": Knob(_features, _set_features),
    "rss_table": Knob(_table, _set_table),
    "rss_key": Knob(
        lambda device: control.nic(device).rss().key,
        lambda device, key: control.nic(device).set_rss(key=key),
    ),
    "irq_cpus": Knob(irq.read, irq.write),
    "rps_cpus": _per_queue("rps_cpus"),
    "rps_flow_entries": _per_queue("rps_flow_cnt"),
    "rps_sock_flow_entries": Knob(_sock_flow_entries, _set_sock_flow_entries),
    "threaded_napi": _of_device("threaded"),
    "gro_flush_timeout_ns": _of_device("gro_flush_timeout"),
    "defer_hard_irqs": _of_device("napi_defer_hard_irqs"),
}
"""In the order they are made, by the names of `Settings`."""

FOLLOWS = {"queues": ("rss_table", "irq_cpus", "rps_cpus", "rps_flow_entries")}
"""What a driver or the kernel may change along with a setting."""


def written(name: str, value: Any) -> Any:  # noqa: ANN401 - plain data
    """A value of `Settings` as its knob takes it."""
    if name == "rps_cpus":
        return files.cpu_mask(value, os.cpu_count() or 1)
    if name == "rps_flow_entries":
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def exists(device: str) -> bool:
    """Whether this machine has an interface of that name, in the namespace /sys shows."""
    return "/" not in device and device not in ("", ".", "..") and Path("/sys/class/net", device).exists()
