"""Attributes by name: the numbers are those of the messages `engine.control` sends to the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def numbers_of(message: type[Any]) -> Mapping[str, int]:
    """Name without its prefix → number."""
    return {name.removeprefix(message.prefix): number for number, (name, _) in enumerate(message.nla_map)}
