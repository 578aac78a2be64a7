"""Quantities and line-rate arithmetic."""

import pytest

from engine import units


@pytest.mark.parametrize(
    ("text", "ns"),
    [("10us", 10_000), ("1.5 ms", 1_500_000), ("2s", 2_000_000_000), ("7ns", 7), ("1_000µs", 10**6)],
)
def test_durations(text, ns):
    assert units.duration_ns(text) == ns


def test_sizes_and_rates():
    assert units.size_bytes("1518B") == 1518
    assert units.size_bytes("32KiB") == 32_768
    assert units.rate_bps("10Gb/s") == 10_000_000_000
    assert units.rate_bps("2.5 Gbit/s") == 2_500_000_000


@pytest.mark.parametrize("text", ["10", "us", "10 parsecs", "-1us", "0.5ns", "", "1e3us", "10us extra"])
def test_what_is_no_duration_is_named(text):
    with pytest.raises(ValueError, match="duration") as error:
        units.duration_ns(text)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize(
    # RFC 2544's sizes at 10GbE, frames per second as published in line-rate tables.
    ("size", "pps"),
    [
        (64, 14_880_952),
        (128, 8_445_945),
        (256, 4_528_985),
        (512, 2_349_624),
        (1024, 1_197_318),
        (1280, 961_538),
        (1518, 812_743),
    ],
)
def test_line_rate(size, pps):
    assert int(units.line_rate_pps(size)) == pps


def test_frame_time_and_goodput():
    assert units.frame_time_ns(64) == pytest.approx(67.2)
    assert units.goodput_bps(64) == pytest.approx(7_619_047_619, abs=1)


def test_engineering():
    assert units.engineering(14_880_952, "pps") == "14.9 Mpps"
    assert units.engineering(812.7, "pps") == "813 pps"
