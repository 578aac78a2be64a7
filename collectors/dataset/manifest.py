"""The manifest: what is in a dataset, how it came to be, and what its files must hash to."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict

from collectors.dataset.errors import DatasetError

SCHEMA_VERSION = 1
"""Version of the layout; another one is refused by name."""
FILE = "manifest.json"
Kind = Literal["run", "comparison", "target"]


class Manifest(TypedDict):
    """Content of manifest.json.

    `volatile` holds whatever differs between two equal runs in virtual time. `real_time` is there with
    clock = real: how it was run, and what other work took from it. `target` is there instead of scenarios
    where settings of an interface were compared: which, under what load, and the settings by name.
    """

    schema_version: int
    kind: Kind
    clock: str
    real_time: NotRequired[dict[str, Any]]
    target: NotRequired[dict[str, Any]]
    scenarios: dict[str, dict[str, Any]]
    stats: dict[str, Any]
    build: dict[str, Any]
    captures: dict[str, str]
    files: dict[str, str]
    volatile: dict[str, Any]


def digest(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(folder: Path, manifest: Manifest) -> None:
    """Write manifest.json; keys are sorted, so that equal manifests are equal bytes."""
    text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> Manifest:
    """The manifest of a dataset whose files are all there and unchanged.

    Raises
    ------
    DatasetError : names the file or the version.
    """
    path = folder / FILE
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DatasetError(f"{folder}: no {FILE}; not a dataset") from None
    except ValueError as cause:
        raise DatasetError(f"{path}: not readable as JSON: {cause}") from None
    version = content.get("schema_version") if isinstance(content, dict) else None
    if version != SCHEMA_VERSION:
        raise DatasetError(f"{path}: schema version {version!r}; this build reads version {SCHEMA_VERSION}")
    manifest: Manifest = content
    for name, expected in manifest["files"].items():
        if Path(name).name != name:
            raise DatasetError(f"{path}: {name!r} is not a file of this folder")
        file = folder / name
        if not file.is_file():
            raise DatasetError(f"{file}: missing")
        if digest(file) != expected:
            raise DatasetError(f"{file}: its SHA-256 is not the one in the manifest")
    return manifest
