"""What a killed run may leave behind, how it is found again, and how it is removed.

Devices and namespaces hang on descriptors and go with the process, whatever ends it. What can outlive it are
programs that were started in a namespace, which keep the namespace and its devices, and interfaces made in a
namespace that others live in. Both are written down in a folder of this machine's volatile memory before they
exist, one file per process; programs also carry the file's name in their environment, which their children
inherit.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.linux.owners import alive, draft, drop_drafts, folder, owner
from engine.linux.settings import journal

MARK = "RXBENCH_OWNER"
"""Environment variable of every program that was started: whose it is."""


class LeftoverWarning(UserWarning):
    """Something of a run that was killed was found and removed."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """One thing that outlived its owner."""

    owner: str
    """The process that made it, as `pid-start`: its number and when it started, in clock ticks after boot."""
    kind: str
    """`process`, `interface` or `settings`."""
    name: str
    """Number and command of a process; name of an interface, or of the one whose settings were changed."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name} of process {self.owner.partition('-')[0]}, which is gone"


def marked(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program of this process."""
    note()
    return {**environment, MARK: owner()}


def note(interface: str | None = None) -> None:
    """Write down that this process has started programs, or made an interface where others live.

    Raises
    ------
    OSError : the folder cannot be written.
    """
    place = folder()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = place / f"{owner()}.json"
    interfaces = _interfaces(path)
    if interface is None and path.exists():
        return
    if interface is not None:
        interfaces.append(interface)
    draft(place, json.dumps({"interfaces": interfaces})).replace(path)
    atexit.register(settle, path)


def settle(path: Path) -> None:
    """Nothing of the process that wrote this note is left: forget it."""
    path.unlink(missing_ok=True)


def find() -> list[Leftover]:
    """What processes that are gone have left. Reads only; what other users own stays unseen."""
    found, _ = _found()
    return found


def _found() -> tuple[list[Leftover], list[journal.Entry]]:
    """What `find` answers, and the entries of the settings among it."""
    gone = [path for path in _notes() if not alive(path.stem)]
    found = [
        Leftover(path.stem, "interface", name)
        for path in gone
        for name in _interfaces(path)
        if Path("/sys/class/net", name).exists()
    ]
    for pid, mark in _carriers():
        if not alive(mark):
            found.append(Leftover(mark, "process", f"{pid} {_command(pid)}"))
    changed = journal.left()
    found += [Leftover(each.owner, "settings", each.said) for each in changed]
    return found, changed


def clean() -> list[Leftover]:
    """Remove what `find` finds, and restore settings; answers what that was."""
    found, changed = _found()
    for one in found:
        if one.kind == "process":
            _kill(int(one.name.split()[0]), one.owner)
        elif one.kind == "interface":
            _delete_interface(one.name)
    for entry in changed:
        journal.settle(entry)
    for path in _notes():
        if not alive(path.stem):
            path.unlink(missing_ok=True)
    for place in (folder(), journal.place()):
        drop_drafts(place)
    return found


def remove() -> None:
    """Remove what killed runs have left, and warn of each thing that was there."""
    for one in clean():
        warnings.warn(f"removed what a killed run had left: {one}", LeftoverWarning, stacklevel=3)


def _notes() -> list[Path]:
    place = folder()
    return sorted(place.glob("*-*.json")) if place.is_dir() else []


def _interfaces(path: Path) -> list[str]:
    try:
        names = json.loads(path.read_text())["interfaces"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [
        name for name in names if isinstance(name, str) and "/" not in name and name not in ("", ".", "..")
    ]


def _carriers() -> Iterator[tuple[int, str]]:
    """Processes that carry a mark, with it."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        if (mark := _mark_of(int(entry.name))) is not None:
            yield int(entry.name), mark


def _mark_of(pid: int) -> str | None:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None
    wanted = f"{MARK}=".encode()
    for entry in environment.split(b"\0"):
        if entry.startswith(wanted):
            return entry[len(wanted) :].decode(errors="replace")
    return None


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "?"


def _kill(pid: int, mark: str) -> None:
    """Kill the process of this number if it still is the one that carries the mark."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return
    try:
        if _mark_of(pid) == mark:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except OSError:
        return
    finally:
        os.close(descriptor)


def _delete_interface(name: str) -> None:
    from pyroute2 import IPRoute
    from pyroute2.netlink.exceptions import NetlinkError

    with IPRoute() as route:
        for index in route.link_lookup(ifname=name):
            try:
                route.link("del", index=index)
            except NetlinkError as error:
                raise OSError(error.code, f"left behind and cannot be removed: {error}", name) from None
