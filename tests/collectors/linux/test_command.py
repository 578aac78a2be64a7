"""`rxbench watch`: ends by itself, by Ctrl-C, and with one line for what is not there."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from collectors.cli import app

ROOT = Path(__file__).resolve().parents[3]


def call(*arguments):
    return CliRunner().invoke(app, ["watch", *arguments])


def test_it_shows_and_ends():
    shown = call("lo", "--no-bcc", "--interval", "0.05", "--for", "0.3")
    assert shown.exit_code == 0, shown.output
    assert "source procfs" in shown.output
    assert "Examples:" in call("--help").output


def test_an_interval_is_shown_however_short_it_is_to_be():
    assert "source procfs" in call("lo", "--no-bcc", "--interval", "5", "--for", "0.1").output


def test_what_is_no_matter_of_bcc_is_not_said_to_be_one():
    shown = call("lo", "--no-bcc", "--interval", "0.1", "--for", "0.1").output
    assert shown.count("not from bcc") == 1, shown


def test_an_interface_that_is_not_there_is_one_line():
    shown = call("rxb-none")
    assert shown.exit_code == 2
    assert shown.stderr.count("\n") == 1
    assert "rxb-none" in shown.stderr


def test_an_interval_of_nothing_is_one_line():
    shown = call("lo", "--interval", "0", "--no-bcc")
    assert shown.exit_code == 2
    assert "above 0 seconds" in shown.stderr


def test_ctrl_c_ends_it_quietly():
    # A background job of a script has lost the signal's meaning: give it back.
    heeding = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    line = [sys.executable, "-c", f"{heeding}; from collectors.cli import app; app()"]
    child = subprocess.Popen(
        [*line, "watch", "lo", "--no-bcc", "--interval", "0.05"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    _, complaint = child.communicate(timeout=20)
    assert (child.returncode, complaint) == (0, "")
