"""The README's list of commands is the command line's."""

import re
from pathlib import Path

from collectors.cli import app

README = Path(__file__).resolve().parents[2] / "README.md"


def test_every_command_is_listed_in_order():
    section = README.read_text(encoding="utf-8").split("## From the command line")[1].split("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert listed[0] == "rxbench"
    assert listed[1:] == [command.name for command in app.registered_commands]
