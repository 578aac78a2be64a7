"""Unmodified programs through the engine, in both directions; nothing is lost but what is counted."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from collectors.wire import bump
from engine import Scenario
from engine.linux import leftovers

pytestmark = pytest.mark.needs("tap", "namespaces")


def nic(*settings):
    return Scenario().with_("nic.queues=2", "host.cpus=2", *settings)


def counts(host):
    """Frames the interface received and sent, by the kernel's account."""
    lines = host.namespace.run(["cat", "/proc/net/dev"]).stdout.splitlines()
    (line,) = [line for line in lines if host.device in line]
    values = line.partition(":")[2].split()
    return {"received": int(values[1]), "sent": int(values[9]), "lost": int(values[11])}


@pytest.fixture
def wire():
    made = bump(nic())
    with made:
        yield made


@pytest.mark.needs("ping")
def test_ping_both_ways_and_both_families(wire):
    # ping waits for its last answer as long as from one request to the next, whatever -W says.
    ping = ["ping", "-c", "3", "-i", "1"]
    ways = ((wire.client, wire.server), (wire.server, wire.client))
    addresses = ((host, to) for host, other in ways for to in (other.address, other.ipv6_address))
    pings = [host.start([*ping, to], stdout=subprocess.PIPE, text=True) for host, to in addresses]
    for running in pings:
        said, _ = running.communicate(timeout=30)
        assert " 0% packet loss" in said, said


@pytest.mark.needs("ping")
def test_every_frame_of_the_kernels_is_in_the_nic_s_books():
    with bump(nic("observe.verdicts=true")) as wire:
        wire.client.run(["ping", "-c", "20", "-i", "0.01", "-s", "1400", wire.server.address])
        time.sleep(0.1)
        client, server = counts(wire.client), counts(wire.server)
    assert wire.stats["to_server"]["rx"] >= client["sent"] >= 20
    assert wire.stats["to_server"]["delivered"] >= server["received"]
    assert wire.stats["to_client"]["delivered"] >= client["received"]
    assert wire.missed == {"to_server": client["lost"], "to_client": server["lost"]}
    queues = wire.table("queues")
    assert set(queues["way"]) == {"to_server", "to_client"}
    assert (queues["rx_frames"] == queues["delivered"] + queues["dropped"] + queues["pending"]).all()
    assert len(wire.table("verdicts", "to_server")) == wire.stats["to_server"]["rx"]
    assert set(wire.sources.values()) == {"engine"}


SENT_AND_GONE = """
import socket, sys
flow = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
flow.setsockopt(socket.IPPROTO_UDP, 103, 1000)  # UDP_SEGMENT
for _ in range(8000 // 64):
    flow.sendto(bytes(64 * 1000), (sys.argv[1], 9))
"""


@pytest.mark.needs("ping")
def test_what_was_sent_when_the_wire_is_taken_down_is_carried_or_counted():
    with bump(nic()) as wire:
        wire.client.run(["ping", "-c", "1", wire.server.address])  # neighbours know each other
        wire.client.run([sys.executable, "-c", SENT_AND_GONE, wire.server.address])
    stats, missed = wire.stats["to_server"], wire.missed["to_server"]
    assert stats["rx"] + missed >= 8000
    assert stats["rx"] == stats["delivered"] + sum(stats["dropped"].values())


