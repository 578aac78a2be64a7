"""The engine as a collector: it watches itself, so that starting and stopping it is the run itself."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from collectors.columns import TABLES, Clock, Source
from collectors.datapath.frame import BASIC, frame
from engine.config import Senders
from engine.run import Result


class Datapath:
    """Tables of a finished run in virtual time."""

    name = "datapath"
    clock: Clock = "virtual"

    def __init__(self, result: Result) -> None:
        self._result = result
        observe = result.scenario.observe
        asked = dict.fromkeys(BASIC, True) | {
            "verdicts": observe.verdicts,
            "delivered": observe.verdicts,
            "handed": observe.frames,
            "trace": bool(observe.trace_frames),
            "tcp": any(isinstance(stream, Senders) for stream in result.scenario.traffic.streams),
        }
        self.tables: tuple[str, ...] = tuple(name for name in TABLES if asked.get(name, False))

    @property
    def sources(self) -> Mapping[str, Source]:
        """Where each table comes from, as declared."""
        return {name: TABLES[name].source for name in self.tables}

    def start(self) -> None:
        """Nothing: the engine records from the first frame on."""

    def stop(self) -> None:
        """Nothing: the engine has stopped."""

    def table(self, name: str) -> pd.DataFrame:
        """One table. Raises KeyError for one the scenario did not ask for."""
        if name not in self.tables:
            raise KeyError(f"{name}: this run has {', '.join(self.tables)}")
        return frame(name, self._result.table(name))

    def collect(self) -> Mapping[str, pd.DataFrame]:
        """Every table."""
        return {name: self.table(name) for name in self.tables}
