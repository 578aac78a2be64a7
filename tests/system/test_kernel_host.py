"""A scenario's NIC before the real kernel: what the NIC says it delivered, the kernel says it received."""

import json
import os
import threading

import pytest

from collectors.linux_run import run_linux
from engine import Scenario, ScenarioError, _core
from engine.linux import device
from engine.linux.host import KernelHost
from engine.linux.namespace import Namespace

pytestmark = pytest.mark.needs("tap", "namespaces")

ALLOWED = sorted(os.sched_getaffinity(0))


def scenario(*settings, **changes):
    base = Scenario().with_(
        "nic.queues=4",
        "host.cpus=1",
        "traffic.frames=3000",
        "traffic.streams=[{generated={offered={frames_per_second=20000}, flows={count=64}}}]",
        duration_ns=1_000_000_000,
    )
    return base.with_(*settings, **changes)


def counted(run, protocol, counter):
    table = run.kernel.table("protocols")
    chosen = table[(table["protocol"] == protocol) & (table["counter"] == counter)]
    return int(chosen["count"].sum())


@pytest.mark.parametrize("napi", ["off", "on", "threaded"])
def test_what_the_nic_delivered_the_kernel_received(napi):
    run = run_linux(scenario(f"host.cpus={ALLOWED[-1] + 1}", f"nic.irq_cpus=[{ALLOWED[-1]}]"), napi=napi)
    assert run.stats == {"rx": 3000, "delivered": 3000, "dropped": {}, "pending": 0, "consumed": 0}
    assert counted(run, "Udp", "InDatagrams") == 3000
    assert run.read_frames == 3000
    queues = run.table("queues")
    assert (queues["rx_frames"] > 0).all()
    if napi == "threaded":
        assert set(queues["cpu"]) == {ALLOWED[-1]}
    assert set(run.sources.values()) == {"engine"}
    assert run.summary["delivered_pps"] > 0
    assert run.percentile(50, "stack") > 0


def test_bytes_and_order_are_the_virtual_time_s():
    asked = scenario("observe.frames=true", "observe.verdicts=true", "nic.queues=1", "traffic.frames=300")
    with KernelHost(asked) as host:
        outcome = host.run(pacing="lossless")
    virtual = _core.Engine(asked.resolved(), {})
    virtual.finish()

    def frames(capture):
        found, at = [], 24
        while at < len(capture):
            size = int.from_bytes(capture[at + 8 : at + 12], "little")
            found.append(capture[at + 16 : at + 16 + size])
            at += 16 + size
        return found

    assert frames(outcome.output_capture()) == frames(virtual.output_capture())


def test_a_nic_faster_than_its_kernel_drops_at_its_ring():
    asked = scenario(
        "traffic.frames=60000",
        "nic.ring_size=64",
        "traffic.streams=[{generated={offered={frames_per_second=8000000}}}]",
    )
    run = run_linux(asked, watch=None)
    assert run.stats["rx"] == 60_000
    assert set(run.stats["dropped"]) == {"rx_missed"}
    assert run.stats["delivered"] + run.stats["dropped"]["rx_missed"] == 60_000


def test_a_kernel_behind_by_its_send_buffer_is_a_drop():
    asked = scenario("traffic.frames=20000", "nic.queues=1")
    with KernelHost(asked, napi="threaded", send_buffer_bytes=65_536) as host:
        outcome = host.run(pacing="paced")
        stats = json.loads(outcome.stats())
        assert stats["rx"] == stats["delivered"] + sum(stats["dropped"].values())
        assert set(stats["dropped"]) <= {"rx_missed"}
        assert host.read_frames() == stats["delivered"]


def test_an_interface_that_vanishes_mid_run_is_one_line():
    asked = scenario("traffic.frames=1000000", duration_ns=20_000_000_000)
    with KernelHost(asked) as host:
        removal = threading.Timer(0.3, lambda: host.namespace.run(["ip", "link", "delete", host.tap.name]))
        removal.start()
        with pytest.raises(OSError, match=r"rxb0.*") as told:
            host.run()
        removal.join()
    assert "vanished; the kernel had taken" in str(told.value)
    assert "\n" not in str(told.value)


def test_what_this_ground_cannot_honour_is_refused_before():
    with pytest.raises(ScenarioError, match=r"host\.rps\.cpus"):
        run_linux(scenario("host.rps.cpus=[0]"), watch=None)
    with pytest.raises(ScenarioError, match=r"nic\.irq_cpus = 127"):
        run_linux(scenario("nic.irq_cpus=[127]", "host.cpus=128"), napi="threaded")
    refusal = pytest.raises(ScenarioError, match=r"nic\.queues = 4: allowed is 1, the queues of rxb0")
    with Namespace("kernel") as kernel, kernel.call(lambda: _core.Tap("rxb0")) as tap, refusal:
        _core.run_linux(scenario().resolved(), tap, {})
    with pytest.raises(ScenarioError, match="nic_cpu = 4096"):
        run_linux(scenario(), nic_cpu=4096, watch=None)


@pytest.mark.parametrize("napi", ["off", "on", "frags"])
def test_a_stream_of_merged_frames_arrives_byte_by_byte(napi):
    with Namespace("kernel") as kernel, kernel.call(lambda: _core.Tap("rxb0", 2, napi=napi)) as tap:
        neighbours = [("10.98.0.2", "02:00:00:00:00:02")]
        device.set_up(
            kernel, "rxb0", mac="02:00:00:00:00:01", addresses=["10.98.0.1/24"], neighbours=neighbours
        )
        ends = {
            "sender": "10.98.0.2:20000",
            "receiver": "10.98.0.1:5001",
            "sender_mac": "02:00:00:00:00:02",
            "receiver_mac": "02:00:00:00:00:01",
        }
        with pytest.raises(ConnectionError, match="nobody listens"):
            _core.stream_tcp(tap, 1, bytes=1, **ends)
        sink = kernel.call(lambda: _core.Sink("tcp", "10.98.0.1", 5001))
        sent = _core.stream_tcp(tap, 1, bytes=40_000_001, seconds=15, **ends)
        assert sent["bytes"] == 40_000_001
        assert sent["frames"] >= 40_000_001 // (41 * 1448)
        while sink.bytes < 40_000_001:
            pass
        assert (sink.bytes, sink.wrong_reads) == (40_000_001, 0)
        sink.close()
