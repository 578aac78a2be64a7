"""`with bump(scenario) as wire`: two hosts, our NIC between them, what it did as typed DataFrames."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Literal, get_args

import pandas as pd

from collectors.columns import Clock, Source
from collectors.datapath import frame
from collectors.law import assert_conserved
from collectors.linux_run import tables_of
from engine.linux.bump import Bump, Way
from engine.scenario import Scenario

WAYS: tuple[Way, ...] = get_args(Way)


class Wire(Bump):
    """Two hosts and the NIC between them, made by `bump`. The laws are asserted when it is left."""

    clock: Clock = "real"

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables there are of each direction."""
        return tables_of(self.scenario)

    @property
    def sources(self) -> Mapping[str, Source]:
        """Where each table comes from: counted and timed while real bytes moved."""
        return dict.fromkeys(self.tables, "engine")

    def table(self, name: str, way: Way | None = None) -> pd.DataFrame:
        """A table of one direction as `collectors.columns` has it; of both, with a column `way` in front.

        Raises KeyError for one that is not there.
        """
        if name not in self.tables:
            raise KeyError(f"{name}: a wire has {', '.join(self.tables)}")
        if way is not None:
            return frame(name, self.arrow(name, way), clock="real", source="engine")
        parts = {each: self.table(name, each) for each in WAYS}
        both = pd.concat(parts, names=["way"]).reset_index(level="way").reset_index(drop=True)
        return both.astype({"way": pd.CategoricalDtype(list(WAYS))})

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        finally:
            for way, stats in self.stats.items():
                assert_conserved(stats, self.table("queues", way), self.table("drops", way))


def bump(
    scenario: Scenario | None = None,
    *,
    idle: Literal["sleep", "busy_poll"] = "sleep",
    cpus: tuple[int, int] | None = None,
    mtu: int = 1500,
    tx_queue_frames: int = 10_000,
) -> Wire:
    """Two hosts of this machine's kernel and our NIC between them, to be entered. Needs root.

    Unmodified programs talk through the engine, in both directions. Afterwards the tables say what the NIC
    did; a frame is delivered when the receiving host's kernel took it. Parameters as those of
    `engine.linux.bump.Bump`.

    Raises
    ------
    ScenarioError : a key this ground cannot honour.
    OSError : no right, no /dev/net/tun; each with what is needed; an interface that vanished.
    ConservationError, EngineError : a fault of the engine.

    Examples
    --------
    >>> with bump() as wire:  # doctest: +SKIP
    ...     wire.server.start(["iperf3", "-s"])
    ...     wire.client.run(["iperf3", "-c", wire.server.address])
    >>> wire.table("queues")  # doctest: +SKIP
    """
    return Wire(scenario, idle=idle, cpus=cpus, mtu=mtu, tx_queue_frames=tx_queue_frames)


__all__ = ["WAYS", "Wire", "bump"]
