"""`rxbench watch`: softirq time per CPU, NAPI, drops and an interface's rates, refreshed in the terminal.

What is shown is the last interval of a `Watch`; nothing is kept, and nothing stays behind.
"""

from __future__ import annotations

import math
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from collectors.linux import ethtool
from collectors.linux.columns import TABLES
from collectors.linux.observe import Watch, observe
from collectors.linux.unavailable import Unavailable

COLLECTORS = ("softirq", "drops", "device")
RATES = ("rx_packets", "rx_bytes", "rx_dropped", "tx_packets", "tx_bytes", "tx_dropped")
MOST_DROPS = 8


def show(
    device: str,
    interval: float = 1.0,
    seconds: float | None = None,
    *,
    bcc: bool = True,
    console: Console | None = None,
) -> Watch:
    """Show the host around `device` until interrupted, or for `seconds`; returns the watch, which has ended.

    At least one interval is shown: it is no longer than `seconds`, and its end is waited for.

    Raises
    ------
    Unavailable : there is no such interface, or it went away meanwhile.
    ValueError : an interval or `seconds` that is not positive.
    """
    if device != "lo" and device not in ethtool.devices():
        known = ", ".join(["lo", *ethtool.devices()])
        raise Unavailable(f"there is no interface {device!r}", f"the interfaces here are {known}")
    console = console or Console()
    interval = interval if seconds is None else min(interval, seconds)
    with observe(COLLECTORS, interval, bcc=bcc, devices=(device,), keep=2) as watch, _screen(console) as live:
        end = math.inf if seconds is None else time.monotonic() + seconds
        shown = False
        while (left := end - time.monotonic()) > 0 or not shown:
            if not watch.wait(left if shown and left < math.inf else None):
                break
            if device != "lo" and device not in ethtool.devices():
                raise Unavailable(f"interface {device!r} went away")
            if live is None:
                console.print(view(watch, device))
            else:
                live.update(view(watch, device), refresh=True)
            shown = True
    return watch


@contextmanager
def _screen(console: Console) -> Iterator[Live | None]:
    """The terminal's other screen, given back afterwards; None where output goes to a file or a pipe."""
    if not console.is_terminal:
        yield None
        return
    with Live(
        Text("measuring the first interval …"), console=console, screen=True, auto_refresh=False
    ) as live:
        yield live


def view(watch: Watch, device: str) -> Group:
    """The last interval as tables."""
    reasons = dict.fromkeys(why for table, why in watch.reasons.items() if "bcc" in TABLES[table].sources)
    notes = [Text(f"not from bcc: {reason}", style="yellow") for reason in reasons]
    tables = (_softirq(watch), _napi(watch), _rates(watch, device), _drops(watch))
    parts: list[RenderableType] = [Text(_observer(watch)), *notes, *tables]
    return Group(*parts)


def _titled(watch: Watch, table: str, title: str, *columns: str) -> Table:
    source = watch.sources[table]
    shown = Table(title=f"{title} (source {source}, clock real)", title_justify="left", expand=False)
    for column in columns:
        shown.add_column(
            column, justify="left" if column in ("vector", "device", "reason", "at") else "right"
        )
    return shown


def _number(value: float, unit: str = "") -> str:
    return "–" if math.isnan(value) else f"{value:,.0f}{unit}"


def _rows(watch: Watch, table: str) -> list[dict[Hashable, Any]]:
    return watch.table(table, latest=True).to_dict("records")


def _ratio(value: float, of: float, form: str = ",.0f") -> str:
    return format(value / of, form) if of and not math.isnan(value / of) else "–"


def _softirq(watch: Watch) -> Table:
    title = "softirqs per CPU"
    if watch.sources["softirq"] == "procfs":
        title += ", time sampled by the tick, all vectors"
    shown = _titled(watch, "softirq", title, "cpu", "vector", "per s", "share of CPU", "ns each", "delay ns")
    for row in _rows(watch, "softirq"):
        shown.add_row(
            *(str(row["cpu"]), row["vector"], _number(row["per_s"]), _ratio(row["share"], 1, ".1%")),
            *(_ratio(row["ns"], row["count"]), _ratio(row["delay_ns"], row["delays"])),
        )
    return shown


def _napi(watch: Watch) -> Table:
    shown = _titled(watch, "napi", "NAPI", "cpu", "device", "packets/s", "packets a poll", "full budget")
    for row in _rows(watch, "napi"):
        shown.add_row(
            *(str(row["cpu"]), row["device"], _number(row["work_per_s"])),
            *(_ratio(row["work"], row["polls"], ".1f"), _number(row["full_budget"])),
        )
    return shown


def _rates(watch: Watch, device: str) -> Table:
    shown = _titled(watch, "device", device, *(f"{name}/s" for name in RATES))
    latest = watch.table("device", latest=True)
    per_s = dict(zip(latest["counter"].astype("str"), latest["per_s"], strict=True))
    shown.add_row(*(_number(per_s.get(name, 0.0)) for name in RATES))
    return shown


def _drops(watch: Watch) -> Table:
    shown = _titled(watch, "drops", "drops, every interface", "cpu", "reason", "at", "per s")
    for row in sorted(_rows(watch, "drops"), key=lambda row: -row["packets"])[:MOST_DROPS]:
        cpu = "–" if row["cpu"] < 0 else str(row["cpu"])
        shown.add_row(cpu, row["reason"], row["location"], _number(row["per_s"]))
    return shown


def _observer(watch: Watch) -> str:
    latest = watch.table("observer", latest=True)
    share = _share(latest[latest["program"] != "sampling"])
    reading = _share(latest[latest["program"] == "sampling"])
    programs = f"BPF programs {share:.2%} of one CPU, " if watch.bcc else ""
    return f"watching costs: {programs}reading {reading:.2%}"


def _share(rows: pd.DataFrame) -> float:
    return float(rows["share"].fillna(0).sum())
