"""Compare settings of an interface of this machine: as it is, and as told. Needs root.

IFACE `pair` is a veth pair made for it, which our sender sends over; any other takes its traffic from
elsewhere. What the interface cannot do is said before anything is changed; everything is as before
afterwards, and after a kill -9 the next start restores it. Keys: queues, ring_size, rx_usecs,
rx_max_coalesced_frames, use_adaptive_rx, features.NAME, rss_table, rss_key, irq_cpus, rps_cpus,
rps_flow_entries, rps_sock_flow_entries, threaded_napi, gro_flush_timeout_ns, defer_hard_irqs.

\b
Examples:
  rxbench target pair --set "rps_cpus = [0, 1]"
  rxbench target pair --set "queues = 2" --set "features.rx-gro = true" --pps 200000
  rxbench target eth0 --set "rx_usecs = 50" --seconds 5
  rxbench target pair --set "features.rx-gro = true" --tcp --pps 0
  rxbench target eth0 settings.toml --repeats 4 --save datasets/my-card
  rxbench target eth0 --set "ring_size = 4096" --check
"""

from __future__ import annotations

import tomllib
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from collectors.cli.options import Json, SaveTo


def command(
    device: Annotated[str, typer.Argument(metavar="IFACE|pair", help="An interface of this machine.")],
    plan: Annotated[
        Path | None, typer.Argument(metavar="[SETTINGS.toml]", help="Tables [[settings]], each with a name.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting, the value as TOML.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="Of each run.")] = 1.0,
    repeats: Annotated[int, typer.Option(help="Runs under each settings.")] = 4,
    pps: Annotated[float, typer.Option(help="Sent over the pair; 0: as fast as taken.")] = 100_000,
    flows: Annotated[int, typer.Option(help="Sent over the pair.")] = 16,
    datagram_bytes: Annotated[int, typer.Option("--bytes", help="Of a datagram sent over the pair.")] = 1400,
    tcp: Annotated[bool, typer.Option("--tcp", help="Streams over the pair, in place of datagrams.")] = False,
    queues: Annotated[int, typer.Option(help="Of the pair.")] = 4,
    only_check: Annotated[
        bool, typer.Option("--check", help="Say what it cannot do, and change nothing.")
    ] = False,
    as_json: Json = False,
    save: SaveTo = None,
) -> None:
    """Compare settings of an interface."""
    from collectors import target

    if save is not None and save.exists():
        raise FileExistsError(17, "already there; datasets are not overwritten", str(save))
    chosen = [target.Settings(name="as it is"), *_settings(plan, set_ or [])]
    with ExitStack() as stack:
        on = stack.enter_context(target.Pair(queues)) if device == "pair" else device
        name = device if isinstance(on, str) else on.device
        if only_check:
            for each in chosen:
                target.check(name, each)
            print(f"{name}: can be set so")
            return
        sent = target.Load(pps, datagram_bytes, flows, protocol="tcp" if tcp else "udp")
        load = None if isinstance(on, str) else sent
        compared = target.compare(
            on, chosen, load=load, seconds=seconds, repeats=repeats, progress=not as_json
        )
    if save is not None:
        from collectors.dataset import save as write

        write(compared, save)
    if as_json:
        print(compared.table.to_json(orient="records"))
        return
    shown = [
        "delivered_pps",
        "delivered_bps",
        "loss_ratio",
        "cpu_ns_per_frame",
        "softirq_cpus",
        "busiest_cpu_share",
    ]
    means = compared.table.groupby("name", sort=False)[shown].mean()
    print(means.to_string(float_format=lambda value: f"{value:,.4g}"))
    print(f"means of {repeats} runs, {compared.said}")


def _settings(plan: Path | None, settings: list[str]) -> list[Any]:
    """What is to be compared with the interface as it is. Raises ValueError, OSError."""
    from collectors.target import Settings

    found = []
    try:
        if plan is not None:
            tables = tomllib.loads(plan.read_text(encoding="utf-8")).get("settings")
            if not isinstance(tables, list):
                raise ValueError(f"{plan}: there are no tables [[settings]]")
            found += [Settings.of(each) for each in tables]
        if settings:
            given = tomllib.loads("\n".join(settings))
            found.append(Settings.of({"name": " ".join(settings), **given}))
    except tomllib.TOMLDecodeError as cause:
        raise ValueError(f"settings: {cause}") from None
    return found
