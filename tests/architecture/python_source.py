"""The rules for Python, notebooks, names and the wheel, as functions over text."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

REPOSITORY = Path(__file__).resolve().parents[2]
NOT_OURS = {".git", ".venv", "target", "site", "report", "dist", "__pycache__", "node_modules"}

ENGINE_MAY_NOT_IMPORT = {"collectors", "pandas"}
COLUMN_WRITERS = {
    "to_parquet",
    "to_feather",
    "to_orc",
    "to_hdf",
    "write_table",
    "write_feather",
    "ParquetWriter",
}
COLUMN_WRITERS |= {"write_to_dataset", "write_dataset"}
UNSAFE_LOADERS = {"to_pickle", "read_pickle"}

EMPTY_WORDS = {"manager", "helper", "util", "common", "misc", "handler"}
# "Key manager" is the term of RFC 2367 for who answers an ACQUIRE.
TERMS_OF_THE_FIELD = {"KeyManager"}


def files(*suffixes: str, under: str = "") -> list[Path]:
    """The repository's own files with these suffixes, relative to it, sorted."""
    top = REPOSITORY / under
    found = (
        path.relative_to(REPOSITORY) for path in top.rglob("*") if path.suffix in suffixes and path.is_file()
    )
    return sorted(path for path in found if not NOT_OURS & set(path.parts))


def imported(text: str) -> set[str]:
    """Top-level packages that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            if (
                called in ("import_module", "__import__")
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                found.add(str(node.args[0].value).partition(".")[0])
    return found


def called(text: str) -> set[str]:
    """Last names of everything a module calls."""
    calls = (node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return {
        func.attr if isinstance(func, ast.Attribute) else func.id
        for func in calls
        if isinstance(func, ast.Attribute | ast.Name)
    }


def notebook_code(name: str, text: str) -> str:
    """A notebook's code: a percent script as it is, the code cells of an .ipynb joined; magics left out."""
    if name.endswith(".ipynb"):
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return re.sub(r"^\s*[%!].*$", "", text, flags=re.MULTILINE)


def definitions(text: str) -> list[str]:
    """Functions and classes that a module defines, wherever in it."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return [node.name for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]


def _words(name: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return {word.lower().removesuffix("s") for word in re.split(r"[^A-Za-z0-9]+", spaced)}


def empty_path_parts(paths: Iterable[Path]) -> Iterator[str]:
    """Files and folders whose name says nothing."""
    for path in paths:
        if any(_words(PurePosixPath(part).stem) & EMPTY_WORDS for part in path.parts):
            yield str(path)


def empty_type_names(text: str) -> Iterator[str]:
    """Types, in Python or Rust, whose name says nothing."""
    for name in re.findall(
        r"^\s*(?:pub(?:\([a-z]+\))?\s+)?(?:class|struct|enum|trait)\s+(\w+)", text, re.MULTILINE
    ):
        if _words(name) & EMPTY_WORDS and name not in TERMS_OF_THE_FIELD:
            yield name


def wheel_violations(names: Iterable[str]) -> Iterator[str]:
    """What is wrong with a wheel that holds these files."""
    names = list(names)
    if not any(re.fullmatch(r"engine/_core\.abi3\.so", name) for name in names):
        yield "no engine/_core.abi3.so"
    for package in ("engine", "collectors"):
        if f"{package}/__init__.py" not in names:
            yield f"no {package}/__init__.py"
        if f"{package}/py.typed" not in names:
            yield f"no {package}/py.typed"
    for name in names:
        top = name.partition("/")[0]
        if top not in ("engine", "collectors") and not top.endswith(".dist-info"):
            yield f"{name} is outside the two packages"
        elif re.search(r"\.rs$|Cargo\.(toml|lock)$|^engine/(crates|target|fuzz)/|__pycache__|\.toml$", name):
            yield f"{name} is source or rubbish"
        elif "/sboms/" in name:
            yield f"{name} records the folder it was built in"
