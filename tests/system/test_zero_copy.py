"""What is mapped of a TCP stream into its reader: this kernel and the engine, by the segments' size."""

from __future__ import annotations

import math

import pytest

from collectors.linux.zero_copy import MOST_MSS, zero_copy
from collectors.linux.zero_copy_costs import mapping_costs
from collectors.validate.anchors.zero_copy import Case, spent

pytestmark = pytest.mark.needs("namespaces", "zero_copy")

TOTAL_BYTES = 16 << 20


@pytest.fixture(scope="module")
def mapped_percent():
    """Of the kernel and of the engine, for segments of so many bytes."""

    def found(mss):
        kernel = zero_copy(mss, total_bytes=TOTAL_BYTES)
        assert kernel.mapped_bytes + kernel.copied_bytes == TOTAL_BYTES
        return kernel.mapped_percent, spent(Case(mss, True)).mapped_percent

    return found


@pytest.mark.parametrize("mss", [1428, 4095])
def test_less_than_a_page_is_never_mapped(mapped_percent, mss):
    assert mapped_percent(mss) == (0.0, 0.0)


@pytest.mark.parametrize("mss", [4096, 8192])
def test_whole_pages_are_mapped(mapped_percent, mss):
    kernel, engine = mapped_percent(mss)
    assert kernel > 90
    assert engine > 90


def test_a_tail_behind_each_page_is_copied(mapped_percent):
    kernel, engine = mapped_percent(6144)
    # Two thirds of it are pages.
    assert 40 < kernel < 100 * 4096 / 6144 + 0.1
    assert engine == pytest.approx(100 * 4096 / 6144, abs=0.5)


def test_small_segments_are_mapped_where_they_came_merged():
    assert zero_copy(1428, total_bytes=TOTAL_BYTES, merged=True).mapped_percent > 50


def test_a_segment_that_loopback_cannot_have_is_refused():
    with pytest.raises(ValueError, match=rf"mss = 65536: must be 536 to {MOST_MSS}"):
        zero_copy(65_536)


def test_what_mapping_costs_is_measured_of_every_call_and_page():
    costs = mapping_costs(rounds=20)
    assert costs._fields == ("map_call_ns", "map_page_ns", "unmap_call_ns", "unmap_page_ns")
    assert all(math.isfinite(one) for one in costs)
