"""Run a program on one host against another, with our NIC between them. Needs root.

{server} and {client} stand for the hosts' addresses, {server6} and {client6} for the IPv6 ones. Afterwards
one line of JSON says where every frame ended.

\b
Examples:
  rxbench bump -- ping -c 3 {server}
  rxbench bump --server "iperf3 -s" -- iperf3 -c {server}
  rxbench bump scenario.toml --set nic.queues=2 --server "iperf3 -s" -- iperf3 -c {server} -R
"""

from __future__ import annotations

import json
import shlex
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from collectors.cli.options import Settings, scenario

SERVER_STARTS_S = 0.3


def command(
    arguments: Annotated[
        list[str], typer.Argument(metavar="[SCENARIO.toml] -- PROGRAM [ARGUMENTS]", help="On the client.")
    ],
    server: Annotated[
        list[str] | None, typer.Option("--server", metavar="COMMAND", help="Started on the server before.")
    ] = None,
    set_: Settings = None,
    mtu: Annotated[int, typer.Option(help="Of both interfaces.")] = 1500,
) -> None:
    """Run a program through our NIC."""
    path = Path(arguments.pop(0)) if arguments[0].endswith((".toml", ".json")) else None
    if not arguments:
        raise ValueError("no program: rxbench bump [SCENARIO.toml] -- PROGRAM [ARGUMENTS]")
    chosen = scenario(path, set_)
    from collectors.wire import bump

    with bump(chosen, mtu=mtu) as wire:
        names = {
            "{server}": wire.server.address,
            "{client}": wire.client.address,
            "{server6}": wire.server.ipv6_address,
            "{client6}": wire.client.ipv6_address,
        }

        def named(words: list[str]) -> list[str]:
            for name, value in names.items():
                words = [word.replace(name, value) for word in words]
            return words

        for line in server or ():
            wire.server.start(named(shlex.split(line)))
            time.sleep(SERVER_STARTS_S)
        code = wire.client.start(named(arguments), stdin=sys.stdin).wait()
    print(json.dumps({"clock": "real", "stats": wire.stats, "missed": wire.missed}))
    if code != 0:
        raise typer.Exit(1)
