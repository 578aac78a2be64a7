"""Requests and answers in a closed loop: one at a time on a connection, each answered before the next."""

import json

import pytest

from collectors.datapath import Datapath
from engine.errors import ScenarioError
from engine.run import execute
from engine.scenario import Scenario

RTT_NS = 100_000


def scenario(requests=None, /, flows=1, **more):
    asked = {"flows": flows, "rtt_ns": RTT_NS, "requests": requests or {}}
    return Scenario().with_(
        **{
            "duration_ns": 20_000_000,
            "drain_ns": 5_000_000,
            "traffic.streams": [{"tcp": asked}],
            "nic.queues": 1,
            "host.cpus": 2,
            "host.tcp.gap": "wait",
            "host.tcp.ack.policy": "linux",
            "host.apps.answer_bytes": 100,
            **more,
        }
    )


def counter(done, name):
    counters = Datapath(done).table("counters")
    return int(counters.loc[counters["name"] == name, "value"].sum())


def answers(done):
    return counter(done, "answers")


def interrupts(done):
    return counter(done, "interrupts")


def column(done, table, name):
    return Datapath(done).table(table)[name].tolist()


def test_a_connection_asks_again_when_it_was_answered():
    done = execute(scenario({"bytes": 30}))
    # Some microseconds in the host beside the round trip.
    assert 0.85 < answers(done) * RTT_NS / 20e6 < 1.0
    assert done.stats["delivered"] == answers(done)
    # Each answer is the acknowledgement as well; only the first request has its own (tcp_enter_quickack).
    assert column(done, "tcp", "acks_received") == [answers(done) + 1]
    assert column(done, "tcp", "acked_bytes") == [30 * answers(done)]


@pytest.mark.parametrize("gap_shape", [0.0, 0.15])
def test_with_a_rate_requests_come_by_it(gap_shape):
    done = execute(scenario({"bytes": 1, "per_second": 50_000, "gap_shape": gap_shape}, flows=200))
    assert answers(done) == pytest.approx(1_000, rel=0.1)


def test_a_lost_request_waits_for_the_timeout():
    given = scenario({"bytes": 1}, duration_ns=30_000_000)
    document = given.document()
    document["traffic"]["streams"][0]["tcp"] |= {"lose_frames": [10], "min_rto_ns": 5_000_000}
    lossy = execute(Scenario.from_json(json.dumps(document)))
    sound = execute(given)
    assert column(lossy, "tcp", "timeouts") == [1]
    # So long nothing was asked.
    per_ns = answers(sound) / sound.scenario.duration_ns
    assert answers(sound) - answers(lossy) == pytest.approx(5_000_000 * per_ns, abs=2)


def test_frames_sent_share_their_queues_vector():
    quiet = {"nic.coalesce.rx_usecs": 1_000, "nic.coalesce.rx_max_coalesced_frames": 0}
    without = execute(scenario({"per_second": 50_000}, flows=200, **quiet))
    soon = {"nic.coalesce.tx_usecs": 10, "host.apps.cpus": [0]}
    beside = execute(scenario({"per_second": 50_000}, flows=200, **quiet, **soon))
    # A poll for what was sent takes what has come as well.
    assert interrupts(beside) > 3 * interrupts(without)
    assert "driver.transmit_done" in column(beside, "ledger", "op")


def test_adaptive_moderation_raises_fewer_interrupts_for_a_steady_flood():
    stream = "traffic.streams.0.generated"
    flood = Scenario().with_(
        **{"duration_ns": 30_000_000, f"{stream}.offered": {"frames_per_second": 800_000}, "nic.queues": 1}
    )
    fixed = execute(flood.with_(**{"nic.coalesce.rx_usecs": 8}))
    adaptive = execute(flood.with_(**{"nic.coalesce.adaptive_rx": True}))
    assert interrupts(adaptive) < 0.5 * interrupts(fixed)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"host.apps.answer_bytes": 0}, "host.apps.answer_bytes"),
        ({"host.apps.answer_bytes": 1_449}, "host.apps.answer_bytes"),
        ({"host.tcp.gap": "ignore"}, "host.tcp.gap"),
        ({"nic.coalesce.tx_usecs": 1_000_001}, "nic.coalesce.tx_usecs"),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(more, key):
    with pytest.raises(ScenarioError, match=key):
        scenario({}, **more)


@pytest.mark.parametrize("requests", [{"bytes": 0}, {"gap_shape": 0.5}, {"bytes": 2_000}])
def test_requests_that_cannot_be_are_refused(requests):
    with pytest.raises(ScenarioError, match=r"requests\."):
        execute(scenario(requests))
