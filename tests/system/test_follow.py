"""A reader moved by the scheduler is followed by its flow; no packet is lost unseen, nothing stays behind."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from collectors import linux, plots
from collectors.linux.columns import TABLES
from collectors.linux.following import kernel

pytestmark = pytest.mark.needs("bcc", "namespaces", "cpus", "xdp")
ROOT = str(Path(__file__).resolve().parents[2])
MOVES = 40


def fits(table, name):
    spec = TABLES[name]
    assert list(table.columns) == [*(column.name for column in spec.columns), "clock", "source"]
    assert set(table["clock"]) == {"real"}
    assert set(table["source"]) <= set(spec.sources)


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_packets_follow_the_reader_through_map_and_cpumap(protocol):
    run = linux.follow(protocol, "xdp", moves=MOVES)
    fits(run.moves, "follow")
    fits(run.packets, "follow_packets")
    assert run.unaccounted == 0
    assert run.count("received") > 1000
    assert run.lost_events == 0
    # The first ones told the tracepoints whose flow it is; TCP's handshake passed before them.
    assert run.count("steered") >= run.count("sent") * 0.99
    # The scheduler may see a move asked twice as one, where the reader slept through it.
    assert MOVES * 0.8 <= len(run.moves) <= MOVES
    assert (run.moves["from_cpu"] != run.moves["to_cpu"]).all()
    assert run.followed >= 0.9
    assert (run.percentile([50, 99]) > 0).all()
    assert f"{MOVES}" in plots.follow_ecdf({"xdp": run}).svg() or len(run.moves) != MOVES


def test_without_steering_packets_stay_with_the_senders_cpu():
    first, *_ = sorted(os.sched_getaffinity(0))
    run = linux.follow("udp", "none", moves=MOVES)
    assert run.unaccounted == 0
    assert run.count("steered") == 0
    away = run.moves[run.moves["to_cpu"] != first]
    assert len(away)
    assert away["packet_ns"].isna().all()
    assert away["read_ns"].notna().any()
    assert run.moves.loc[run.moves["to_cpu"] == first, "packet_ns"].notna().any()


def test_what_a_full_socket_and_a_full_cpumap_drop_is_counted(monkeypatch):
    monkeypatch.setattr(kernel, "CPUMAP_FRAMES", 1)
    run = linux.follow("udp", "xdp", moves=MOVES, packets_per_s=100_000, receive_buffer_bytes=1)
    dropped = run.packets[run.packets["place"] == "dropped"].set_index("reason")["packets"]
    assert dropped["cpumap.drops"] > 0
    assert dropped["Udp.RcvbufErrors"] > 0
    assert run.unaccounted == 0


def alive(kind):
    shown = subprocess.run(["bpftool", "--json", kind, "show"], check=True, capture_output=True, text=True)
    return {one["id"] for one in json.loads(shown.stdout)}


def open_descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def endpoints_of(process):
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    children = [child for task in tasks for child in task.read_text().split()]
    return {child for child in children if "endpoint.py" in Path(f"/proc/{child}/cmdline").read_text()}


def running(process):
    """A zombie has ended; whoever adopted it has only not looked yet."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


CHILD = """
import sys, time
sys.path.insert(0, {root!r})
from collectors import linux
from collectors.linux.following import run
from pathlib import Path
def stand(*_):
    print("moving", flush=True)
    time.sleep(60)
run._move = stand
linux.follow("udp", "xdp")
"""


def held(process):
    """Numbers of the programs and maps a process holds by descriptors."""
    lines = []
    for info in Path(f"/proc/{process}/fdinfo").iterdir():
        with suppress(FileNotFoundError):  # the one this reads with
            lines += info.read_text().splitlines()
    words = [line.split() for line in lines]
    return tuple(
        {int(word[1]) for word in words if word and word[0] == name} for name in ("prog_id:", "map_id:")
    )


def test_nothing_stays_after_a_kill():
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(root=ROOT)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout.readline() == "moving\n"
        ends = endpoints_of(child.pid)
        assert len(ends) == 2
        programs, maps = held(child.pid)
        assert len(programs) == 6
        assert programs <= alive("prog")
        assert maps <= alive("map")
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        child.stdout.close()
    deadline = time.monotonic() + 10  # the kernel takes namespaces and cpumaps down by and by
    while programs & alive("prog") or maps & alive("map") or any(map(running, ends)):
        assert time.monotonic() < deadline, "programs, maps or processes stay"
        time.sleep(0.05)


def test_nothing_stays_after_the_end_and_after_a_failure(monkeypatch):
    descriptors = open_descriptors()
    linux.follow("udp", "xdp", moves=1)
    seen = []

    def break_down(*_):
        seen.extend(held(os.getpid()))
        raise RuntimeError("in the middle")

    monkeypatch.setattr("collectors.linux.following.run._move", break_down)
    with pytest.raises(RuntimeError, match="in the middle"):
        linux.follow("udp", "xdp", moves=1)
    programs, maps = seen
    assert programs
    assert maps
    deadline = time.monotonic() + 10
    while programs & alive("prog") or maps & alive("map"):
        assert time.monotonic() < deadline, "programs or maps stay"
        time.sleep(0.05)
    assert open_descriptors() <= descriptors + 1  # bcc's own symbol cache may stay open
