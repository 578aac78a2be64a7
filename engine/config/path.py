"""Dotted keys of a scenario document: `nic.rss.weights`, `traffic.streams.0.generated.sizes`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from engine.errors import refusal


def parse_setting(text: str) -> tuple[str, Any]:
    """`"nic.queues=4"` → `("nic.queues", 4)`. The value is read as TOML, and as plain text where it is none.

    Raises
    ------
    ScenarioError : there is no `=` or no key.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise refusal("--set", text, "must be key=value, such as nic.queues=4")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def lookup(document: Any, key: str) -> Any:  # noqa: ANN401 - plain data
    """The value at a dotted key. Raises ScenarioError where there is none."""
    for part in key.split("."):
        try:
            document = document[int(part) if isinstance(document, list) else part]
        except (KeyError, IndexError, ValueError, TypeError):
            raise refusal(key, "?", f"there is no {part!r} here") from None
    return document


def assign(document: dict[str, Any], key: str, value: object) -> None:
    """Put a value at a dotted key, in place.

    None takes the key away. Unknown names are left to the core to refuse.
    """
    *way, last = key.split(".")
    place: Any = document
    for part in way:
        if isinstance(place, list):
            place = lookup(place, part)
        elif isinstance(place, dict):
            place = place.setdefault(part, {})
        else:
            raise refusal(key, value, f"{part!r} holds no keys")
    if isinstance(place, list):
        lookup(place, last)
        place[int(last)] = value
    elif not isinstance(place, dict):
        raise refusal(key, value, f"{'.'.join(way)} = {place!r} holds no keys; set it as a whole")
    elif value is None:
        place.pop(last, None)
    else:
        place[last] = value


def leaves(document: Any, prefix: str = "") -> Iterator[str]:  # noqa: ANN401 - plain data
    """Every dotted key that can be set, in document order."""
    if isinstance(document, dict):
        items = [(str(key), value) for key, value in document.items()]
    elif isinstance(document, list) and any(isinstance(item, dict) for item in document):
        items = [(str(index), value) for index, value in enumerate(document)]
    else:
        yield prefix
        return
    for key, value in items:
        yield from leaves(value, f"{prefix}.{key}" if prefix else key)
