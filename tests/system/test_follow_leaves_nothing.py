"""Following a reader leaves nothing behind: no program, map, process, descriptor or thread."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from collectors import linux
from tests.system.held import alive, await_gone, children, held

pytestmark = pytest.mark.needs("bcc", "namespaces", "cpus", "xdp")
ROOT = str(Path(__file__).resolve().parents[2])


def open_descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


CHILD = """
import sys, time
sys.path.insert(0, {root!r})
from collectors import linux
from collectors.linux.following import run
def stand(*_):
    print("moving", flush=True)
    time.sleep(60)
run._move = stand
linux.follow("udp", "{steering}")
"""


@pytest.mark.parametrize("steering", ["xdp", pytest.param("engine", marks=pytest.mark.needs("tap"))])
def test_nothing_stays_after_a_kill(steering):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(root=ROOT, steering=steering)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout.readline() == "moving\n"
        ends = children(child.pid, "endpoint.py")
        assert len(ends) == 2
        programs, maps = held(child.pid)
        assert len(programs) == {"xdp": 6, "engine": 3}[steering]
        assert programs <= alive("prog")
        assert maps <= alive("map")
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        child.stdout.close()
    await_gone(programs, maps, ends)


@pytest.mark.parametrize("steering", ["xdp", pytest.param("engine", marks=pytest.mark.needs("tap"))])
def test_nothing_stays_after_a_failure(monkeypatch, steering):
    seen = []

    def break_down(*_):
        seen.extend(held(os.getpid()))
        raise RuntimeError("in the middle")

    monkeypatch.setattr("collectors.linux.following.run._move", break_down)
    with suppress(RuntimeError):  # loads what stays loaded: bcc, its symbol cache
        linux.follow("udp", steering, moves=1)
    seen.clear()
    descriptors, threads = open_descriptors(), threading.active_count()
    with pytest.raises(RuntimeError, match="in the middle"):
        linux.follow("udp", steering, moves=1)
    programs, maps = seen
    assert programs
    assert maps
    await_gone(programs, maps)
    assert (open_descriptors(), threading.active_count()) == (descriptors, threads)
