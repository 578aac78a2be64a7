"""Sweeps: what is stored, what is run again, and what a kill, a poison point or a flipped bit does."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from collectors.dataset import DatasetError
from collectors.dataset.points import LAW, VOLATILE, Store
from collectors.metrics import METRICS
from collectors.sweep import Plan, load_sweep, sweep
from collectors.sweep import runner as running
from engine.scenario import Scenario

BASE = Scenario(duration_ns=50_000)
PLAN = Plan(BASE, grid={"nic.queues": (1, 2, 4)}, repeats=2)
REPOSITORY = str(Path(__file__).resolve().parents[3])


def steady(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns=list(VOLATILE))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    store = tmp_path_factory.mktemp("sweep") / "store"
    return store, sweep(PLAN, store, jobs=1, progress=False)


def test_a_sweep_is_one_tidy_table(done):
    _, table = done
    assert list(table["nic.queues"]) == [1, 1, 2, 2, 4, 4]
    assert list(table["repeat"]) == [0, 1] * 3
    assert list(table["seed"]) == [1, 2] * 3
    assert set(METRICS) <= set(table.columns)
    assert (table["status"] == "ok").all()
    assert (table["rx"] == table[list(LAW[1:])].sum(axis=1)).all()
    assert (table["rx"] > 0).all()
    assert table.attrs["provenance"]["plans"][PLAN.key()]["plan"] == PLAN.document()


def test_what_is_stored_is_not_run_again(done, monkeypatch):
    store, table = done
    monkeypatch.setattr(running, "_run_all", lambda *_: pytest.fail("something was run"))
    pd.testing.assert_frame_equal(sweep(PLAN, store, progress=False), table)
    pd.testing.assert_frame_equal(load_sweep(store), table)


def test_any_executor_gives_the_same(done, tmp_path):
    with ThreadPoolExecutor(2) as threads:
        table = sweep(PLAN, tmp_path, executor=threads, order_seed=3, progress=False)
    pd.testing.assert_frame_equal(steady(table), steady(done[1]))


def test_more_repeats_run_only_what_is_new(done, tmp_path):
    store, table = done
    before = set(Store(store).files())
    more = sweep(PLAN, store, repeats=3, jobs=1, progress=False)
    assert len(set(Store(store).files()) - before) == 3
    assert set(table["key"]) < set(more["key"])
    with pytest.raises(DatasetError, match="holds 2 plans"):
        load_sweep(store)
    assert len(load_sweep(store, PLAN.key())) == 6


def test_a_run_that_fails_is_a_row_with_its_cause_and_is_tried_anew(tmp_path):
    capture = tmp_path / "some.pcap"
    capture.write_bytes(b"no capture")
    scenario = BASE.with_(**{"traffic.streams": [{"capture": {"file": str(capture)}}]})
    plan = Plan(scenario, grid={"nic.queues": (1,)})
    table = sweep(plan, tmp_path / "store", jobs=1, retries=1, progress=False)
    assert list(table["status"]) == ["error"]
    assert "some.p" in table["error"][0]
    assert "allowed is a capture" in table["error"][0]
    assert list(table["attempt"]) == [2]
    assert table[["delivered_pps", "rx"]].isna().all(axis=None)
    again = sweep(plan, tmp_path / "store", jobs=1, retries=0, progress=False)
    assert list(again["attempt"]) == [1]


def test_a_point_that_kills_its_worker_condemns_only_itself(tmp_path, monkeypatch):
    def poisoned(pool, point):
        if point.parameters["nic.queues"] == 2:
            return pool.submit(os._exit, 9)
        return submitted(pool, point)

    submitted = running._submitted
    monkeypatch.setattr(running, "_submitted", poisoned)
    table = sweep(Plan(BASE, grid={"nic.queues": (1, 2, 4)}), tmp_path, jobs=2, retries=1, progress=False)
    assert dict(zip(table["nic.queues"], table["status"], strict=True)) == {1: "ok", 2: "error", 4: "ok"}
    assert "the worker process died" in set(table["error"])


def test_a_flipped_bit_is_found_and_the_run_repeated(done, tmp_path):
    table = sweep(PLAN, tmp_path, jobs=1, progress=False)
    path = Store(tmp_path).files()[table["key"][0]]
    content = bytearray(path.read_bytes())
    chance = random.Random(1)
    for _ in range(200):
        place = chance.randrange(len(content) * 8)
        content[place // 8] ^= 1 << place % 8
        path.write_bytes(content)
        with pytest.raises(DatasetError, match="its SHA-256"):
            load_sweep(tmp_path)
        content[place // 8] ^= 1 << place % 8
    path.write_bytes(content[:-1])
    pd.testing.assert_frame_equal(steady(sweep(PLAN, tmp_path, jobs=1, progress=False)), steady(table))


def test_two_sweeps_do_not_write_one_store(tmp_path):
    with (
        Store(tmp_path).locked(),
        pytest.raises(DatasetError, match=f"process {os.getpid()} is running a sweep here"),
    ):
        sweep(PLAN, tmp_path, progress=False)
    (tmp_path / "lock").write_text("4194304999\n")  # a holder that was killed
    assert len(sweep(Plan(BASE), tmp_path, jobs=1, progress=False)) == 1


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(DatasetError, match="holds files that are not a sweep's"):
        sweep(PLAN, tmp_path, progress=False)
    (tmp_path / "thesis.tex").unlink()
    (tmp_path / "sweep.json").write_text('{"schema_version": 99}')
    with pytest.raises(DatasetError, match="schema version 99"):
        sweep(PLAN, tmp_path, progress=False)


@pytest.mark.parametrize(("asked", "said"), [({"jobs": 0}, "jobs = 0"), ({"retries": -1}, "retries = -1")])
def test_bad_arguments_are_refused(asked, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        sweep(PLAN, tmp_path, progress=False, **asked)
    assert not list(tmp_path.iterdir())


CHILD = """
import sys
from collectors.sweep import Plan, sweep
from engine.scenario import Scenario
plan = Plan(Scenario(duration_ns=300_000), grid={"nic.queues": (1, 4)}, repeats=10)
if __name__ == "__main__":
    sweep(plan, sys.argv[1], jobs=2, progress=False)
