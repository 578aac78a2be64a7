"""Tables are as declared, whatever is or is not there; collectors keep the protocol."""

import numpy as np
import pytest

from collectors import linux
from collectors.base import Collector
from collectors.columns import MEANINGS, SOURCES
from collectors.columns import SPECS as RUN_SPECS
from collectors.datapath import latency
from collectors.linux import distribution
from collectors.linux.bpf.headers import build_id
from collectors.linux.columns import SPECS, TABLES
from collectors.linux.counting import _moved
from collectors.linux.frame import frame
from collectors.linux.softirq import Softirq

NAN = float("nan")


@pytest.mark.parametrize("kind", linux.KINDS.values(), ids=linux.KINDS)
def test_a_collector_keeps_the_protocol_and_declares_its_tables(kind):
    collector = kind(bcc=False)
    assert isinstance(collector, Collector)
    assert set(collector.tables) <= set(TABLES)
    collector.start()
    collector.sample()
    collector.stop()
    collector.stop()
    for name, table in collector.collect().items():
        assert [*table.columns] == [*(c.name for c in TABLES[name].columns), "clock", "source"]
        assert set(table["source"]) <= {collector.sources[name]}
        assert collector.sources[name] in (*TABLES[name].sources, "unavailable")
        assert set(table["clock"]) <= {"real"}


@pytest.mark.parametrize("spec", SPECS, ids=[spec.name for spec in SPECS])
def test_an_empty_table_has_the_declared_types(spec):
    table = frame(spec, [], spec.sources[0])
    for column in spec.columns:
        assert str(table[column.name].dtype) == column.dtype, column.name
    assert set(spec.sources) <= set(SOURCES)


def test_every_source_is_explained_and_some_table_names_it():
    assert set(MEANINGS) == set(SOURCES)
    named = {source for spec in SPECS for source in spec.sources} | {spec.source for spec in RUN_SPECS}
    assert named <= set(SOURCES)


def test_rates_follow_from_the_interval():
    row = (1_000, 500_000_000, 1, "NET_RX", 100.0, 250_000_000.0, NAN, NAN)
    table = frame(TABLES["softirq"], [row], "bcc")
    assert table["share"].item() == 0.5
    assert table["per_s"].item() == 200.0
    with pytest.raises(ValueError, match="takes rows of"):
        frame(TABLES["softirq"], [row[:-1]], "bcc")


def test_what_did_not_move_has_a_row_only_in_dense_tables():
    before = {("a",): (1.0, NAN), ("b",): (2.0, NAN)}
    now = {("a",): (1.0, NAN), ("b",): (5.0, NAN), ("new",): (7.0, NAN)}
    assert [row[:2] for row in _moved(now, before, sparse=True)] == [("b", 3.0), ("new", 7.0)]
    assert len(_moved(now, before, sparse=False)) == 3


def test_memory_is_bounded_where_it_is_asked():
    collector = Softirq(bcc=False, keep=2)
    collector.start()
    for _ in range(5):
        collector.sample()
    collector.stop()
    assert collector.table("softnet")["start_ns"].nunique() == 2
    assert len(collector.latest("softnet")) == len(collector.table("softnet")) / 2


def test_buckets_are_those_of_the_engine():
    floors = distribution.floors_ns().astype(np.int64)
    assert floors[:130].tolist() == list(range(130))
    assert (np.diff(floors) > 0).all()
    widths = np.diff(floors)
    assert (widths[1:] <= np.maximum(1, floors[1:-1] / 127)).all()
    assert floors[-1] == 1 << distribution.TOP_BITS


def test_a_distribution_answers_percentiles():
    counts = np.zeros((2, distribution.BUCKETS), dtype=np.uint64)
    counts[0, 100], counts[1, 120] = 99, 1
    table = frame(TABLES["distribution"], distribution.rows("NET_RX_delay", counts), "bcc")
    asked = distribution.as_latency(table)
    assert latency.percentile(asked, [50, 99, 100], "NET_RX_delay").tolist() == [100, 100, 120]


def test_a_build_id_is_found_among_notes():
    note = b"\x04\0\0\0\x03\0\0\0\x01\0\0\0GNU\0abc\0"
    wanted = b"\x04\0\0\0\x04\0\0\0\x03\0\0\0GNU\0\x01\x02\x03\x04"
    assert build_id(note + wanted) == "01020304"
    assert build_id(note) == build_id(b"") == build_id(b"\x04") == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"collectors": ["softirqs"]}, "'softirqs' is unknown; there are softirq"),
        ({"interval": 0}, "must be above 0"),
        ({"interval": NAN}, "must be above 0"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        linux.observe(**arguments)


def test_a_watch_is_entered_once_and_has_only_its_tables():
    watch = linux.observe(["protocols"])
    with watch:
        assert set(watch.tables) == {"protocols", "observer"}
        with pytest.raises(RuntimeError, match="entered once"):
            watch.__enter__()
    with pytest.raises(AttributeError, match="this watch has protocols"):
        _ = watch.softirq
    with pytest.raises(KeyError, match="this watch has protocols"):
        watch.table("softirq")
    assert "protocols" in dir(watch)


def test_a_collector_that_fails_ends_the_watch_with_its_error(monkeypatch):
    def broken(self):
        raise OSError("gone")

    monkeypatch.setattr(linux.KINDS["protocols"], "read", broken)
    with pytest.raises(OSError, match="gone"), linux.observe(["protocols"]):
        pass
