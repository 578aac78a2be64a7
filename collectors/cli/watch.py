"""Watch the Linux host around an interface: softirq time per CPU, NAPI, drops, rates. Ctrl-C ends it.

As root through BPF tracepoints where bcc is installed, else from /proc, which the tables say. Nothing on the
machine is changed.

\b
Examples:
  rxbench watch eth0
  rxbench watch eth0 --interval 0.2 --for 10
"""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    device: Annotated[str, typer.Argument(metavar="IFACE", help="An interface of this machine.")],
    interval: Annotated[float, typer.Option(metavar="SECONDS", help="Between refreshes.")] = 1.0,
    seconds: Annotated[float | None, typer.Option("--for", metavar="SECONDS", help="End after.")] = None,
    bcc: Annotated[bool, typer.Option("--bcc/--no-bcc", help="BPF tracepoints, or /proc alone.")] = True,
) -> None:
    """Watch the Linux host around an interface."""
    from collectors.linux import watch

    try:
        watch.show(device, interval, seconds, bcc=bcc)
    except KeyboardInterrupt:
        return
