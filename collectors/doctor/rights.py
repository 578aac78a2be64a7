"""The effective capabilities of this process, from /proc/self/status (capabilities(7))."""

from __future__ import annotations

from pathlib import Path

# linux/capability.h
NUMBERS = {
    "CAP_NET_ADMIN": 12,
    "CAP_NET_RAW": 13,
    "CAP_SYS_ADMIN": 21,
    "CAP_PERFMON": 38,
    "CAP_BPF": 39,
}


def missing(*names: str, status: Path = Path("/proc/self/status")) -> list[str]:
    """Which of the named capabilities are not effective. CAP_SYS_ADMIN stands in for BPF and PERFMON."""
    line = next(line for line in status.read_text().splitlines() if line.startswith("CapEff:"))
    effective = int(line.split()[1], 16)

    def has(name: str) -> bool:
        return bool(effective >> NUMBERS[name] & 1)

    covered = {"CAP_PERFMON", "CAP_BPF"} if has("CAP_SYS_ADMIN") else set()
    return [name for name in names if not has(name) and name not in covered]
