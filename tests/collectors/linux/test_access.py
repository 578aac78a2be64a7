"""Single accesses are timed where the machine can, and said to be unavailable where it cannot."""

import os
import platform

import pytest

from collectors import linux
from collectors.linux import access

TWO = len(os.sched_getaffinity(0)) >= 2


@pytest.mark.skipif(platform.machine() != "x86_64" or not TWO, reason="two CPUs of x86-64 are needed")
def test_what_took_longer_on_the_way_takes_longer():
    table = linux.access_latency(rounds=20)
    assert set(table["source"]) == {"measured-latency"}
    assert set(table["accesses"]) == {20 * 256}
    median = table.set_index(table["access"].astype("str"))["p50_cycles"]
    # No absolute figure: a flushed line must come from memory, another CPU's from its cache, which two
    # threads of one core share.
    assert median["nothing"] <= median["line read before"] <= median["line another CPU wrote"]
    assert median["line read before"] < median["line in no cache"]
    assert (table["p10_cycles"] <= table["p90_cycles"]).all()


def test_a_watch_has_the_table_and_its_source():
    with linux.observe(["pmu"], 0.05) as watch:
        pass
    assert set(watch.access_latency["source"]) == {watch.sources["access_latency"]}
    assert watch.access_latency["ns"].notna().all() == (watch.sources["access_latency"] == "measured-latency")


def test_where_the_processor_cannot_tell_the_reason_is_given(monkeypatch):
    def refuse(*_):
        raise OSError("no cycle counter: x86-64 only")

    monkeypatch.setattr(access._core, "access_latency", refuse)
    with pytest.raises(linux.Unavailable, match="no cycle counter"):
        linux.access_latency(0, 1)
    monkeypatch.setattr(access.os, "sched_getaffinity", lambda _: {0, 1})
    with linux.observe(["pmu"], 0.05) as watch:
        pass
    assert watch.sources["access_latency"] == "unavailable"
    assert "no cycle counter" in watch.reasons["access_latency"]
    assert watch.access_latency["ns"].isna().all()


@pytest.mark.skipif(not TWO, reason="two CPUs are needed")
def test_wrong_settings_are_named():
    first, *_ = sorted(os.sched_getaffinity(0))
    with pytest.raises(ValueError, match="rounds = 0"):
        linux.access_latency(rounds=0)
    with pytest.raises(ValueError, match="100000 is not usable"):
        linux.access_latency(first, 100_000)
    with pytest.raises(ValueError, match=f"CPU {first} cannot be another CPU"):
        linux.access_latency(first, first)
