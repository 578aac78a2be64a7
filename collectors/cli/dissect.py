r"""Show what the parser finds in each frame of a capture, the RSS hash, and the verdict.

\b
Examples:
  rxbench dissect frames.pcap
  rxbench dissect frames.pcap --json | jq .l3
  rxbench dissect frames.pcap --json --queues 16 --rss-key 6d5a6d5a…
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from collectors.cli.options import Json
from engine import _core
from engine.config.rss import MICROSOFT_KEY


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE.pcap", help="pcap or pcapng.")],
    as_json: Json = False,
    rss_key: Annotated[
        str, typer.Option(metavar="HEX", help="Default: Microsoft's test key.")
    ] = MICROSOFT_KEY,
    queues: Annotated[int, typer.Option(help="Receive queues: 1 to 128.")] = 8,
) -> None:
    """Dissect a capture."""
    lines = _core.dissect(file.read_bytes(), rss_key, queues)
    shown = lines if as_json else (_words(json.loads(line)) for line in lines)
    for block in _blocks(shown, 1024):
        sys.stdout.write(block)


def _blocks(lines: Iterator[str], size: int) -> Iterator[str]:
    while block := list(islice(lines, size)):
        yield "\n".join(block) + "\n"


def _words(frame: dict[str, Any]) -> str:
    if "stats" in frame:
        return json.dumps(frame)
    layers = [f"vlan {tag}" for tag in frame.get("vlan", [])]
    layers += [f"mpls {label['label']}" for label in frame.get("mpls", [])]
    layers += [f"IPv{ip['v']} {ip['src']} > {ip['dst']}" for ip in frame.get("l3", [])]
    for name in ("tcp", "udp"):
        if name in frame:
            layers.append(f"{name} {frame[name]['sport']} > {frame[name]['dport']}")
    layers += [name for name in ("icmp", "esp", "ah") if name in frame]
    queue = frame.get("rss", {}).get("queue", "-")
    return (
        f"{frame['n']:>7} {frame['len']:>6} B  queue {queue:>3}  {frame['verdict']:<28} {', '.join(layers)}"
    )
