"""Frames of an interface through AF_PACKET and AF_XDP: what was sent is judged, or counted as missed."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from scapy.utils import RawPcapNgReader, wrpcap

from collectors.live_run import run_live
from engine import Scenario, ScenarioError
from engine._core import ReceivePort
from tests.system.held import alive, await_gone, held
from tests.system.veth import DEVICE, Pair

pytestmark = pytest.mark.needs("namespaces", "af_packet", "af_xdp", "xdp")
ROOT = Path(__file__).resolve().parents[2]
VARIETY = ROOT / "datasets" / "captures" / "variety" / "variety.pcapng"
PORTS = {
    "af_packet": (ReceivePort.af_packet, {}),
    "af_xdp native": (ReceivePort.af_xdp, {"attach": "native", "copying": "copy"}),
    "af_xdp generic": (ReceivePort.af_xdp, {"attach": "generic"}),
}
SMALL = {
    "af_packet": {"blocks": 2},
    "af_xdp native": {"ring_frames": 64},
    "af_xdp generic": {"ring_frames": 64},
}
SCENARIO = Scenario(name="received").with_(
    **{
        "nic.queues": 2,
        "host.cpus": 1,
        "duration_ns": 20_000_000_000,
        "observe.verdicts": True,
        "host.tcp.gap": "ignore",
    }
)
UDP = bytes.fromhex(
    "020000000002020000000001080045000024000040004011b6a9c6120001c61200021388138900100000"
) + bytes(8)


@pytest.fixture
def pair():
    with Pair() as made:
        yield made


def judged(scenario, **how):
    return run_live(scenario, pacing="lossless", oversubscribe=True, **how)


@pytest.mark.parametrize("kind", PORTS)
@pytest.mark.parametrize("idle", ["sleep", "busy_poll"])
def test_verdicts_are_those_of_the_same_frames_in_a_capture(pair, tmp_path, kind, idle):
    # What a socket sends has a link header and fits the MTU.
    frames = [bytes(frame) for frame, _ in RawPcapNgReader(str(VARIETY)) if 14 <= len(frame) <= 1514]
    assert len(frames) > 90
    capture = tmp_path / "sent.pcap"
    wrpcap(str(capture), frames, linktype=1)
    make, settings = PORTS[kind]
    with pair.port(make, **settings) as port:
        assert (port.kind, port.interface, port.queues) == (make.__name__, DEVICE, 1)
        assert not port.zero_copy
        assert port.native == (kind == "af_xdp native")
        pair.send(frames)
        received = judged(SCENARIO.with_(**{"traffic.frames": len(frames)}), port=port, idle=idle)
    replayed = judged(SCENARIO.with_(**{"traffic.streams.0": {"capture": {"file": str(capture)}}}), idle=idle)
    assert pair.lost_on_the_way() == 0
    assert received.missed_frames == 0
    assert received.stats["rx"] == len(frames)
    assert received.stats == replayed.stats
    for table, columns in {
        "verdicts": ["frame", "verdict", "reason"],
        "queues": ["queue", "rx_frames", "rx_bytes", "delivered", "dropped", "pending", "consumed"],
        "drops": ["queue", "layer", "reason", "frames"],
    }.items():
        ours, theirs = (run.table(table)[columns].astype("str") for run in (received, replayed))
        assert ours.equals(theirs), table


@pytest.mark.parametrize("kind", PORTS)
def test_what_finds_no_room_is_counted(pair, kind):
    make, _ = PORTS[kind]
    settings = PORTS[kind][1] | SMALL[kind]
    sent = 4000
    with pair.port(make, **settings) as port:
        pair.send([UDP + bytes(200)] * sent)
        run = judged(SCENARIO.with_(duration_ns=300_000_000), port=port)
    assert run.stats["rx"] > 0
    assert run.missed_frames > 0
    assert run.stats["rx"] + run.missed_frames + pair.lost_on_the_way() == sent


@pytest.mark.parametrize("kind", ["af_xdp native", "af_packet"])
def test_every_queue_is_received_from(kind):
    make, settings = PORTS[kind]
    with Pair(queues=4) as pair, pair.port(make, **settings) as port:
        assert port.queues == {"af_xdp": 4, "af_packet": 1}[port.kind]
        # The sender's queue is the receiver's: a hash of the ports chooses it.
        ports = [(5000 + number).to_bytes(2, "big") for number in range(64)]
        pair.send([UDP[:34] + source + UDP[36:] for source in ports])
        run = judged(SCENARIO.with_(**{"traffic.frames": len(ports)}), port=port)
    assert run.stats["rx"] == len(ports)


@pytest.mark.parametrize("kind", ["af_xdp native", "af_packet"])
@pytest.mark.parametrize("idle", ["sleep", "busy_poll"])
def test_an_interface_that_vanishes_ends_the_run(pair, kind, idle):
    make, settings = PORTS[kind]
    port = pair.port(make, **settings)
    remover = threading.Timer(0.3, pair.remove)
    remover.start()
    start = time.monotonic()
    with pytest.raises(OSError, match="interface is down or gone"):
        judged(SCENARIO, port=port, idle=idle)
    remover.join()
    assert time.monotonic() - start < 15


def test_what_cannot_be_is_said_in_one_line(pair):
    for make, settings, message in (
        (ReceivePort.af_packet, {"blocks": 1}, "blocks = 1: allowed is 2 to 4096"),
        (ReceivePort.af_xdp, {"ring_frames": 100}, "ring_frames = 100: allowed is a power of two"),
        (ReceivePort.af_xdp, {"attach": "soon"}, "attach = soon: allowed is auto, native, generic"),
        (ReceivePort.af_xdp, {"copying": "no"}, "copying = no: allowed is auto, copy, zero_copy"),
    ):
        with pytest.raises(ScenarioError, match=message):
            pair.port(make, **settings)
    with pytest.raises(OSError, match=r"zero-copy is refused: Operation not supported.*ask for copy"):
        pair.port(ReceivePort.af_xdp, copying="zero_copy")
    with pair.port(ReceivePort.af_xdp), pytest.raises(OSError, match="another program is attached"):
        pair.port(ReceivePort.af_xdp)
    for make in (ReceivePort.af_packet, ReceivePort.af_xdp):
        with pytest.raises(OSError, match="no such interface here"):
            make("rxb-none0")
        with pytest.raises(ScenarioError, match="interface"):
            make("a name that is far too long")
    port = pair.port(ReceivePort.af_packet)
    with pytest.raises(ScenarioError, match="prepared_frames = 64"):
        judged(SCENARIO, port=port, prepared_frames=64)
    with pytest.raises(ValueError, match="was used by a run: open another"):
        judged(SCENARIO, port=port)


CHILD = """
import sys, time
sys.path.insert(0, {root!r})
from engine._core import ReceivePort
port = ReceivePort.{kind}("rxb-fol0")
print("open", flush=True)
time.sleep(60)
"""


@pytest.mark.needs("bpftool")
def test_nothing_stays_after_a_kill():
    links = subprocess.run(["ip", "link", "add", "rxb-fol0", "type", "veth", "peer", "rxb-fol1"], check=False)
    assert links.returncode == 0
    try:
        subprocess.run(["ip", "link", "set", "rxb-fol0", "up"], check=True)
        for kind in ("af_xdp", "af_packet"):
            child = subprocess.Popen(
                [sys.executable, "-c", CHILD.format(root=str(ROOT), kind=kind)],
                stdout=subprocess.PIPE,
                text=True,
            )
            try:
                assert child.stdout.readline() == "open\n"
                programs, maps = held(child.pid)
                assert shown("xdp") == (kind == "af_xdp")
                assert shown("promiscuity 1 ") == (kind == "af_packet")
                assert maps <= alive("map")
            finally:
                os.kill(child.pid, signal.SIGKILL)
                child.wait(10)
                child.stdout.close()
            await_gone(programs, maps)
            deadline = time.monotonic() + 10
            while shown("xdp") or not shown("promiscuity 0 "):
                assert time.monotonic() < deadline, "the program or the promiscuity stays"
                time.sleep(0.05)
    finally:
        subprocess.run(["ip", "link", "del", "rxb-fol0"], check=True)


def shown(word):
    told = subprocess.run(
        ["ip", "-d", "link", "show", "rxb-fol0"], check=True, capture_output=True, text=True
    )
    return word in told.stdout
