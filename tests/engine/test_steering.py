"""The card's flow table from Python, and explicit rules in a scenario."""

import errno
import struct

import pyarrow as pa
import pytest

from collectors.datapath.counters import total
from collectors.run import run
from engine import Scenario, _core

FLOW = ("10.0.0.1", 1000, "10.0.0.2", 80, "udp")
SIX = ("2001:db8::1", 1000, "2001:db8::2", 80, "tcp")


def frame(source_port, protocol=17):
    udp = struct.pack(">HHHH", source_port, 80, 8, 0)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, protocol, 0)
    return bytes(12) + b"\x08\x00" + ip + bytes([10, 0, 0, 1, 10, 0, 0, 2]) + udp + bytes(18)


def test_a_flow_goes_where_its_rule_says_and_others_by_hash():
    table = _core.SteeringTable(8)
    frames = [frame(port) for port in range(1000, 1032)]
    by_hash = table.queue_of(frames)
    assert len(set(by_hash)) > 1
    there = (by_hash[0] + 1) % 8
    rule = table.insert(FLOW, there)
    assert table.queue_of(frames) == [there, *by_hash[1:]]
    table.move(rule, (there + 1) % 8)
    assert table.queue_of(frames[:1]) == [(there + 1) % 8]
    assert table.counters()["steer_hit"] == 2
    assert len(table) == 1
    table.remove(rule)
    assert table.queue_of(frames) == by_hash
    assert table.insert(SIX, 1) != rule


def test_refusals_are_oserrors_with_the_number_of_linux():
    table = _core.SteeringTable(2, capacity_rules=1, admission="first_come")
    rule = table.insert(FLOW, 0)
    for call, number in [
        (lambda: table.insert(SIX, 0), errno.ENOSPC),
        (lambda: table.insert(FLOW, 2), errno.EINVAL),
        (lambda: table.insert(FLOW, 0, 16), errno.EINVAL),
        (lambda: table.move(rule + 1, 0), errno.ENOENT),
        (lambda: table.remove(rule + 1), errno.ENOENT),
    ]:
        with pytest.raises(OSError, match=errno.errorcode[number]) as raised:
            call()
        assert raised.value.errno == number
    assert len(table) == 1


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        (("10.0.0", 1, "10.0.0.2", 2, "udp"), "10.0.0"),
        (("10.0.0.1", 1, "::1", 2, "udp"), "one family"),
        (("10.0.0.1", 1, "10.0.0.2", 2, "icmp"), "icmp"),
    ],
)
def test_what_is_no_flow_is_named(flow, said):
    with pytest.raises(ValueError, match=said):
        _core.SteeringTable(2).insert(flow, 0)


def test_explicit_rules_choose_queues_and_drop():
    base = Scenario(duration_ns=300_000).with_(
        **{
            "nic.queues": 4,
            "traffic.streams.0.generated.flows.destination": {"port": 9, "ports": 3},
        }
    )
    rules = [{"destination_port": 9, "queue": 2}, {"protocol": "udp", "destination_port": 10, "queue": -1}]
    ran = run(base.with_(**{"steering.rules": rules}), progress=False)
    flows = ran.flows
    assert set(flows["destination_port"]) == {9, 11}
    assert set(flows.loc[flows["destination_port"] == 9, "queue"]) == {2}
    assert flows.loc[flows["destination_port"] == 11, "queue"].nunique() > 1
    assert ran.stats["dropped"]["rx_filter"] == total(ran.counters, "steering", "ntuple_drop") > 0
    assert total(ran.counters, "steering", "ntuple_hit") > 0


def test_of_rules_that_overlap_the_lowest_location_is_obeyed():
    rules = [
        {"location": 7, "destination_port": 8, "destination_port_mask": 0xFFFC, "queue": 1},
        {"location": 5, "destination_port": 10, "context": 4},
        {"location": 3, "destination_port": 9, "queue": 2},
    ]
    overlapping = Scenario(duration_ns=300_000, drain_ns=1_000_000).with_(
        **{
            "nic.queues": 4,
            "nic.rss.contexts": [{"id": 4, "table": [3] * 128}],
            "traffic.streams.0.generated.flows.destination": {"port": 9, "ports": 3},
            "traffic.streams.0.generated.offered": {"frames_per_second": 1_000_000},
            "steering.rules": rules,
        }
    )
    ran = run(overlapping, progress=False)
    queues = ran.flows.groupby("destination_port")["queue"].unique()
    assert {int(port): list(found) for port, found in queues.items()} == {9: [2], 10: [3], 11: [1]}
    assert total(ran.counters, "steering", "ntuple_hit") == ran.stats["rx"] == ran.stats["delivered"]


def test_a_context_has_the_frames_of_its_rules_in_both_clocks():
    led = Scenario(duration_ns=1_000_000).with_(
        **{
            "nic.queues": 4,
            "host.cpus": 2,
            "nic.rss.contexts": [{"id": 4, "table": [3] * 128, "key": "ab" * 40}],
            "steering.rules": [{"destination_port": 9, "context": 4}],
        }
    )
    real = _core.LiveEngine(led.resolved(), pacing="lossless", oversubscribe=True)
    real.run()
    virtual = _core.Engine(led.resolved(), lossless=True)
    virtual.advance(led.duration_ns)
    virtual.finish()
    for engine in (real, virtual):
        frames = pa.record_batch(engine.table("queues")).column("rx_frames").to_pylist()
        assert frames[:3] == [0, 0, 0]
        assert frames[3] > 0


def test_mode_none_uses_one_queue():
    ran = run(Scenario(duration_ns=100_000).with_("steering.mode=none"), progress=False)
    assert set(ran.queues.loc[ran.queues["rx_frames"] > 0, "queue"]) == {0}
