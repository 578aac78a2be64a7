"""Small tables for people to read: a folder of text files and a `manifest.toml` that says what they are."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from collectors.dataset.errors import DatasetError
from collectors.dataset.manifest import digest
from engine.config.toml import dumps

MANIFEST = "manifest.toml"
LICENCE = "CC0-1.0"
VERSION = 1
"""Of the layout; another one is refused by name."""


def save_tables(
    folder: str | Path,
    name: str,
    files: Mapping[str, str | pd.DataFrame],
    about: Mapping[str, str],
    provenance: Mapping[str, Any],
    *,
    replace: bool = False,
) -> Path:
    """Write a new folder and return its path; a reader never sees half of one.

    Parameters
    ----------
    files : content by file name; a DataFrame becomes CSV without its index.
    about : one sentence for each file.
    replace : put it in the place of a folder that this function wrote before.

    Raises
    ------
    FileExistsError : the folder is there and `replace` is not set.
    DatasetError : `replace` is set and the folder is none of ours; nothing is changed.
    OSError : it cannot be written; nothing is left behind.
    """
    folder = Path(folder)
    if folder.exists():
        if not replace:
            raise FileExistsError(17, "already there; say so to replace it", str(folder))
        _manifest(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for file, content in files.items():
            text = content if isinstance(content, str) else content.to_csv(index=False, lineterminator="\n")
            (partial / file).write_text(text, encoding="utf-8")
        listed = {
            Path(file).stem: {"file": file, "about": about[file], "sha256": digest(partial / file)}
            for file in files
        }
        manifest = {
            "name": name,
            "version": VERSION,
            "licence": LICENCE,
            "provenance": dict(provenance),
            "files": listed,
        }
        (partial / MANIFEST).write_text(dumps(manifest), encoding="utf-8")
        partial.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
            folder.replace(old / folder.name)
            partial.replace(folder)
            shutil.rmtree(old)
        else:
            partial.replace(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return folder


def load_text(folder: str | Path, file: str) -> str:
    """A file of such a folder, its bytes verified.

    Raises
    ------
    DatasetError : no such folder, another version, no such file, or other bytes than were written.
    """
    folder = Path(folder)
    for told in _manifest(folder).get("files", {}).values():
        if told.get("file") == file:
            path = folder / file
            if not path.is_file():
                raise DatasetError(f"{path}: missing")
            if digest(path) != told.get("sha256"):
                raise DatasetError(f"{path}: its SHA-256 is not the one in the manifest")
            return path.read_text(encoding="utf-8")
    raise DatasetError(f"{folder}: its manifest names no {file}")


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DatasetError(f"{folder}: no {MANIFEST}; not a folder of tables") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise DatasetError(f"{path}: not readable as TOML: {cause}") from None
    if manifest.get("version") != VERSION:
        found = manifest.get("version")
        raise DatasetError(f"{path}: version {found!r}; this build reads version {VERSION}")
    return manifest
