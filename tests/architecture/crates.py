"""Which crate may see which, and what may not happen inside those that a run must be able to repeat."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.architecture.rust_source import paths, sources, without_tests

CRATES = Path(__file__).resolve().parents[2] / "engine" / "crates"

_STAGES = {"nic", "host", "traffic"}
_BELOW_GRAPH = {"wire", "stage", "stats"} | _STAGES
_BELOW_GROUNDS = _BELOW_GRAPH | {"graph"}

MAY_SEE: dict[str, set[str]] = {
    "wire": set(),
    "stage": {"wire"},
    "nic": {"stage", "wire"},
    "host": {"stage", "wire"},
    "traffic": {"stage", "wire"},
    "stats": {"stage", "wire"},
    "graph": _BELOW_GRAPH,
    "sim": _BELOW_GROUNDS,
    "live": _BELOW_GROUNDS,
    "pyengine": _BELOW_GROUNDS | {"sim", "live"},
    "bench": _BELOW_GROUNDS | {"sim", "live"},
}
"""Crate → crates of the workspace it may depend on. A new crate is placed here first."""

ONLY_IN = {"pyo3": {"pyengine"}, "numpy": {"pyengine"}, "arrow": {"stats", "pyengine"}}
"""First word of a foreign crate's name → crates that may depend on it."""

REPEATABLE = ("wire", "stage", "nic", "host", "graph", "sim")
"""No clock, thread, socket, file, environment or ambient randomness in these."""

FORBIDDEN_PATHS = (
    "std::time::Instant",
    "std::time::SystemTime",
    "std::thread",
    "std::net",
    "std::os",
    "std::fs",
    "std::env",
    "std::process",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "std::collections::hash_map::RandomState",
    "std::hash::RandomState",
)
ADDRESSES = {f"std::net::{name}" for name in ("IpAddr", "Ipv4Addr", "Ipv6Addr")}
"""Only values: the same types as in core::net."""

FORBIDDEN_CODE = {
    r"\bHash(?:Map|Set)::(?:<[^;{]*?>::)?(?:new|with_capacity|from)\b": "a hash table with a random seed",
    r"\b(?:thread_rng|from_os_rng|from_entropy|OsRng|getrandom)\b": "ambient randomness",
    r"\b(?:e?print|e?println|dbg)!": "printing",
}
FORBIDDEN_CRATES = {
    "rand",
    "getrandom",
    "fastrand",
    "chrono",
    "time",
    "tokio",
    "mio",
    "libc",
    "rustix",
    "ahash",
}

UNSAFE_ALLOWED = {"live"}


def manifest(crate: Path) -> dict[str, Any]:
    """The crate's Cargo.toml."""
    return tomllib.loads((crate / "Cargo.toml").read_text())


def dependencies(manifest: dict[str, Any]) -> set[str]:
    """Names of the crates that the built crate depends on, on any target; those of its tests are left out."""
    tables = [manifest, *manifest.get("target", {}).values()]
    found = set()
    for table in tables:
        for kind in ("dependencies", "build-dependencies"):
            for name, how in table.get(kind, {}).items():
                found.add(how.get("package", name) if isinstance(how, dict) else name)
    return found


def graph_violations(depends_on: dict[str, set[str]]) -> Iterator[str]:
    """What the dependency graph does that it may not."""
    for crate, needs in sorted(depends_on.items()):
        if crate not in MAY_SEE:
            yield f"{crate} has no place in MAY_SEE"
            continue
        for other in sorted(needs & (set(MAY_SEE) | set(depends_on)) - MAY_SEE[crate]):
            yield f"{crate} may not see {other}"
        for other in sorted(needs):
            allowed = ONLY_IN.get(re.split("[-_]", other)[0])
            if allowed is not None and crate not in allowed:
                yield f"{crate} may not use {other}, only {', '.join(sorted(allowed))} may"
        if crate in REPEATABLE:
            for other in sorted(needs & FORBIDDEN_CRATES):
                yield f"{crate} must be repeatable and may not use {other}"


def source_violations(text: str) -> Iterator[str]:
    """What non-test code of a repeatable crate does that it may not."""
    for path in sorted(paths(text)):
        if any(path == address or path.startswith(f"{address}::") for address in ADDRESSES):
            continue
        for forbidden in FORBIDDEN_PATHS:
            if path == forbidden or path.startswith(f"{forbidden}::"):
                yield path
        parent = path.removesuffix("::*")
        if path.endswith("::*") and any(forbidden.startswith(f"{parent}::") for forbidden in FORBIDDEN_PATHS):
            yield f"{path} brings in what is forbidden"
    body = without_tests(text)
    for pattern, what in FORBIDDEN_CODE.items():
        if found := re.search(pattern, body):
            yield f"{what}: {found[0]}"


def roots(crate: Path) -> list[Path]:
    """The files a compiler starts from: library, binaries, build script, benchmarks."""
    named = [crate / "src" / "lib.rs", crate / "src" / "main.rs", crate / "build.rs"]
    return [
        path for path in [*named, *crate.glob("src/bin/*.rs"), *crate.glob("benches/*.rs")] if path.exists()
    ]


def forbids_unsafe(text: str) -> bool:
    """Whether the crate root says so."""
    return (
        re.search(r"^#!\[forbid\([^)]*\bunsafe_code\b[^)]*\)\]", without_tests(text), re.MULTILINE)
        is not None
    )


def present() -> list[Path]:
    """The crates of the workspace."""
    return sorted(path.parent for path in CRATES.glob("*/Cargo.toml"))


def repeatable_sources() -> Iterable[Path]:
    """Every source file of the repeatable crates."""
    return (path for crate in present() if crate.name in REPEATABLE for path in sources(crate))
