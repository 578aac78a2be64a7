"""Comparisons on the engine: order, pools, false alarms, a planted slowdown."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from collectors.compare import compare
from collectors.compare.findings import finding
from collectors.metrics import METRICS
from engine import Scenario

BASE = Scenario(duration_ns=300_000).with_("host.cpus=2", "nic.queues=2")


@pytest.fixture(scope="module")
def queues():
    return compare(
        {f"{n}q": BASE.with_(f"nic.queues={n}") for n in (1, 2)}, repeats=3, jobs=1, progress=False
    )


def test_one_row_per_run_in_the_order_asked_for(queues):
    table = queues.table
    assert table["name"].tolist() == ["1q"] * 3 + ["2q"] * 3
    assert table["seed"].tolist() == [1, 2, 3, 1, 2, 3]
    assert list(table.columns) == ["name", "repeat", "seed", *METRICS]


def test_processes_change_nothing(queues):
    again = compare(queues.scenarios, repeats=3, jobs=2, progress=False)
    pd.testing.assert_frame_equal(again.table, queues.table, check_exact=True)
    for name, table in queues.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table, check_exact=True)


def test_the_summary_says_n_unit_clock_and_source(queues):
    row = queues.summary.loc[("2q", "delivered_pps")]
    assert row["low"] <= row["mean"] <= row["high"]
    assert (row["n"], row["unit"], row["clock"], row["source"]) == (3, "pps", "virtual", "model")
    boot = queues.summarise(method="bootstrap").loc[("2q", "delivered_pps")]
    assert boot["mean"] == row["mean"]


def test_explain_adds_up_on_the_engine(queues):
    found = queues.explain("1q", "2q")
    assert found.table["share"].sum() == pytest.approx(1.0, abs=1e-9)
    assert set(found.table["kind"]) == {"work", "cache", "idle"}
    # The rate follows from CPU time, of which what was begun at the end is charged whole.
    delivered = [sum(run.stats["delivered"] for run in queues.of(name)) for name in ("1q", "2q")]
    assert found.delivered_pps[0] == pytest.approx(delivered[0] / 3 / 300e-6, rel=5e-3)
    assert found.delivered_pps[1] == pytest.approx(delivered[1] / 3 / 300e-6, rel=5e-3)


def test_the_finding_is_one_sentence_with_interval_n_and_clock(queues):
    text = finding(queues, "1q", "2q", "64 B")
    assert text.startswith("64 B: ")
    assert text.count("\n") == 0
    for part in (
        "95 %" if "95 %" in text else "95%",
        "interval",
        "n = 3 and 3 runs",
        "clock virtual",
        "open loop",
    ):
        assert part in text


def test_unknown_names_are_told(queues):
    with pytest.raises(KeyError, match="there are 1q, 2q"):
        queues.of("3q")
    with pytest.raises(KeyError, match="delivered_pps"):
        queues.values("speed", "1q")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"repeats": 1}, "repeats = 1"),
        ({"repeats": 3, "seeds": [1, 2]}, "must be 3 different"),
        ({"repeats": 2, "seeds": [1, 1]}, "must be 2 different"),
    ],
)
def test_bad_questions(arguments, message):
    with pytest.raises(ValueError, match=message):
        compare([BASE], progress=False, **arguments)


def test_names_must_differ():
    with pytest.raises(ValueError, match="names must differ"):
        compare([BASE.with_(name="x"), BASE.with_(name="x", seed=2)], progress=False)
    with pytest.raises(ValueError, match="at least one"):
        compare({}, progress=False)


@pytest.mark.slow
def test_a_against_a_on_the_engine_raises_few_false_alarms():
    # The same scenario against itself, seeds of their own on both sides, 12 comparisons of 3 metrics.
    runs = compare({"a": BASE}, repeats=96, progress=False)
    alarms, trials = 0, 0
    from collectors.compare.effect import effect

    for metric in ("delivered_pps", "cpu_ns_per_frame", "latency_p50_ns"):
        values = runs.values(metric, "a")
        for i in range(12):
            part = values[8 * i : 8 * i + 8]
            other = values[8 * ((i + 5) % 12) : 8 * ((i + 5) % 12) + 8]
            alarms += effect(metric, ("a", part), ("a", other)).found
            trials += 1
    # 5 % of 36 is 1.8; beyond 6 is one in a hundred.
    assert alarms <= 6, f"{alarms} of {trials}"


def test_a_planted_slowdown_of_five_percent_is_found_on_the_engine():
    from engine import declared

    cost = {row.key: row.ns for row in declared.costs()}
    keys = [operation.key for operation in declared.operations()]
    slower = [{"op": key, "ns": cost[key] * 1.05, "source": "planted: five percent"} for key in keys]
    runs = compare({"a": BASE, "b": BASE.with_(costs=slower)}, repeats=8, progress=False)
    for method in ("welch", "paired"):
        effect = runs.effect("cpu_ns_per_frame", "a", "b", method=method)
        assert effect.found, effect
        assert effect.ratio > 1.02
    work = runs.explain("a", "b").table
    assert work.loc[work["kind"] == "work", "difference_ns"].sum() > 0


@pytest.mark.slow
def test_workers_end_with_their_parent():
    script = (
        "import sys, time\n"
        "from collectors.workers import workers\n"
        "from os import getpid\n"
        "if __name__ == '__main__':\n"
        "    with workers(2) as pool:\n"
        "        print(*{pool.submit(getpid).result() for _ in range(4)}, flush=True)\n"
        "        time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert pids
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 20
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "a worker outlived its parent"
        time.sleep(0.1)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