@pytest.mark.needs("curl")
def test_a_file_arrives_whole_in_both_directions(wire, tmp_path):
    content = os.urandom(24_000_000)
    (tmp_path / "file").write_bytes(content)
    serve = [sys.executable, "-m", "http.server", "8000", "--directory", str(tmp_path)]
    for host, other in ((wire.client, wire.server), (wire.server, wire.client)):
        other.start([*serve, "--bind", other.address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        url = f"http://{other.address}:8000/file"
        fetch = ["curl", "-s", "--retry", "20", "--retry-connrefused", "--retry-delay", "1", url]
        got = host.run(fetch, text=False, timeout=18).stdout
        assert hashlib.sha256(got).digest() == hashlib.sha256(content).digest()


@pytest.mark.needs("iperf3")
def test_iperf3_in_both_directions():
    with bump(nic()) as wire:
        wire.server.start(["iperf3", "-s"], stdout=subprocess.DEVNULL)
        time.sleep(0.3)
        for reverse in ([], ["-R"]):
            line = ["iperf3", "-J", "-t", "1", "-c", wire.server.address, *reverse]
            said = json.loads(wire.client.run(line, timeout=15).stdout)
            assert said["end"]["sum_received"]["bytes"] > 1_000_000
    for way in ("to_server", "to_client"):
        stats = wire.stats[way]
        assert stats["rx"] == stats["delivered"] + sum(stats["dropped"].values())
        assert stats["delivered"] > 500


@pytest.mark.needs("ping")
def test_an_interface_that_vanishes_is_one_line():
    wire = bump(nic())
    wire.__enter__()
    wire.server.run(["ip", "link", "delete", wire.server.device])
    wire.client.start(["ping", "-c", "2", wire.server.address], stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    with pytest.raises(OSError, match="rxb0") as told:
        wire.__exit__(None, None, None)
    assert "vanished" in str(told.value)
    assert "\n" not in str(told.value)


KILLED = """
import subprocess, time
from engine.linux.bump import Bump
with Bump() as wire:
    wire.server.start(["sleep", "300"])
    wire.server.start(["sh", "-c", "sleep 301 & wait"])
    time.sleep(0.3)
    print(wire.server.namespace.descriptor, flush=True)
    time.sleep(60)
"""


def test_after_kill_9_the_next_start_names_and_removes_what_is_left(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    run = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE)
    assert run.stdout.readline()
    assert leftovers.find() == []
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    deadline = time.monotonic() + 5
    # The kernel kills the two programs; their child goes on, and keeps the namespace and its interface.
    found = leftovers.find()
    while [one.name.split()[1] for one in found] != ["sleep"]:
        assert time.monotonic() < deadline, found
        found = leftovers.find()
    assert found[0].owner.startswith(f"{run.pid}-")
    with (
        pytest.warns(leftovers.LeftoverWarning, match=f"process {found[0].name} of process {run.pid}"),
        bump(nic()),
    ):
        pass
    while leftovers.find():
        assert time.monotonic() < deadline
    assert list((tmp_path / "rxbench").iterdir()) == []


AGAIN_AND_AGAIN = """
from engine.linux.bump import Bump
print("begins", flush=True)  # making the first is among the moments
while True:
    with Bump() as wire:
        wire.server.start(["sh", "-c", "sleep 302 & wait"])
        wire.client.start(["sleep", "303"])
"""


def links():
    return {each.name for each in Path("/sys/class/net").iterdir()}


def test_killed_at_any_moment_nothing_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    before = links()
    for delay_ms in random.Random(2).choices(range(400), k=4):
        run = subprocess.Popen([sys.executable, "-c", AGAIN_AND_AGAIN], stdout=subprocess.PIPE)
        assert run.stdout.readline() == b"begins\n"
        time.sleep(delay_ms / 1000)
        run.kill()
        run.wait()
        run.stdout.close()
        # Programs die by and by; what is found is of this run alone, and is gone when it was removed.
        deadline = time.monotonic() + 5
        while found := leftovers.clean():
            assert all(one.owner.startswith(f"{run.pid}-") for one in found), found
            assert time.monotonic() < deadline, found
        assert links() == before
        assert not list((tmp_path / "rxbench").glob("*"))


@pytest.mark.needs("ping")
def test_the_command_runs_a_program_and_says_what_came_of_it():
    line = [sys.executable, "-c", "from collectors.cli import app; app()", "bump", "--set", "nic.queues=1"]
    line += ["--server", "sleep 60", "--", "ping", "-c", "2", "-i", "0.1", "{server}"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    *_, last = done.stdout.splitlines()
    assert json.loads(last)["stats"]["to_server"]["delivered"] >= 2
