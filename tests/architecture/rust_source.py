"""Reading Rust well enough to judge what a crate's own code uses: no comments, no literals, no tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

# In this order: line comments, block comments (a nested one ends at its first close), strings, characters.
_NOT_CODE = re.compile(
    r"""//[^\n]*
    | /\*.*?\*/
    | b?r(?P<hashes>\#*)".*?"(?P=hashes)
    | b?c?"(?:\\.|[^"\\])*"
    | b?'(?:\\(?:x[0-9a-fA-F]{2}|u\{[^}]*\}|.)|[^'\\\n])'
    """,
    re.VERBOSE | re.DOTALL,
)
_TEST_ITEM = re.compile(r"#\[cfg\((?:all\()?test\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*")
_TEST_MODULE = re.compile(_TEST_ITEM.pattern + r"(?:pub(?:\([a-z]+\))?\s+)?mod\s+(\w+)\s*;")
_TEST_PATH = re.compile(r'#\[cfg\(test\)\]\s*#\[path = "([^"]+)"\]')
_USE = re.compile(r"\buse\s+([^;]+);")
_PATH = re.compile(r"(?<![\w:])((?:std|core|alloc)(?:\s*::\s*\w+)+)")


def code(text: str) -> str:
    """The text without comments and without what is inside literals."""
    return _NOT_CODE.sub(" ", text)


def without_tests(text: str) -> str:
    """`code(text)` without the items marked `#[cfg(test)]`."""
    text = code(text)
    while mark := _TEST_ITEM.search(text):
        end = _item_end(text, mark.end())
        text = text[: mark.start()] + text[end:]
    return text


def _item_end(text: str, start: int) -> int:
    """Where the item that starts here ends: after its closing brace, or its semicolon if that comes first."""
    depth = 0
    for at in range(start, len(text)):
        letter = text[at]
        if letter == "{":
            depth += 1
        elif letter == "}":
            depth -= 1
            if depth == 0:
                return at + 1
        elif letter == ";" and depth == 0:
            return at + 1
    return len(text)


def _expand(tree: str) -> Iterator[str]:
    """The paths of a use tree: `a::{b, c::{d, e}}` → `a::b`, `a::c::d`, `a::c::e`."""
    head, brace, rest = tree.partition("{")
    if not brace:
        yield re.sub(r"\s+as\s+\w+|\s", "", tree)
        return
    inner = rest[: rest.rindex("}")]
    depth, part = 0, ""
    for letter in [*inner, ","]:
        if letter == "," and depth == 0:
            if part.strip():
                yield from _expand(head.strip() + part.strip())
            part = ""
            continue
        depth += {"{": 1, "}": -1}.get(letter, 0)
        part += letter


def paths(text: str) -> set[str]:
    """Every path that non-test code imports, and every standard path it names in full."""
    text = without_tests(text)
    found = {path for use in _USE.findall(text) for path in _expand(use)}
    return found | {re.sub(r"\s", "", path) for path in _PATH.findall(_USE.sub(" ", text))}


def sources(crate: Path) -> list[Path]:
    """The crate's own source files; those that only its tests compile are left out."""
    found = sorted((crate / "src").rglob("*.rs"))
    of_tests: set[Path] = set()
    for path in found:
        folder = path.parent if path.name in ("lib.rs", "main.rs", "mod.rs") else path.with_suffix("")
        text = path.read_text()
        for module in _TEST_MODULE.findall(code(text)):
            of_tests |= {folder / f"{module}.rs", folder / module}
        of_tests |= {path.parent / named for named in _TEST_PATH.findall(text)}
    return [path for path in found if not of_tests & {path, *path.parents}]
