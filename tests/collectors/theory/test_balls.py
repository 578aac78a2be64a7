"""Exact expectations against enumeration."""

import itertools

import pytest

from collectors.theory.balls import expected_fullest, expected_occupied


@pytest.mark.parametrize(("balls", "bins"), [(1, 1), (1, 4), (2, 2), (3, 2), (4, 3), (5, 4), (6, 3)])
def test_against_every_way_to_throw(balls, bins):
    throws = list(itertools.product(range(bins), repeat=balls))
    fullest = sum(max(throw.count(b) for b in range(bins)) for throw in throws) / len(throws)
    occupied = sum(len(set(throw)) for throw in throws) / len(throws)
    assert expected_fullest(balls, bins) == pytest.approx(fullest, rel=1e-9)
    assert expected_occupied(balls, bins) == pytest.approx(occupied, rel=1e-9)


def test_many_balls_even_out():
    assert expected_fullest(256, 8) / 32 < expected_fullest(16, 8) / 2
    assert expected_fullest(0, 8) == 0
    with pytest.raises(ValueError, match="bins"):
        expected_fullest(1, 0)
