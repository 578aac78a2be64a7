"""The indirection table a scenario comes to (ethtool_rxfh_indir_default; fill_indir_table of ethtool(8))."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def entries(size: int, spread: Mapping[str, Any], queues: int) -> list[int]:
    """Queue of each entry: as given, else in proportion to the weights, else in turn."""
    if spread["table"]:
        return list(spread["table"])
    weights = spread["weights"]
    if not weights:
        return [entry % queues for entry in range(size)]
    table: list[int] = []
    partial = 0
    for queue, weight in enumerate(weights):
        partial += weight
        # Entry i belongs to the first queue whose share ends behind i.
        table += [queue] * (size * partial // sum(weights) - len(table))
    return table
