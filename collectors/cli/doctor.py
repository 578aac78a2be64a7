"""Say what this machine offers, and how to get what is missing.

\b
Examples:
  rxbench doctor
  rxbench doctor --json
"""

from __future__ import annotations

from collectors.cli.options import Json


def command(as_json: Json = False) -> None:
    """Say what this machine offers."""
    from rich.console import Console

    from collectors import doctor

    found = doctor.survey()
    if as_json:
        print(doctor.as_json(found))
    else:
        Console().print(doctor.render(found))