"""


def workers_of(parent: int) -> set[int]:
    found = {parent}
    while True:
        more = set()
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) in found:
                more.add(int(status.parent.name))
        if more <= found:
            return found - {parent}
        found |= more


@pytest.mark.slow
def test_a_killed_sweep_goes_on_and_loses_nothing(tmp_path):
    script = tmp_path / "child.py"
    script.write_text(textwrap.dedent(CHILD))
    store = tmp_path / "store"
    environment = os.environ | {"PYTHONPATH": REPOSITORY}
    seen: set[str] = set()
    for stored in (3, 8, 14):
        child = subprocess.Popen([sys.executable, str(script), str(store)], env=environment)
        deadline = time.monotonic() + 300
        while len(Store(store).files()) < stored:
            assert child.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.005)
        theirs = workers_of(child.pid)
        child.send_signal(signal.SIGKILL)
        child.wait()
        kept = {path.name for path in Store(store).files().values()}
        assert seen <= kept, "a finished run was lost or run again"
        seen = kept
        while any(Path(f"/proc/{one}").exists() for one in theirs):
            assert time.monotonic() < deadline, "workers outlive the sweep"
            time.sleep(0.05)
    subprocess.run([sys.executable, str(script), str(store)], check=True, env=environment)
    assert seen <= {path.name for path in Store(store).files().values()}
    assert not list(store.rglob(".*"))
    table = load_sweep(store)
    plan = Plan(Scenario(duration_ns=300_000), grid={"nic.queues": (1, 4)}, repeats=10)
    whole = sweep(plan, tmp_path / "whole", progress=False)
    pd.testing.assert_frame_equal(steady(table), steady(whole))
