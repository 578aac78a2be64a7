"""What was run: the source's commit, the built core, the locks, the interpreter and its packages."""

from __future__ import annotations

import hashlib
import importlib
import platform
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("rxbench", "pandas", "numpy", "pyarrow", "scipy", "matplotlib", "pyroute2", "papermill")
LOCKS = ("locks/rxbench.lock", "engine/Cargo.lock")


@dataclass(frozen=True, slots=True)
class Source:
    """The code behind a measurement; `""` where the place it runs from does not tell."""

    commit: str
    dirty: bool | None
    """Tracked files differ from the commit; None outside a repository."""
    core_sha256: str
    """Of the compiled core's file: two builds that differ are told apart."""
    build_profile: str
    """What the core says it was built with: `release` or `debug`."""
    locks_sha256: dict[str, str]
    python: str
    packages: dict[str, str]


def _git(repository: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(repository), *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _core() -> tuple[str, str]:
    """The compiled core's hash and what it says of its build; empty strings where it is not built."""
    try:
        core = importlib.import_module("engine._core")
    except ImportError:
        return "", ""
    return _sha256(Path(str(core.__file__))), str(core.build()["profile"])


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def read(repository: Path = REPOSITORY) -> Source:
    """The code's part of the environment. `repository` is where the source tree would be."""
    # An installed wheel inside someone else's repository is not that repository's code.
    own = (repository / ".git").exists()
    commit = _git(repository, "rev-parse", "HEAD") if own else None
    status = _git(repository, "status", "--porcelain", "--untracked-files=no") if own else None
    core_sha256, profile = _core()
    locks = {name: _sha256(repository / name) for name in LOCKS}
    return Source(
        commit=commit or "",
        dirty=None if status is None else bool(status),
        core_sha256=core_sha256,
        build_profile=profile,
        locks_sha256={name: digest for name, digest in locks.items() if digest},
        python=platform.python_version(),
        packages={name: version for name in PACKAGES if (version := _version(name))},
    )
