"""Findings in words, written from the data: what, how much, how sure, from how many runs, on which clock."""

from __future__ import annotations

from collectors.compare.comparison import Comparison
from collectors.compare.effect import Effect
from engine.units import engineering

NEGLIGIBLE = 0.005
"""A ratio this near to 1 is no finding, however narrow its interval."""


def is_negligible(effect: Effect) -> bool:
    """Whether the whole interval of the ratio is within NEGLIGIBLE of 1."""
    return max(abs(effect.ratio_low - 1), abs(effect.ratio_high - 1)) < NEGLIGIBLE


def effect_words(effect: Effect) -> str:
    """`×2.01 (95 % interval 1.98 to 2.05)`, or that no difference was found."""
    interval = f"{effect.level:.0%} interval {effect.ratio_low:.3g} to {effect.ratio_high:.3g}"
    if is_negligible(effect):
        interval = f"{effect.level:.0%} interval {effect.ratio_low:.4f} to {effect.ratio_high:.4f}"
        return f"×{effect.ratio:.4f} ({interval}), less than half a percent"
    if not effect.found:
        return f"not distinguishable, ×{effect.ratio:.3g} ({interval})"
    return f"×{effect.ratio:.3g} ({interval})"


def finding(comparison: Comparison, a: str, b: str, label: str = "") -> str:
    """One sentence on delivered rate, loss and p99 latency from `a` to `b`.

    States the effect with its interval, the number of runs, the clock and how the load is offered.
    """
    rate = comparison.effect("delivered_pps", a, b)
    loss_a, loss_b = (comparison.interval("loss_ratio", name).estimate for name in (a, b))
    means = f"from {engineering(rate.mean_a, 'pps')} to {engineering(rate.mean_b, 'pps')}"
    if rate.found and not is_negligible(rate):
        verb = "raises" if rate.difference > 0 else "lowers"
        what = f"going from {a} to {b} {verb} the delivered rate {means}, {effect_words(rate)}"
    else:
        what = f"going from {a} to {b} leaves the delivered rate where it is, {means}: {effect_words(rate)}"
    tail = comparison.effect("latency_p99_ns", a, b)
    latency = (
        f"p99 latency from {tail.mean_a / 1e3:,.0f} to {tail.mean_b / 1e3:,.0f} µs, {effect_words(tail)}"
    )
    return (
        f"{f'{label}: ' if label else ''}{what}; loss goes from {loss_a:.2%} to {loss_b:.2%}; {latency} "
        f"(n = {rate.n_a} and {rate.n_b} runs, clock {comparison.clock}, source {comparison.source}, "
        f"{comparison.loop})."
    )


def findings(comparisons: dict[str, Comparison], a: str, b: str) -> list[str]:
    """One sentence per traffic mix, in order."""
    return [finding(comparison, a, b, label) for label, comparison in comparisons.items()]
