"""Explain: contributions add up exactly, on made-up ledgers and on the engine's."""

from dataclasses import dataclass

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collectors.compare import explain


@dataclass
class Side:
    stats: dict
    tables: dict


def side(ops, idle_ns, delivered, cpus=2):
    ledger = pd.DataFrame(
        [(op.split(".")[0], op, 0, 0, 1, work, cache, work + cache) for op, (work, cache) in ops.items()],
        columns=["layer", "op", "cpu", "queue", "count", "op_ns", "cache_ns", "ns"],
    ).astype({"layer": "category", "op": "category"})
    busy = float(ledger["ns"].sum())
    cpu = pd.DataFrame(
        [
            (cpu, context, ns)
            for cpu in range(cpus)
            for context, ns in (("softirq", busy / cpus), ("idle", idle_ns / cpus))
        ],
        columns=["cpu", "context", "ns"],
    )
    return Side({"delivered": delivered}, {"ledger": ledger, "cpu": cpu})


NS = st.floats(0, 1e9, allow_nan=False)
OPS = st.dictionaries(
    st.sampled_from(["napi.poll", "ip.input", "app.read", "nic.irq"]), st.tuples(NS, NS), min_size=1
)
SIDES = st.builds(side, OPS, st.floats(1, 1e9), st.integers(1, 10**6))


@given(SIDES, SIDES)
@example(side({"napi.poll": (0.0, 0.0)}, 2.0, 1), side({"napi.poll": (0.0, 1.0)}, 1.0, 1))
def test_contributions_add_up(a, b):
    # What is shown is rounded to float64 from exact values: the sums may be off by that rounding, and no
    # more.
    found = explain(a, b)
    table = found.table
    total = table["b_ns"].sum() - table["a_ns"].sum()
    scale = table["a_ns"].sum() + table["b_ns"].sum()
    assert found.difference_ns == pytest.approx(total, abs=1e-12 * scale)
    if table["share"].any():
        assert table["share"].sum() == pytest.approx(1.0, abs=1e-12 * table["share"].abs().sum())
    else:
        assert total == pytest.approx(0.0, abs=1e-12 * scale)
    rate = found.delivered_pps[1] - found.delivered_pps[0]
    scale = table["delivered_pps"].abs().sum() + sum(found.delivered_pps)
    assert table["delivered_pps"].sum() == pytest.approx(rate, abs=1e-12 * scale)


def test_a_known_difference_is_named():
    a = side({"napi.poll": (100.0, 50.0), "ip.input": (200.0, 0.0)}, 50.0, 1)
    b = side({"napi.poll": (100.0, 80.0), "ip.input": (290.0, 0.0)}, 30.0, 1)
    table = explain(a, b).table.set_index("name")
    assert table.loc["ip.input", "difference_ns"] == 90
    assert table.loc["cache stalls in napi", "difference_ns"] == 30
    assert table.loc["idle", "difference_ns"] == -20
    assert table.loc["napi.poll", "difference_ns"] == 0
    assert table.index[0] == "ip.input"
    assert table.loc["ip.input", "share"] == pytest.approx(0.9)


def test_equal_sides_have_nothing_to_explain():
    a = side({"napi.poll": (100.0, 50.0)}, 50.0, 3)
    found = explain(a, a, names=("x", "y"))
    assert found.difference_ns == 0
    assert "alike" in found.sentence


def test_the_sentence_names_both_ends_and_the_runs():
    a, b = side({"napi.poll": (100.0, 50.0)}, 850.0, 1), side({"napi.poll": (100.0, 50.0)}, 50.0, 1)
    sentence = explain([a, a], [b, b], names=("1 queue", "8 queues")).sentence
    assert "From 1 queue to 8 queues" in sentence
    assert "2 and 2 runs" in sentence
    assert "clock virtual" in sentence


def test_sides_that_cannot_be_set_against_each_other():
    a = side({"napi.poll": (1.0, 0.0)}, 1.0, 1)
    with pytest.raises(ValueError, match="CPUs"):
        explain(a, side({"napi.poll": (1.0, 0.0)}, 1.0, 1, cpus=4))
    with pytest.raises(ValueError, match="delivered no frame"):
        explain(a, side({"napi.poll": (1.0, 0.0)}, 1.0, 0))
