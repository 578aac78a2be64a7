"""Scenarios side by side: seeded repeats, effects with intervals, and where a difference comes from."""

from collectors.compare.comparison import Comparison
from collectors.compare.effect import Effect
from collectors.compare.explain import Explanation, explain
from collectors.compare.repeats import compare

__all__ = ["Comparison", "Effect", "Explanation", "compare", "explain"]
