"""Published tables beside virtual time: calibrated on the extremes, the shape between predicted."""

import tomllib

import pandas as pd
import pytest

from collectors.validate.anchors import (
    CHECKS,
    COLUMNS,
    FOLDER,
    arfs,
    compare,
    forwarding,
    missing,
    pages,
    zero_copy,
)
from engine.run import execute

TABLES = tomllib.loads((FOLDER / "manifest.toml").read_text())["files"]


@pytest.fixture(scope="module")
def table():
    return compare()


def of(table, anchor):
    return table[table["anchor"] == anchor].set_index("row")


def test_each_check_is_calibrated_on_the_extremes_and_predicts_others(table):
    assert list(table.columns) == [*COLUMNS, "residual"]
    assert set(table["anchor"]) == set(CHECKS)
    used = table.groupby("anchor")["used"]
    assert (used.sum() >= 2).all()
    assert ((used.count() - used.sum()) >= 1).all()


def test_throughput_per_core(table):
    rows = of(table[table["unit"] == "Gb/s per core"], "C1")
    assert rows.loc[rows["used"], "residual"].abs().max() < 1e-6
    gbps = rows["predicted"]
    assert gbps[["no-opts", "tsogro", "jumbo", "tsogro+jumbo"]].is_monotonic_increasing
    assert gbps[["no-opts", "tsogro+arfs", "jumbo+arfs", "all-opts"]].is_monotonic_increasing
    for one in ("tsogro", "jumbo"):
        assert gbps[f"{one}+arfs"] > gbps[one]
        assert abs(rows.loc[one, "residual"]) < 0.2
    # What is far off says why.
    assert (rows.loc[rows["residual"].abs() > 0.2, "remark"] != "").all()


def test_what_the_receivers_cpus_do(table):
    rows = of(table, "C2")
    for name in ("published", "predicted"):
        shares = rows[name]
        shares.index = pd.MultiIndex.from_tuples([tuple(row.split(" ")) for row in rows.index])
        shares = shares.unstack().loc[["no-opts", "tsogro", "tsogro+jumbo", "all-opts"]]
        assert shares.sum(axis=1).tolist() == pytest.approx([95.0] * 4, abs=0.3)
        assert shares["data_copy"].is_monotonic_increasing
        assert shares.idxmax(axis=1).tolist() == ["tcp_ip", "netdev", "data_copy", "data_copy"]
        assert shares["netdev"].idxmax() == "tsogro"
        assert shares["lock"].idxmax() == "no-opts"
    assert rows.loc[["tsogro data_copy", "tsogro netdev"], "residual"].abs().max() < 0.25


def test_what_arfs_brings_where_the_interrupt_was_on_another_node(table):
    rows = of(table[table["unit"] == "times"], "C1")
    assert rows["published"].tolist() == pytest.approx([1.89, 1.89], abs=0.005)
    for window in arfs.WINDOWS:
        predicted = rows.loc[f"aRFS over none, {window} window", "predicted"]
        assert 1.3 < predicted < 1.89
        # What crosses between CPUs of one node is about half of it at most.
        assert 1 < arfs.ratio(numa_nodes=1, window=window) < 1 + 0.55 * (predicted - 1)


def test_forwarding_by_core(table):
    rows = of(table, "C12")
    assert rows.loc[rows["used"], "residual"].abs().max() < 1e-3
    assert rows["residual"].abs().max() < 0.03
    cores = pd.Series(range(1, 7), index=rows.index)
    per_core = rows["predicted"] / cores
    assert per_core.is_monotonic_decreasing
    assert per_core.iloc[-1] / per_core.iloc[0] == pytest.approx(0.89, abs=0.01)


def test_one_core_forwards_about_what_was_published_before_anything_is_calibrated(table):
    done = execute(forwarding.scenario(1), lossless=True)
    published = of(table, "C12").loc["1 core", "published"]
    assert done.stats["delivered"] / done.elapsed_ns * 1e9 == pytest.approx(published, rel=0.15)


def test_a_flood_takes_the_victims_transactions_and_its_knee_is_where_it_was(table):
    rows = of(table, "C14")
    rows = rows[(rows["unit"] == "transactions/s") & ~rows.index.str.endswith("XDP")]
    assert rows.loc[rows["used"], "residual"].abs().max() < 0.02
    alone = rows.loc["0 Mpps", "predicted"]
    # A small flood costs nothing; then each more costs more.
    assert rows["predicted"].iloc[:5].tolist() == pytest.approx([alone] * 5, rel=0.01)
    assert rows["predicted"].iloc[4:].is_monotonic_decreasing
    # Up to 3 million frames a second most of it is left; at 3.5 what is lost waits.
    assert rows.loc["3 Mpps", "predicted"] > 0.8 * alone
    assert rows.loc["3.5 Mpps", "predicted"] < 0.03 * alone
    assert (rows.loc[rows["residual"].between(0.15, 1e9), "remark"] != "").all()


def test_dropped_in_xdp_a_flood_must_be_several_times_as_fast(table):
    rows = of(table, "C14")
    protected = rows[rows.index.str.endswith("XDP")]
    assert protected.loc[protected["used"], "residual"].abs().max() < 0.02
    protected = protected["predicted"]
    assert protected["20 Mpps, XDP"] > 0.9 * protected["0 Mpps, XDP"]
    assert protected["22 Mpps, XDP"] < 0.1 * protected["0 Mpps, XDP"]
    assert protected["23 Mpps, XDP"] < 0.01 * protected["0 Mpps, XDP"]
    times = rows.loc["most with XDP over without"]
    assert 4 < times["predicted"] < times["published"] < 7


