"""The collector protocol: what watches a receive path, be it the engine or the Linux host around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import pandas as pd

from collectors.columns import Clock, Source


@runtime_checkable
class Collector(Protocol):
    """Started before what it watches, stopped after it, then asked once.

    A collector that lacks a right or a device says so through `source`: `unavailable`, never a modelled
    figure under a measured name.
    """

    @property
    def name(self) -> str:
        """Short and stable."""

    @property
    def clock(self) -> Clock:
        """Whose time its tables are in."""

    @property
    def sources(self) -> Mapping[str, Source]:
        """Where each of its tables comes from."""

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of its tables, all declared in `collectors.columns`."""

    def start(self) -> None:
        """Begin to watch. Raises PermissionError naming the capability that is missing."""

    def stop(self) -> None:
        """Stop watching; safe to call twice."""

    def collect(self) -> Mapping[str, pd.DataFrame]:
        """Everything seen, as DataFrames that fit `collectors.columns`."""
