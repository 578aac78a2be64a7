"""What settings were before they were changed, written down first, so that a killed run's are restored."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.linux.owners import alive, draft, folder, owner

OF_MACHINE = ("rps_sock_flow_entries",)
"""Settings that outlive the interface they were made for: they are the whole machine's."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One process' change of one interface."""

    owner: str
    device: str
    index: int
    namespace: int
    """Number of the network namespace's inode."""
    before: Mapping[str, Any]
    """By the names of `Settings`, as the knobs take them."""

    @property
    def said(self) -> str:
        """One line for people."""
        return f"of {self.device} ({', '.join(self.before)})"

    @property
    def path(self) -> Path:
        """Where it lies."""
        return place() / f"{self.owner}.{self.device}.json"


def place() -> Path:
    """The folder."""
    return folder() / "settings"


def namespace() -> int:
    """The network namespace of the thread that asks."""
    return Path("/proc/thread-self/ns/net").stat().st_ino


def open_entry(device: str, before: Mapping[str, Any]) -> Entry:
    """Write down what is to be restored; it is on the disk when this returns.

    Raises OSError: EBUSY where somebody is changing the interface's settings already, or the machine's.
    """
    for path in _entries():
        other = _read(path)
        if other is None or not alive(other.owner):
            continue
        changing = f"being changed by process {other.owner.partition('-')[0]}"
        if other.device == device:
            raise OSError(16, f"its settings are {changing}", device)
        if shared := [name for name in OF_MACHINE if name in before and name in other.before]:
            raise OSError(16, f"{shared[0]} of this machine is {changing}", device)
    index = int(Path("/sys/class/net", device, "ifindex").read_text())
    entry = Entry(owner(), device, index, namespace(), before)
    place().mkdir(mode=0o700, parents=True, exist_ok=True)
    told = {"index": index, "namespace": entry.namespace, "before": before}
    draft(place(), json.dumps(told)).replace(entry.path)
    return entry


def left() -> list[Entry]:
    """Changes of processes that are gone, in this network namespace, that can still be undone.

    What other users wrote down stays unseen.
    """
    found = []
    for path in _entries():
        entry = _read(path)
        if entry is None or alive(entry.owner) or entry.namespace != namespace():
            continue
        if _restorable(entry):
            found.append(entry)
        else:
            path.unlink(missing_ok=True)
    return found


def _entries() -> list[Path]:
    try:
        return sorted(path for path in place().iterdir() if path.name.endswith(".json"))
    except (FileNotFoundError, PermissionError):
        return []


def _read(path: Path) -> Entry | None:
    mark, _, device = path.name.removesuffix(".json").partition(".")
    try:
        told = json.loads(path.read_text())
        return Entry(mark, device, int(told["index"]), int(told["namespace"]), dict(told["before"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_there(entry: Entry) -> bool:
    """The interface of that name is still the same one."""
    try:
        return int(Path("/sys/class/net", entry.device, "ifindex").read_text()) == entry.index
    except (OSError, ValueError):
        return False


def _restorable(entry: Entry) -> dict[str, Any]:
    """What can be put back: without the interface, what is the machine's."""
    if _is_there(entry):
        return dict(entry.before)
    return {name: value for name, value in entry.before.items() if name in OF_MACHINE}


def _is_so(now: Any, wanted: Any) -> bool:  # noqa: ANN401 - plain data
    """Whether a setting is as wanted: of features, those that are wanted."""
    if isinstance(wanted, dict):
        return all(now.get(name) == value for name, value in wanted.items())
    return bool(now == wanted)


def settle(entry: Entry) -> None:
    """Restore what an entry says, as far as it can be, and forget it; what cannot be is warned of."""
    from engine.linux.settings.knobs import KNOBS  # pyroute2, which those who only look need not load

    stuck = _restorable(entry)
    progress = True
    while stuck and progress:
        # The last that was made first: threads need NAPI, which GRO may have brought. What depends on another
        # one that is still to come (a table on its queues) is refused until that is as it was.
        progress = False
        for name, value in reversed(list(stuck.items())):
            try:
                if not _is_so(KNOBS[name].read(entry.device), value):
                    KNOBS[name].write(entry.device, value)
                if not _is_so(KNOBS[name].read(entry.device), value):
                    continue
            except (OSError, KeyError):
                continue
            del stuck[name]
            progress = True
    for name in stuck.keys() & _restorable(entry):
        warnings.warn(f"{entry.device}: {name} cannot be restored to {stuck[name]}", stacklevel=2)
    entry.path.unlink(missing_ok=True)
