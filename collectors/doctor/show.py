"""The survey for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from rich.table import Table

from collectors.doctor.capability import Capability


def render(capabilities: Iterable[Capability]) -> Table:
    """A table for `rich.console.Console.print`: what is there, what it is for, how to get what is not."""
    table = Table(title="What this machine offers", title_justify="left", expand=False)
    table.add_column("capability", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("found", overflow="fold")
    table.add_column("needed for", overflow="fold")
    table.add_column("how to get it", overflow="fold")
    for one in capabilities:
        mark = "[green]yes[/]" if one.available else "[yellow]no[/]"
        table.add_row(one.name, mark, one.detail, one.needed_for, "" if one.available else one.how_to_get)
    return table


def as_json(capabilities: Iterable[Capability]) -> str:
    """A JSON array of objects, one per capability, keys as in `Capability`."""
    return json.dumps([asdict(one) for one in capabilities], indent=2, ensure_ascii=False)
