"""One flow through a card that merges: the scenario a notebook asks, and how it is summed up."""

import pytest

from collectors.datapath.acks import completed, lro_acks
from collectors.run import run


@pytest.mark.parametrize("policy", ["delayed", "one_per_frame", "expand", "linux"])
def test_a_flow_completes_and_its_costs_are_the_ledger_s(policy):
    done = run(lro_acks(policy, size_kb=150, rtt_us=1000), progress=False)
    found = completed(done)
    flow = done.table("tcp").iloc[0]
    assert found["done"]
    assert flow["delivered_bytes"] == 150_000
    assert found["acks_per_100_segments"] == 100 * flow["acks_sent"] / flow["segments"]
    assert found["cpu_ms_per_gb"] == pytest.approx(done.ledger["ns"].sum() / 1e6 / 150e-6)


def test_merging_stretches_acknowledgements():
    alone, merged = (
        completed(run(lro_acks("one_per_frame", merged=n, size_kb=1500), progress=False)) for n in (1, 45)
    )
    assert alone["acks_per_100_segments"] == 100
    assert merged["acks_per_100_segments"] < 10
    assert merged["cpu_ms_per_gb"] < alone["cpu_ms_per_gb"]


def test_slow_start_ends_at_the_window_asked_for():
    done = run(lro_acks("one_per_frame", merged=8, byte_counting=2, until_segments=1000), progress=False)
    assert done.table("tcp")["slow_start_rounds"][0] == 20
