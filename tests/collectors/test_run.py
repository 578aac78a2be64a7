"""A run: laws, determinism, tables, traces, reprs."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from collectors.base import Collector
from collectors.columns import TABLES
from collectors.datapath import BASIC, Datapath
from collectors.datapath.frame import check, frame
from collectors.metrics import METRICS
from collectors.run import run
from engine import Scenario

LIGHT = Scenario(name="light", duration_ns=300_000, drain_ns=5_000_000).with_(
    **{"traffic.streams.0.generated.offered": {"line_share": 0.1}}
)
HEAVY = Scenario(name="heavy", duration_ns=1_000_000).with_("nic.queues=2")


@pytest.fixture(scope="module")
def light():
    return run(LIGHT, progress=False)


@pytest.fixture(scope="module")
def heavy():
    return run(HEAVY, progress=False)


@pytest.mark.parametrize("name", BASIC)
def test_every_table_is_as_declared(light, heavy, name):
    for each in (light, heavy):
        check(TABLES[name], each.table(name))


def test_what_was_asked_for_is_there():
    everything = run(
        LIGHT.with_(**{"observe.verdicts": True, "observe.frames": True, "observe.trace_frames": [0, 5]}),
        progress=False,
    )
    assert set(everything.tables) == set(TABLES) - {"op_times", "rounds", "tcp"}, (
        "real time's, and of senders"
    )
    for name in everything.tables:
        check(TABLES[name], everything.table(name))
    assert len(everything.table("verdicts")) == everything.stats["rx"]
    assert len(everything.table("delivered")) == everything.stats["delivered"]


def test_what_was_not_asked_for_is_named(light):
    with pytest.raises(KeyError, match="this run has cpu"):
        light.table("verdicts")


def test_light_traffic_is_all_delivered_and_read(light):
    assert light.stats["delivered"] == light.stats["rx"] > 400
    assert light.summary["loss_ratio"] == 0
    assert light.summary["read_pps"] == light.summary["delivered_pps"]
    assert light.summary["delivered_pps"] == pytest.approx(1_488_095, rel=0.01)
    # 60 bytes of each frame reach the host: the FCS stays with the card.
    assert light.summary["delivered_bps"] == pytest.approx(light.summary["delivered_pps"] * 480)


def test_two_queues_do_not_carry_line_rate(heavy):
    assert heavy.summary["loss_ratio"] > 0.1
    assert heavy.drops["frames"].sum() == sum(heavy.stats["dropped"].values())


def test_the_ledger_is_the_cpus_busy_time(heavy):
    busy = heavy.cpu[heavy.cpu["context"] != "idle"].groupby("cpu")["ns"].sum()
    ledger = heavy.ledger.groupby("cpu")["ns"].sum().reindex(busy.index, fill_value=0.0)
    np.testing.assert_allclose(ledger, busy, rtol=0, atol=1e-3)
    np.testing.assert_allclose(
        heavy.ledger["ns"], heavy.ledger["op_ns"] + heavy.ledger["cache_ns"], atol=1e-6
    )


def test_contexts_add_up_to_elapsed_time(heavy):
    # What a CPU has begun when the run ends is charged whole: it may be busy for a little longer than there
    # was time.
    per_cpu = heavy.cpu.groupby("cpu")["ns"].sum()
    assert per_cpu.min() >= 1_000_000 - 1e-3
    assert per_cpu.max() <= 1_000_000 * 1.005
    np.testing.assert_allclose(heavy.cpu["share"], heavy.cpu["ns"] / 1_000_000)


def test_the_timeline_adds_up_to_the_cpu_table(heavy):
    whole = heavy.cpu[heavy.cpu["context"] != "idle"].groupby(["cpu", "context"], observed=True)["ns"].sum()
    binned = heavy.timeline.groupby(["cpu", "context"], observed=True)["ns"].sum()
    assert binned.sum() == pytest.approx(whole.sum())


def test_latency_counts_what_was_read(light):
    total = light.latency[light.latency["part"] == "total"]["frames"].sum()
    assert total == light.stats["delivered"]
    p50, p99 = light.percentile([50, 99])
    assert 0 < p50 <= p99


def test_cache_misses_never_exceed_accesses(heavy):
    assert (heavy.cache["misses"] <= heavy.cache["accesses"]).all()
    assert set(heavy.cache["level"]) == {"l1d", "l2", "llc"}


def test_equal_runs_are_equal_to_the_byte():
    a, b = run(HEAVY, progress=False), run(HEAVY, progress=False)
    assert a.stats == b.stats
    for name in BASIC:
        pd.testing.assert_frame_equal(a.table(name), b.table(name), check_exact=True)


def test_another_seed_is_another_run(heavy):
    other = run(HEAVY, seed=2, progress=False)
    assert other.scenario.seed == 2
    assert not other.flows["source_address"].equals(heavy.flows["source_address"])


def test_a_trace_follows_one_frame_from_wire_to_app(light):
    trace = light.trace(100)
    assert trace["point"].tolist() == ["wire", "ring", "napi", "ip", "socket", "verdict", "app"]
    assert set(trace["frame"]) == {100}
    assert trace["time_ns"].is_monotonic_increasing
    with pytest.raises(IndexError, match="this run has frames 0 to"):
        light.trace(light.stats["rx"])


def test_a_dropped_frame_s_trace_ends_with_its_verdict():
    watched = run(HEAVY.with_("observe.verdicts=true"), progress=False)
    verdicts = watched.table("verdicts")
    lost = int(verdicts.loc[verdicts["reason"] == "rx_missed", "frame"].iloc[0])
    trace = watched.trace(lost)
    assert trace["detail"].iloc[-1] == "dropped:rx_missed"


def test_the_engine_is_a_collector(light):
    collector = Datapath(light.result)
    assert isinstance(collector, Collector)
    collector.start()
    collector.stop()
    tables = collector.collect()
    assert set(tables) == set(BASIC) == set(collector.sources)
    assert collector.clock == "virtual"


def test_every_metric_is_there_and_every_one_is_explained(light):
    assert list(light.summary.index) == list(METRICS)
    assert light.summary.notna().all()
    assert all(metric.meaning and metric.unit for metric in METRICS.values())


def test_reprs_say_clock_and_escape_names():
    shown = run(LIGHT.with_(name="<script>"), progress=False)._repr_html_()
    assert "clock virtual" in shown
    assert "open loop" in shown
    assert "<script>" not in shown
    assert "<svg" in shown
    assert "clock virtual" in repr(run(LIGHT, progress=False))


def test_provenance_says_what_was_run(light):
    assert light.provenance["scenario_key"] == light.scenario.key()
    assert light.provenance["seed"] == 1
    assert light.provenance["build"]["version"]


def test_tables_are_handed_over_without_a_copy(light):
    table = light.result.table("flows")
    first, second = pa.record_batch(table), pa.record_batch(table)
    data = frame("flows", table)
    for i, column in enumerate(TABLES["flows"].columns):
        if column.dtype in ("int64", "uint64", "float64"):
            address = first.column(i).buffers()[1].address
            assert address == second.column(i).buffers()[1].address
            assert address == data[column.name].to_numpy().__array_interface__["data"][0]
