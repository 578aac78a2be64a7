"""What must be known to doubt a calibration's figures."""

from __future__ import annotations

from collections.abc import Sequence

from collectors.calibrate.precedence import described
from collectors.provenance import capture
from engine import _core


def provenance(
    command: str, chosen: Sequence[str], host: str, repeats: int, date: str | None
) -> dict[str, object]:
    """Machine, kernel, build, what was measured and how. No host name: the machine's kind is enough.

    `date`: as the user gives it; None leaves it out.
    """
    environment = capture()
    told: dict[str, object] = {
        "host": host,
        "command": command,
        "cpu": environment.cpu.model,
        "cpus": environment.cpu.online,
        "virtual_machine": environment.cpu.hypervisor,
        "caches": environment.cpu.caches,
        "kernel": environment.kernel.release,
        "commit": environment.source.commit,
        "build": dict(_core.build()),
        "load_average": round(environment.load_average[0], 2),
        "scheduling": described(),
        "repeats": repeats,
        "points": list(chosen),
    }
    return told if date is None else {"date": date, **told}
