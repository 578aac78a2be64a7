"""What steering brings, in virtual time: directions and orders that were published, never times."""

import random

import pytest

from collectors.datapath.counters import total
from collectors.datapath.flows import per_queue
from collectors.run import run
from engine import Scenario

FLOWS = "traffic.streams.0.generated.flows.count"
OFFERED = "traffic.streams.0.generated.offered"
BUSY = Scenario(duration_ns=5_000_000, drain_ns=50_000_000).with_(
    **{
        "nic.queues": 8,
        "host.cpus": 8,
        FLOWS: 512,
        "traffic.streams.0.generated.sizes": {"fixed": {"bytes": 128}},
        "traffic.streams.0.generated.arrivals": "poisson",
    }
)


def most_read(mode):
    """Messages read per second where the load suits the mode best."""
    loads = (1_000_000, 3_000_000, 4_000_000)
    # Not drained: what is read after the load has ended is not what it can do.
    hurried = BUSY.with_(**{"steering.mode": mode, "drain_ns": 0})
    each = (hurried.with_(**{OFFERED: {"frames_per_second": load}}) for load in loads)
    return max(run(scenario, progress=False).summary["read_pps"] for scenario in each)


def test_none_is_less_than_rps_less_than_rfs_less_than_the_callback():
    none, rps, rfs, callback = (most_read(mode) for mode in ("none", "rps", "rfs", "callback"))
    assert none < rps < rfs < callback
    # 104, 290 and 303 thousand transactions a second of one card with one queue (Linux 2.6.35).
    assert 2 < rps / none < 4
    assert 1 < rfs / rps < 1.3


@pytest.mark.parametrize("frame_bytes", [128, 1518])
def test_arfs_costs_less_than_rss_and_fetches_few_lines_from_other_cpus(frame_bytes):
    loaded = BUSY.with_(
        **{
            OFFERED: {"frames_per_second": 700_000},
            "traffic.streams.0.generated.sizes": {"fixed": {"bytes": frame_bytes}},
            "duration_ns": 20_000_000,
            FLOWS: 64,
        }
    )
    rss, arfs, callback = (
        run(loaded.with_(**{"steering.mode": mode}), progress=False).summary
        for mode in ("rss", "arfs", "callback")
    )
    assert callback["cpu_ns_per_frame"] < arfs["cpu_ns_per_frame"] < rss["cpu_ns_per_frame"]
    assert callback["remote_lines_per_frame"] < 0.1 * rss["remote_lines_per_frame"]
    assert arfs["remote_lines_per_frame"] < 0.2 * rss["remote_lines_per_frame"]


def test_important_flows_keep_their_rules_until_there_are_fewer_places_than_they():
    def stream(flows, rate, port):
        popularity = {"zipf": {"exponent": 1.0}}
        return {
            "generated": {
                "offered": {"frames_per_second": rate},
                "flows": {"count": flows, "popularity": popularity, "destination": {"port": port}},
            }
        }

    base = Scenario(duration_ns=20_000_000).with_(
        **{
            "nic.queues": 8,
            "steering.mode": "callback",
            "host.sockets.priorities": [{"destination_port": 10, "priority": 6}],
            "traffic.streams": [stream(450, 450_000, 9), stream(50, 50_000, 10)],
        }
    )

    def hit_rate(capacity, admission="priority"):
        table = {"steering.table.capacity_rules": capacity, "steering.table.admission": admission}
        return run(base.with_(**table), progress=False).summary["priority_steered_ratio"]

    whole = hit_rate(500)
    assert [hit_rate(capacity) / whole for capacity in (50, 100, 250)] == pytest.approx([1, 1, 1], abs=0.005)
    assert hit_rate(25) < 0.9 * whole
    # Without priority what comes first stays, and the important ones share what is left.
    first_come = [hit_rate(capacity, "first_come") / whole for capacity in (50, 100, 250)]
    assert first_come == sorted(first_come)
    assert first_come[-1] < 0.95


def test_random_keys_spread_flows_over_sixteen_queues():
    keys = random.Random(1)
    many = Scenario(duration_ns=10_000_000).with_(
        **{
            "nic.queues": 16,
            OFFERED: {"line_share": 1.0},
            FLOWS: 8192,
            "traffic.streams.0.generated.flows.popularity": "in_turn",
            "traffic.frames": 8192,
        }
    )
    for _ in range(8):
        flows = run(many.with_(**{"nic.rss.key": keys.randbytes(40).hex()}), progress=False).flows
        load = per_queue(flows, 16)
        assert load.max() / load.mean() <= 1.2


def test_rules_of_flows_that_vanished_expire():
    few = BUSY.with_(
        **{
            "steering.mode": "callback",
            "steering.table.idle_ns": 500_000,
            "steering.scan.interval_ns": 10_000,
            "traffic.streams.0.generated.flows.popularity": {"zipf": {"exponent": 1.5}},
            OFFERED: {"frames_per_second": 1_000_000},
        }
    )
    done = run(few, progress=False)
    assert total(done.counters, "steering", "steer_expire") > 100
    assert total(done.counters, "steering", "steer_occupancy") < len(done.flows)
    assert done.flows["reordered"].sum() == total(done.counters, "sock_steering", "steer_ooo_seen") == 0


def test_a_full_table_is_counted_and_its_flows_go_by_their_hash():
    tight = {"capacity_rules": 64, "admission": "first_come", "insertions_per_second": 0}
    done = run(
        BUSY.with_(
            **{
                "steering.mode": "callback",
                "steering.table": tight,
                OFFERED: {"frames_per_second": 1_000_000},
            }
        ),
        progress=False,
    )
    assert total(done.counters, "steering", "steer_nospace") > 0
    assert total(done.counters, "steering", "steer_occupancy") == 64
    assert (done.flows["steered_queue"] >= 0).sum() == 64
    assert done.stats["rx"] == done.stats["delivered"]


def test_a_cpu_unplugged_while_steering_to_it_loses_and_doubles_nothing():
    at = [{"at_ns": 2_000_000, "cpu": 5}]
    for mode in ("rps", "rfs", "arfs", "callback"):
        done = run(
            BUSY.with_(
                **{"steering.mode": mode, "host.unplug": at, OFFERED: {"frames_per_second": 1_000_000}}
            ),
            progress=False,
        )
        assert done.stats["delivered"] == done.stats["rx"] == done.flows["delivered"].sum()
        assert (done.events["event"] == "cpu_unplugged").sum() == 1
        counted = done.counters[done.counters["name"].isin(["steer_offline", "announced_offline"])]
        if mode in ("rps", "rfs"):
            assert counted["value"].sum() > 0, mode
