"""What a worker does: run one point and answer its row. Top level, so that any executor can call it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from collectors.run import run
from engine.scenario import Scenario

Row = dict[str, Any]


def measure(document: str, directory: str | None) -> Row:
    """Run a scenario, given as canonical JSON, in virtual time.

    Returns
    -------
    `status` ok or error, `error` (the cause, in one line), every metric and term of the conservation law, and
    the volatile `began`, `seconds`, `process`.
    """
    began, clock = datetime.now(UTC).isoformat(timespec="milliseconds"), time.perf_counter()
    row: Row
    try:
        scenario = Scenario.from_json(document)
        if directory is not None:
            scenario = replace(scenario, directory=Path(directory))
        done = run(scenario, progress=False)
        row = {"status": "ok", "error": "", **_law(done.stats), **dict(done.summary)}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this point's result
        row = failed(f"{type(error).__name__}: {error}")
    return row | {"began": began, "seconds": time.perf_counter() - clock, "process": os.getpid()}


def failed(cause: str) -> Row:
    """The row of a run that did not end well; who ran it, and how long, may not be known."""
    row = {"status": "error", "error": " ".join(cause.split())[:500]}
    return row | {"began": "", "seconds": float("nan"), "process": -1}


def _law(stats: Mapping[str, Any]) -> Row:
    terms = {name: stats[name] for name in ("rx", "delivered", "pending", "consumed")}
    return terms | {"dropped": sum(stats["dropped"].values())}
