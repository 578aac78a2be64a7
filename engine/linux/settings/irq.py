"""Where an interface's queues interrupt (Documentation/core-api/irq/irq-affinity.rst)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.linux import interrupt
from engine.linux.settings import files

IRQ = Path("/proc/irq")
PROC = Path("/proc")
CLASS = interrupt.CLASS
BALANCER = "irqbalance"


def lines(device: str) -> dict[str, tuple[str, int]]:
    """Interrupt lines of an interface's queues: number and queue, by who handles each.

    By that name, since numbers change when a driver makes its queues anew.
    """
    actions = {
        folder.name: child.name
        for folder in IRQ.iterdir()
        if folder.name.isdigit()
        for child in folder.iterdir()
        if child.is_dir()
    }
    owners = interrupt.owners(actions, [device], CLASS)
    return {actions[line]: (line, queue) for line, (_, queue) in sorted(owners.items()) if queue >= 0}


def read(device: str) -> dict[str, str]:
    """CPUs of each line, by who handles it; empty where the interface has none of its own."""
    return {action: files.read(file_of(line)) for action, (line, _) in lines(device).items()}


def write(device: str, wanted: Sequence[int] | Mapping[str, str]) -> None:
    """A CPU for each queue, in turn; or the CPUs of lines as `read` tells them. Raises OSError."""
    for action, (line, queue) in lines(device).items():
        if isinstance(wanted, Mapping):
            if action in wanted:
                files.write(file_of(line), wanted[action])
        else:
            files.write(file_of(line), str(wanted[queue % len(wanted)]))


def why_not(device: str) -> str:
    """Why an interface's interrupts cannot be set; empty if they can, as far as can be known."""
    if not lines(device):
        return "the interface has no interrupts of its own, as a card has for each queue"
    if BALANCER in (_command(each) for each in PROC.iterdir() if each.name.isdigit()):
        return f"{BALANCER} is running and would set them again: systemctl stop {BALANCER}"
    return ""


def file_of(line: str) -> Path:
    """CPUs of a line."""
    return IRQ / line / "smp_affinity_list"


def _command(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return ""
