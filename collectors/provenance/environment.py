"""All of it together, its fingerprint, and what differs between two."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from collectors.provenance import cpu, ethtool, kernel, nic, source
from collectors.provenance.files import Tree

SCHEMA = 1
VOLATILE = frozenset({"utc", "load_average"})
"""Keys that differ between two captures of one environment; the fingerprint leaves them out."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What must be equal for two measurements to be compared, and when it was read."""

    schema: int
    utc: str
    """When it was read: `YYYY-MM-DDTHH:MM:SSZ`."""
    load_average: tuple[float, float, float]
    """Runnable tasks over 1, 5 and 15 minutes, before the measurement."""
    kernel: kernel.Kernel
    cpu: cpu.Cpu
    nics: tuple[nic.Nic, ...]
    interrupts: tuple[nic.Interrupt, ...]
    source: source.Source

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON: dictionaries, lists, strings, numbers, None."""
        plain: dict[str, object] = json.loads(json.dumps(asdict(self)))
        return plain

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that two captures share exactly when nothing but time and load differs."""
        stable = {key: value for key, value in self.as_dict().items() if key not in VOLATILE}
        return hashlib.sha256(json.dumps(stable, sort_keys=True).encode()).hexdigest()[:16]


def capture(
    root: Path = Path("/"),
    repository: Path = source.REPOSITORY,
    ethtool_state: Callable[[str], dict[str, int]] = ethtool.state,
) -> Environment:
    """Read the environment of this process.

    Parameters
    ----------
    root : where /proc and /sys are read; another tree than `/` serves tests.
    repository : where the source tree is, if it is there.
    ethtool_state : what tells a device's offloads and rings.
    """
    tree = Tree(root)
    return Environment(
        schema=SCHEMA,
        utc=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        load_average=os.getloadavg(),
        kernel=kernel.read(tree),
        cpu=cpu.read(tree),
        nics=nic.read(tree, ethtool_state),
        interrupts=nic.interrupts(tree),
        source=source.read(repository),
    )


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


def differences(a: Environment, b: Environment) -> dict[str, tuple[object, object]]:
    """What keeps two measurements apart: path → value in `a`, value in `b`; None where absent."""
    of_a, of_b = dict(_leaves(a.as_dict())), dict(_leaves(b.as_dict()))
    return {
        path: (of_a.get(path), of_b.get(path))
        for path in sorted(of_a.keys() | of_b.keys())
        if of_a.get(path) != of_b.get(path) and path.split("[")[0] not in VOLATILE
    }
