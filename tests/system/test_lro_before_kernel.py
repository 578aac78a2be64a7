"""LRO before the real kernel: a merged frame enters it as one, of as many segments as it was merged from."""

from pathlib import Path

import pytest

from collectors.linux_run import run_linux
from engine import Scenario
from engine.config import Capture, Traffic
from engine.config.offered import FramesPerSecond
from engine.config.traffic import Paced

pytestmark = pytest.mark.needs("tap", "namespaces")

CAPTURE = Path(__file__).parents[2] / "datasets/captures/first_light/first_light.pcap"
IN_TURN = Paced(offered=FramesPerSecond(20_000))


def run(*settings):
    traffic = Traffic(streams=(Capture(file=str(CAPTURE), timing=IN_TURN),))
    asked = Scenario().with_("nic.queues=2", *settings, duration_ns=2_000_000_000, traffic=traffic)
    return run_linux(asked, napi="off")


def received(done, protocol, counter):
    table = done.kernel.table("protocols")
    return int(table[(table["protocol"] == protocol) & (table["counter"] == counter)]["count"].sum())


def test_what_was_merged_is_one_packet_of_several_segments_to_the_kernel():
    plain, merged = run(), run("nic.lro.enabled=true", "nic.lro.timer_us=5000")
    stats = merged.stats
    assert (stats["rx"], stats["dropped"], stats["pending"]) == (plain.stats["rx"], {}, 0)
    assert stats["consumed"] > stats["rx"] / 10
    assert stats["delivered"] + stats["consumed"] == plain.stats["delivered"]
    counters = merged.table("counters").groupby("name")["value"].sum()
    assert counters["rx_hw_gro_wire_packets"] - counters["rx_hw_gro_packets"] == stats["consumed"]
    # None is malformed to it: what it refuses, it refuses for the same reason in both.
    for counter in ("InHdrErrors", "InTruncatedPkts"):
        assert received(merged, "Ip", counter) == received(plain, "Ip", counter)
    assert received(merged, "Tcp", "InCsumErrors") == received(plain, "Tcp", "InCsumErrors")
