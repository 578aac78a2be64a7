"""Drive the engine with a capture's own timing, and write what became of every frame.

OUT holds what the host stack was handed; --delivered one JSON line per frame delivered to a socket;
--verdicts one per frame of the input. The last line on standard output is {"stats": …}.

\b
Examples:
  rxbench replay in.pcap --out out.pcap --delivered d.jsonl --verdicts v.jsonl
  rxbench replay in.pcap --scenario s.toml --set nic.queues=4 --out out.pcap
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from collectors.cli.options import Quiet, Settings


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE.pcap", help="pcap or pcapng.")],
    scenario: Annotated[
        Path | None, typer.Option(metavar="S.toml", help="NIC and host; its traffic is not used.")
    ] = None,
    set_: Settings = None,
    out: Annotated[Path | None, typer.Option(metavar="OUT.pcap", help="What the host was handed.")] = None,
    delivered: Annotated[Path | None, typer.Option(metavar="D.jsonl", help="What sockets got.")] = None,
    verdicts: Annotated[Path | None, typer.Option(metavar="V.jsonl", help="Where each frame ended.")] = None,
    quiet: Quiet = False,
) -> None:
    """Replay a capture."""
    from collectors.replay import replay

    done = replay(file, scenario, set_ or [], progress=not quiet)
    done.write(out=out, delivered=delivered, verdicts=verdicts)
    print(json.dumps({"stats": done.stats}))
