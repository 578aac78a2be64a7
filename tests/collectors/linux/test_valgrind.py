"""Cachegrind's output is read as it is written; what it cannot do is said before it is started."""

from pathlib import Path

import pytest

from collectors import linux
from collectors.linux import valgrind
from engine import Scenario, ScenarioError

OUTPUT = """desc: I1 cache:         32768 B, 64 B, 8-way associative
cmd: python
events: Ir I1mr ILmr Dr D1mr DLmr Dw D1mw DLmw
fl=/build/elf/rtld.c
fn=_dl_start
489 1 1 1 0 0 0 1 1 1
summary: 90 8 7 60 5 4 30 2 1
"""


def test_the_summary_is_by_event():
    assert valgrind.summary(OUTPUT) == {
        "Ir": 90,
        "I1mr": 8,
        "ILmr": 7,
        "Dr": 60,
        "D1mr": 5,
        "DLmr": 4,
        "Dw": 30,
        "D1mw": 2,
        "DLmw": 1,
    }
    assert valgrind.summary(OUTPUT.rpartition("summary")[0]) == {}


def test_two_runs_are_subtracted(monkeypatch):
    monkeypatch.setattr(valgrind.shutil, "which", lambda _: "/usr/bin/valgrind")

    def counted(_, __, frames):
        return dict.fromkeys(valgrind.summary(OUTPUT), 1000 + 3 * frames)

    monkeypatch.setattr(valgrind, "_events", counted)
    table = linux.cachegrind(Scenario(), 2000)
    assert set(table["references"]) == set(table["misses"]) == {3.0}
    assert set(table["source"]) == {"cachegrind"}
    assert set(table["level"]) == {"l1i", "l1d", "llc"}


def test_without_valgrind_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(valgrind.shutil, "which", lambda _: None)
    with pytest.raises(linux.Unavailable, match="apt install valgrind"):
        linux.cachegrind(Scenario())


def test_what_real_time_refuses_is_refused_before_anything_runs(monkeypatch):
    monkeypatch.setattr(valgrind.shutil, "which", lambda _: "/nowhere/valgrind")
    with pytest.raises(ScenarioError, match=r"host\.apps\.pinned"):
        linux.cachegrind(Scenario().with_("host.apps.pinned=false"))
    with pytest.raises(ValueError, match="frames = 10"):
        linux.cachegrind(Scenario(), 10)


def test_a_file_without_a_place_goes_with_its_descriptor():
    with valgrind._files({"a": b"one", "b": b"two"}) as paths:
        assert [Path(path).read_bytes() for path in paths.values()] == [b"one", b"two"]
    for path in paths.values():
        with pytest.raises(OSError):
            Path(path).read_bytes()