def test_long_rings_fall_out_of_the_cache_with_many_queues(table):
    rows = of(table, "C13")
    assert rows["residual"].abs().max() < 0.25
    for column in ("published", "predicted"):
        short, middle, long = (rows.loc[f"6 queues, ring {ring}", column] for ring in (256, 512, 1024))
        alone = rows.loc["1 queues, ring 1024", column]
        # Six queues are five times one with short rings, less than four and a half with long ones.
        assert short > 5 * alone
        assert max(middle, long) < 0.75 * short
        # With four queues the middle one still goes.
        four = [rows.loc[f"4 queues, ring {ring}", column] for ring in (512, 1024)]
        assert four[0] > 1.25 * four[1]


def test_what_a_page_costs_by_the_way_it_goes_back(table):
    rows = of(table, "C16")
    assert rows.loc[~rows["used"], "residual"].abs().max() < 0.2
    for way in pages.WAYS:
        assert pages.beyond_the_cache_ns(way)[1] > 0.95, "the pages take the way that is meant"
    fast, ring, slow = (pages.beyond_the_cache_ns(way)[0] for way in pages.WAYS)
    assert fast < 0.2 * ring
    assert ring < 0.3 * slow


def test_zero_copy_is_a_cliff_at_the_page(table):
    rows = of(table, "C18")
    assert rows.loc["MSS 1428 copied", "predicted"] == 100.0
    assert rows.loc["MSS 4096 mapped", "predicted"] > 99.9
    assert rows.loc[rows["unit"] == "% of bytes", "residual"].abs().max() < 0.001
    just_below, just_above, double = (
        zero_copy.spent(zero_copy.Case(mss, True)) for mss in (4095, 4108, 8192)
    )
    assert just_below.mapped_percent == 0.0
    assert just_above.mapped_percent == pytest.approx(100.0 * 4096 / 4108, abs=0.1)
    assert double.mapped_percent == 100.0
    # Asked for in vain, mapping costs more than not asking; a tail behind each page costs more than it saves.
    in_vain, copied = (zero_copy.spent(zero_copy.Case(1428, maps)).us_per_mb for maps in (True, False))
    assert in_vain > copied
    assert just_above.us_per_mb > zero_copy.spent(zero_copy.Case(4108, False)).us_per_mb


def test_mapping_saves_what_was_published(table):
    rows = of(table, "C18")
    cost = rows[rows["unit"] == "µs/MB"]
    assert cost.loc[cost["used"], "residual"].abs().max() < 1e-6
    assert cost["residual"].abs().max() < 0.15
    for column in ("published", "predicted"):
        assert (
            cost.loc["loopback MTU 61512, mapped", column]
            < 0.6 * cost.loc["loopback MTU 61512, copied", column]
        )
        assert cost.loc["MSS 4096", column] < 0.4 * cost.loc["MSS 1428", column]
    times = rows[rows["unit"] == "times"]
    assert (times["predicted"] > 1).all()
    # What is far off says why.
    assert (rows.loc[rows["residual"].abs() > 0.2, "remark"] != "").all()


def test_memcached_by_who_polls(table):
    rows = of(table, "C15")
    assert rows["used"].sum() == 3
    assert rows.loc[rows["used"], "residual"].abs().max() < 0.03
    cpu, late, most = (rows[rows["unit"] == unit] for unit in ("% CPU", "µs", "requests/s"))
    assert cpu["residual"].abs().max() < 0.2
    assert most["residual"].abs().max() < 0.2
    # Where no timer decides: what is interrupted, what polls, what suspends interrupts.
    for rows_of, within in ((cpu, 0.08), (most, 0.05)):
        polled = rows_of[rows_of.index.str.startswith(("base", "fullbusy", "suspend"))]
        assert polled["residual"].abs().max() < within
    assert late.loc[["base 200K p99", "base 800K p99"], "residual"].abs().max() < 0.1
    # At a low load the order of modes by latency; what is far off says why.
    low = late[late.index.str.endswith("200K p99")]
    assert low[["published", "predicted"]].corr("spearman").iloc[0, 1] > 0.9
    assert low["residual"].abs().max() < 0.25
    for rows_of in (cpu, late, most):
        assert (rows_of.loc[rows_of["residual"].abs() > 0.1, "remark"] != "").all()
    for column in ("published", "predicted"):
        # A short deferral is early at a low load, a long one serves more: they cross.
        assert late.loc["defer20 200K p99", column] < late.loc["defer200 200K p99", column]
        assert most.loc["defer20 most", column] < most.loc["defer200 most", column]
        # Suspending does both, at a CPU's price that follows the load.
        assert late.loc["suspend20 200K p99", column] < late.loc["suspend200 200K p99", column]
        assert late.loc["suspend10 800K p99", column] < late.loc["defer10 800K p99", column]
        assert late.loc["suspend20 800K p99", column] < 1.01 * late.loc["defer20 800K p99", column]
        assert most.loc["suspend10 most", column] > 1.05 * most.loc["defer10 most", column]
        assert most.loc["suspend20 most", column] > 1.01 * most.loc["defer200 most", column]
        assert cpu.loc["suspend20 200K", column] < 0.5 * cpu.loc["fullbusy 200K", column]


def test_what_cannot_be_compared_is_named_with_its_reason():
    told = missing()
    named = {anchor for text in told["anchor"] for anchor in text.split(", ")}
    assert named | set(CHECKS) == {one["anchor"] for one in TABLES.values()}
    assert told["why"].str.len().min() > 20
