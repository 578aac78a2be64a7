"""`with applied("eth0", settings): ...`: they hold within the block, and are as before after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.linux import leftovers
from engine.linux.settings import journal
from engine.linux.settings.check import check
from engine.linux.settings.knobs import FOLLOWS, KNOBS, written
from engine.linux.settings.value import Settings


@contextmanager
def applied(device: str, settings: Settings) -> Iterator[None]:
    """Make settings, all of them or none, and undo them at the end, also after a failure.

    What was before is on the disk before anything is changed: after a kill -9 the next start restores it, and
    `rxbench doctor` names it.

    Raises
    ------
    CannotBeSet, OSError : nothing has been changed, or what was is as before.
    """
    leftovers.remove()
    check(device, settings)
    given = settings.given()
    if not given:
        yield
        return
    entry = journal.open_entry(device, _before(device, given))
    try:
        for name, knob in KNOBS.items():
            if name in given:
                knob.write(device, written(name, given[name]))
        yield
    finally:
        journal.settle(entry)


def _before(device: str, given: dict[str, Any]) -> dict[str, Any]:
    """How it is now what will be changed, and what may change along with it."""
    names = dict.fromkeys([*given, *(each for name in given for each in FOLLOWS.get(name, ()))])
    before = {}
    for name in names:
        try:
            before[name] = KNOBS[name].read(device)
        except OSError:
            if name in given:
                raise
    if "features" in before:
        before["features"] = {
            name: before["features"][name] for name in given["features"] if name in before["features"]
        }
    # In the order of the knobs, which is undone backwards.
    return {name: before[name] for name in KNOBS if name in before}
