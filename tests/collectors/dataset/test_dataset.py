"""Datasets: what comes back, what is refused, what is never left behind."""

import json
import random
import shutil

import pandas as pd
import pytest

from collectors.compare import Comparison, compare
from collectors.dataset import DatasetError, load, save
from collectors.dataset.manifest import FILE, digest
from collectors.run import run
from engine import Scenario

SMALL = Scenario(name="small", duration_ns=200_000).with_("host.cpus=2", "nic.queues=2")


@pytest.fixture(scope="module")
def done():
    return run(SMALL, progress=False)


@pytest.fixture
def saved(done, tmp_path):
    return save(done, tmp_path / "set")


def test_a_run_comes_back(done, saved):
    again = load(saved)
    assert again.scenario == done.scenario
    assert again.stats == done.stats
    assert again.tables == done.tables
    for name in done.tables:
        pd.testing.assert_frame_equal(again.table(name), done.table(name), check_categorical=False)
    pd.testing.assert_series_equal(again.summary, done.summary)
    with pytest.raises(LookupError, match="read from a dataset"):
        _ = again.result


def test_a_comparison_comes_back(tmp_path):
    done = compare({"one": SMALL.with_("nic.queues=1"), "two": SMALL}, repeats=2, jobs=1, progress=False)
    again = load(save(done, tmp_path / "set"))
    assert isinstance(again, Comparison)
    assert again.scenarios == dict(done.scenarios)
    pd.testing.assert_frame_equal(again.table, done.table)
    assert again.explain("one", "two").sentence == done.explain("one", "two").sentence


def test_equal_runs_give_equal_bytes(done, saved, tmp_path):
    other = save(run(SMALL, progress=False), tmp_path / "other")
    first, second = (json.loads((folder / FILE).read_text()) for folder in (saved, other))
    assert first.pop("volatile")
    second.pop("volatile")
    assert first == second
    for path in saved.glob("*.parquet"):
        assert path.read_bytes() == (other / path.name).read_bytes()


def test_nothing_is_overwritten_and_nothing_left_behind(done, saved):
    before = digest(saved / FILE)
    with pytest.raises(FileExistsError, match="already there"):
        save(done, saved)
    assert digest(saved / FILE) == before
    assert sorted(path.name for path in saved.parent.iterdir()) == ["set"]


def test_a_failed_write_leaves_nothing(done, tmp_path, monkeypatch):
    import pyarrow.parquet as pq

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(OSError, match="No space"):
        save(done, tmp_path / "set")
    assert list(tmp_path.iterdir()) == []


def test_every_flipped_bit_is_found(saved):
    choose = random.Random(4)
    files = sorted(saved.glob("*.parquet"))
    for _ in range(60):
        path = choose.choice(files)
        content = bytearray(path.read_bytes())
        content[choose.randrange(len(content))] ^= 1 << choose.randrange(8)
        good = path.read_bytes()
        path.write_bytes(content)
        with pytest.raises(DatasetError, match=path.name):
            load(saved)
        path.write_bytes(good)
    load(saved)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_other_versions_are_refused_by_name(saved, version):
    manifest = json.loads((saved / FILE).read_text())
    manifest["schema_version"] = version
    (saved / FILE).write_text(json.dumps(manifest))
    with pytest.raises(DatasetError, match=f"schema version {version!r}; this build reads version 1"):
        load(saved)


def test_what_is_no_dataset(tmp_path, saved):
    with pytest.raises(DatasetError, match="not a dataset"):
        load(tmp_path)
    (saved / "cpu.parquet").unlink()
    with pytest.raises(DatasetError, match=r"cpu.parquet: missing"):
        load(saved)
    (saved / FILE).write_text("{")
    with pytest.raises(DatasetError, match="JSON"):
        load(saved)


def test_a_file_outside_the_folder_is_refused(saved):
    manifest = json.loads((saved / FILE).read_text())
    manifest["files"]["../x.parquet"] = "0"
    (saved / FILE).write_text(json.dumps(manifest))
    with pytest.raises(DatasetError, match="not a file of this folder"):
        load(saved)


def test_frames_that_do_not_add_up_are_refused_unless_asked_for(saved, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(saved, broken)
    manifest = json.loads((broken / FILE).read_text())
    manifest["stats"]["delivered"] += 1
    (broken / FILE).write_text(json.dumps(manifest))
    with pytest.raises(DatasetError, match="frames"):
        load(broken)
    assert load(broken, accept_broken_law=True).stats["delivered"] == manifest["stats"]["delivered"]
