"""Findings in words."""

import dataclasses

from collectors.compare.effect import Effect
from collectors.compare.findings import effect_words, is_negligible


def effect(ratio: float, low: float, high: float) -> Effect:
    values = dict.fromkeys((field.name for field in dataclasses.fields(Effect)), 0.0)
    values |= {"metric": "delivered_pps", "a": "1 queue", "b": "8 queues", "n_a": 8, "n_b": 8, "level": 0.95}
    values |= {"ratio": ratio, "ratio_low": low, "ratio_high": high, "difference": ratio - 1}
    values |= {"difference_low": low - 1, "difference_high": high - 1}
    return Effect(**values)


def test_a_tiny_difference_is_no_finding_however_sure():
    tiny = effect(0.9997, 0.9996, 0.9998)
    assert is_negligible(tiny)
    assert effect_words(tiny) == "×0.9997 (95% interval 0.9996 to 0.9998), less than half a percent"


def test_a_wide_interval_around_one_is_not_called_negligible():
    assert not is_negligible(effect(1.0, 0.99, 1.01))


def test_a_clear_difference_is_a_finding():
    assert effect_words(effect(2.0, 1.9, 2.1)) == "×2 (95% interval 1.9 to 2.1)"
