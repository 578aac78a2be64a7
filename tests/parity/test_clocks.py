"""The same scenario in virtual and in real time: same verdicts, same flows, tables of the same form."""

from pathlib import Path

import pytest

from collectors.columns import TABLES
from collectors.datapath.frame import check
from collectors.live_run import LIVE_TABLES, RealTime, run_live
from collectors.metrics import METRICS, OF_CACHE, source
from collectors.run import run
from engine import Scenario, ScenarioError

CAPTURES = Path(__file__).resolve().parents[2] / "datasets" / "captures"
VARIETY = {"capture": {"file": str(CAPTURES / "variety" / "variety.pcapng")}}
ROOMY = Scenario().with_(
    **{
        "duration_ns": 10_000_000,
        "drain_ns": 1_000_000_000,
        "observe.verdicts": True,
        "nic.queues": 2,
        "host.cpus": 1,
        "traffic.streams.0.generated.offered": {"frames_per_second": 200_000},
    }
)
SCENARIOS = {
    "udp": {"traffic.streams.0.generated.flows.count": 40},
    "tcp": {"traffic.streams.0.generated.flows": {"count": 40, "tcp_share": 1.0}},
    "mixed": {"traffic.streams.0.generated.flows": {"count": 90, "tcp_share": 0.4, "ipv6_share": 0.5}},
    "two CPUs": {"host.cpus": 2, "traffic.streams.0.generated.flows.count": 40},
    "XDP": {
        "host.xdp.rules": [
            {"protocol": "tcp", "source_port": 1, "action": "pass"},
            {"protocol": "tcp", "destination": "0.0.0.0/1"},
            {"protocol": "tcp", "action": "redirect"},
        ],
        "traffic.streams.0.generated.flows": {"count": 40, "tcp_share": 0.5},
        "host.page_pool.enabled": True,
    },
    "capture on one queue": {"traffic.streams.0": VARIETY, "nic.queues": 1},
    "capture on two queues": {"traffic.streams.0": VARIETY, "host.tcp.gap": "ignore"},
}
"""Where one TCP flow has frames on two queues, which comes first is chance: sequence is then not judged."""


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("idle", ["busy_poll", "sleep"])
def test_verdicts_and_sums_do_not_depend_on_the_clock(name, idle):
    scenario = ROOMY.with_(**SCENARIOS[name])
    real = run_live(scenario, pacing="lossless", idle=idle, oversubscribe=True)
    virtual = run(scenario, progress=False)
    assert real.stats == virtual.stats
    for table, columns in {
        "verdicts": ["frame", "verdict", "reason"],
        "queues": ["queue", "rx_frames", "rx_bytes", "delivered", "dropped", "pending", "consumed"],
        "drops": ["queue", "layer", "reason", "frames"],
    }.items():
        ours, theirs = (r.table(table)[columns].astype("str") for r in (real, virtual))
        assert ours.equals(theirs), table


def test_every_table_has_its_declared_form_and_says_whose_time_it_is():
    scenario = ROOMY.with_(**{"observe.frames": True, "observe.trace_frames": [3]})
    real = run_live(scenario, oversubscribe=True)
    assert real.tables == (*LIVE_TABLES, "verdicts", "delivered", "handed", "trace")
    for name in real.tables:
        table = real.table(name)
        check(TABLES[name], table)
        assert table["clock"].eq("real").all()
        assert table["source"].eq("engine").all()
    missing = real.summary.index[real.summary.isna()]
    assert (
        set(missing) == {name for name in METRICS if source(name, "real") == "unavailable"} == set(OF_CACHE)
    )
    with pytest.raises(KeyError, match="cache"):
        real.table("cache")


def test_paced_frames_come_at_their_times():
    real = run_live(ROOMY, oversubscribe=True)
    last_offered_ns = (real.stats["rx"] - 1) * 5_000
    assert real.elapsed_ns >= last_offered_ns


@pytest.mark.parametrize(
    ("settings", "arguments", "key"),
    [
        ({"host.cpus": 2, "host.rps.cpus": [1]}, {}, "host.rps.cpus"),
        ({"host.apps.pinned": False}, {}, "host.apps.pinned"),
        ({"host.cpus": 128, "nic.queues": 128}, {"oversubscribe": False}, "host.cpus that take interrupts"),
        ({}, {"prepared_frames": 32}, "prepared_frames"),
        ({}, {"pacing": "slow"}, "pacing"),
        ({}, {"idle": "nap"}, "idle"),
    ],
)
def test_what_real_time_cannot_do_is_refused_by_name(settings, arguments, key):
    with pytest.raises(ScenarioError) as refused:
        run_live(ROOMY.with_(**settings), **{"oversubscribe": True} | arguments)
    assert refused.value.key == key


