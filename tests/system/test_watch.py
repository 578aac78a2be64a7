"""`rxbench watch` leaves no trace: not when it ends, not on Ctrl-C, not when it is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.held import await_gone, held

pytestmark = pytest.mark.needs("bcc", "bpftool")
ROOT = Path(__file__).resolve().parents[2]
HEEDING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
SWITCH = Path("/proc/sys/kernel/bpf_stats_enabled")


def mounted():
    lines = Path("/proc/mounts").read_text().splitlines()
    return sorted(line for line in lines if line.split()[2] in ("bpf", "debugfs", "tracefs"))


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_watching_leaves_no_trace(ending):
    before, devices = (mounted(), SWITCH.read_text()), set(Path("/sys/class/net").iterdir())
    child = subprocess.Popen(
        [sys.executable, "-c", f"{HEEDING}; from collectors.cli import app; app()", "watch", "lo"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while "source bcc" not in (line := child.stdout.readline()):
            assert line, child.stderr.read()
        programs, maps = held(child.pid)
        assert len(programs) == 5
        child.send_signal(ending)
        child.communicate(timeout=20)
    finally:
        child.kill()
        child.wait()
    await_gone(programs, maps)
    assert (mounted(), SWITCH.read_text()) == before
    assert set(Path("/sys/class/net").iterdir()) <= devices