def test_a_run_is_run_once_and_looked_at_afterwards():
    from engine import _core

    engine = _core.LiveEngine(ROOMY.resolved(), {}, pacing="lossless", oversubscribe=True)
    with pytest.raises(RuntimeError, match="not run yet"):
        engine.stats()
    engine.run()
    assert engine.finished
    with pytest.raises(RuntimeError, match="run already"):
        engine.run()


def test_prepared_frames_are_offered_over_and_over():
    scenario = ROOMY.with_(
        **{"duration_ns": 60_000_000_000, "traffic.frames": 9_600, "observe.verdicts": False}
    )
    real = run_live(scenario, pacing="lossless", oversubscribe=True, prepared_frames=320)
    assert real.stats["rx"] == 9_600
    assert real.stats["delivered"] + sum(real.stats["dropped"].values()) == 9_600


@pytest.mark.parametrize("name", ["udp", "tcp", "two CPUs"])
def test_metered_operations_are_those_virtual_time_charges(name):
    # Twice the frames of a period of 64 rounds of at most 64, on each CPU.
    scenario = ROOMY.with_(
        **SCENARIOS[name],
        **{"duration_ns": 60_000_000_000, "traffic.frames": 40_000, "observe.verdicts": False},
    )
    real = run_live(scenario, pacing="lossless", oversubscribe=True, prepared_frames=320, meter_ops=True)
    times, rounds = real.table("op_times"), real.table("rounds")
    for table in ("op_times", "rounds"):
        check(TABLES[table], real.table(table))
    charged = run(scenario.with_(**{"traffic.frames": 2_000}), progress=False).ledger
    # Interrupts, and who sleeps, are a matter of time; what happens to each frame is not.
    of_frames = {"driver.descriptor", "skb.alloc", "ip.receive", "socket.lookup", "skb.free"}
    assert of_frames <= set(charged["op"])
    assert of_frames <= set(times["op"])
    assert set(times["op"]) <= set(charged["op"])
    for _, of_cpu in times.groupby("cpu"):
        units = of_cpu.set_index("op")["units"]
        assert units["driver.descriptor"] == units["ip.receive"] == of_cpu["frames"].iloc[0] > 0
    assert real.lost_ns >= 0
    assert (times["laps"] > 0).all()
    assert (times["lap_p10_ns"] <= times["lap_p90_ns"]).all()
    assert set(rounds["cpu"]) == {-1, *times["cpu"]}
    assert rounds.loc[rounds["cpu"] == -1, "rounds"].sum() == 40_000 / 32
    left_alone = rounds[rounds["cpu"] >= 0]
    assert (left_alone["frames"] * left_alone["rounds"]).sum() + times.groupby("cpu")[
        "frames"
    ].first().sum() < 40_000
    assert (rounds["p50_ns"] <= rounds["p90_ns"]).all()


@pytest.mark.parametrize("clock", ["virtual", RealTime(oversubscribe=True)], ids=["virtual", "real"])
def test_the_same_lines_work_on_either_clock(clock):
    done = run(ROOMY, clock=clock, progress=False)
    assert done.queues["rx_frames"].sum() == done.stats["rx"] == 2_000
    assert done.cpu["ns"].sum() > 0
    assert done.summary.index.tolist() == list(METRICS)
    assert (done.percentile([50, 99]) > 0).all()
    assert f"clock {done.clock}" in repr(done)
    assert f"clock {done.clock}" in done._repr_html_()
    assert done.provenance["seed"] == ROOMY.seed


def test_no_other_clock_is_taken():
    with pytest.raises(ValueError, match="clock = lunar: must be virtual or real"):
        run(ROOMY, clock="lunar")


def test_rates_are_over_the_time_the_frames_came_in():
    paced, lossless = (
        run(ROOMY, clock=RealTime(pacing, oversubscribe=True)) for pacing in ("paced", "lossless")
    )
    assert paced.rated_ns == ROOMY.duration_ns
    assert lossless.rated_ns == lossless.elapsed_ns
    assert lossless.summary["delivered_pps"] == pytest.approx(2_000 / (lossless.elapsed_ns * 1e-9))


@pytest.mark.parametrize("idle", ["busy_poll", "sleep"])
@pytest.mark.parametrize(
    ("frame_bytes", "flows"),
    [(64, {"count": 40}), (4000, {"count": 40}), (4000, {"count": 3, "tcp_share": 1.0})],
)
def test_lossless_waits_for_buffers_that_sockets_hold(frame_bytes, flows, idle):
    scenario = ROOMY.with_(
        **{
            "duration_ns": 10_000_000_000,
            "traffic.frames": 10_000,
            "traffic.streams.0.generated.sizes": {"fixed": {"bytes": frame_bytes}},
            "traffic.streams.0.generated.flows": flows,
            "nic.queues": 1,
            "nic.ring_size": 64,
            "nic.buffers_per_queue": 64,
        }
    )
    real = run_live(scenario, pacing="lossless", idle=idle, oversubscribe=True)
    assert (real.stats["delivered"], real.stats["dropped"]) == (10_000, {})
