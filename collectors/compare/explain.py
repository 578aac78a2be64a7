"""Where a difference comes from: the ledgers of two sides, split into contributions that add up to it.

Let C be the number of CPUs, E the elapsed time and N the frames delivered. The CPUs' time per delivered
frame, T = C·E/N, is what each operation cost, plus the stalls of each layer, plus idling, all over N: a sum,
so its difference is the sum of theirs. The delivered rate is R = N/E = C/T, hence with equal C

    R_b - R_a = -C/(T_a·T_b) · (T_b - T_a)

and each contribution to T carries over to R with the same share. Sums are exact (rational arithmetic on the
ledger's float64 values); only the figures shown are rounded. What a CPU had begun when a run ended is charged
whole, so that C·E is what the CPUs account for, a slice per CPU more than the clock at most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import pandas as pd

from engine.run import Stats


class Accounted(Protocol):
    """What has a ledger: a run of a comparison, or a `Run`."""

    @property
    def stats(self) -> Stats:
        """Where its frames ended."""

    @property
    def tables(self) -> Collection[str]:
        """Names of its tables, or the tables by name."""


@dataclass(frozen=True, slots=True)
class Account:
    """One side: exact ns per delivered frame by (kind, name)."""

    per_frame: Mapping[tuple[str, str], Fraction]
    cpus: int
    delivered: int

    @property
    def total(self) -> Fraction:
        """CPU time per delivered frame, idling included, ns."""
        return sum(self.per_frame.values(), Fraction(0))

    @property
    def delivered_pps(self) -> float:
        """Delivered rate: CPUs over CPU time per frame."""
        return float(self.cpus / self.total * 10**9)


@dataclass(frozen=True)
class Explanation:
    """The difference in CPU time per delivered frame from a to b, by contribution."""

    a: str
    b: str
    table: pd.DataFrame
    """One row per contribution, largest first.

    kind (work, cache, idle), name, a_ns, b_ns, difference_ns, share (of the whole difference; they sum to
    1, or are all 0 where the parts cancel to nothing), delivered_pps (its part of the difference in rate);
    figures float64.
    """
    delivered_pps: tuple[float, float]
    runs: tuple[int, int]

    @property
    def difference_ns(self) -> float:
        """CPU time per delivered frame, idling included: b less a."""
        return float(self.table["difference_ns"].sum())

    @property
    def sentence(self) -> str:
        """The finding in words, with the three largest contributions."""
        before, after = (rate / 1e6 for rate in self.delivered_pps)
        total_a = float(self.table["a_ns"].sum())
        if self.table["difference_ns"].eq(0).all():
            return f"{self.a} and {self.b} spend their CPU time alike, {total_a:,.0f} ns per delivered frame."
        # Shares of next to nothing say nothing: then the parts only cancel each other.
        shared = abs(self.difference_ns) > 0.02 * total_a
        leading = "; ".join(
            f"{name} {change:+,.0f} ns" + (f" ({share:.0%})" if shared else "")
            for name, change, share in zip(
                *(self.table.head(3)[c] for c in ("name", "difference_ns", "share")), strict=True
            )
        )
        return (
            f"From {self.a} to {self.b} the CPUs' time per delivered frame goes from {total_a:,.0f} to "
            f"{total_a + self.difference_ns:,.0f} ns, idling included, and the delivered rate "
            f"from {before:.2f} to {after:.2f} Mpps. Largest contributions: {leading} "
            f"(ledgers of {self.runs[0]} and {self.runs[1]} runs; clock virtual, source model)."
        )

    def waterfall(self, most: int = 12) -> object:
        """The contributions as a waterfall; all beyond the `most` largest are drawn as one."""
        from collectors.plots.waterfall import waterfall  # drawing is loaded when something is drawn

        return waterfall(self, most)

    def _repr_html_(self) -> str:
        body: str = self.table.to_html(index=False, float_format=lambda value: f"{value:,.4g}")
        return f"<p>{self.sentence}</p>{body}"


def explain(a: object, b: object, *, names: tuple[str, str] = ("a", "b")) -> Explanation:
    """Split the difference of two sides, each a run or several runs of one scenario.

    Raises
    ------
    ValueError : a side has no ledger or delivered nothing, or the sides have different numbers of CPUs.
    """
    sides = (_runs(a), _runs(b))
    for side, name in zip(sides, names, strict=True):
        if any("ledger" not in run.tables for run in side):
            raise ValueError(f"{name}: clock = real has no ledger to explain from; must be virtual")
    of_a, of_b = (account(side, name) for side, name in zip(sides, names, strict=True))
    if of_a.cpus != of_b.cpus:
        raise ValueError(
            f"{names[0]} has {of_a.cpus} CPUs, {names[1]} {of_b.cpus}: must be as many on both sides"
        )
    difference = of_b.total - of_a.total
    rate = -Fraction(of_a.cpus * 10**9) / (of_a.total * of_b.total)
    keys = sorted(of_a.per_frame.keys() | of_b.per_frame.keys())
    parts = {key: of_b.per_frame.get(key, Fraction(0)) - of_a.per_frame.get(key, Fraction(0)) for key in keys}
    if sum(parts.values(), Fraction(0)) != difference:
        raise AssertionError("contributions do not add up to the difference")
    rows = [
        (
            kind,
            name,
            float(of_a.per_frame.get((kind, name), Fraction(0))),
            float(of_b.per_frame.get((kind, name), Fraction(0))),
            float(part),
            float(part / difference) if difference else 0.0,
            float(part * rate),
        )
        for (kind, name), part in sorted(parts.items(), key=lambda item: (-abs(item[1]), item[0]))
    ]
    columns = ["kind", "name", "a_ns", "b_ns", "difference_ns", "share", "delivered_pps"]
    return Explanation(
        *names,
        pd.DataFrame(rows, columns=columns),
        (of_a.delivered_pps, of_b.delivered_pps),
        (len(sides[0]), len(sides[1])),
    )


def _runs(side: object) -> Sequence[Accounted]:
    return side if isinstance(side, Sequence) else (side,)  # type: ignore[return-value]


def _table(run: object, name: str) -> pd.DataFrame:
    tables: object = getattr(run, "tables", None)
    if isinstance(tables, Mapping):
        frame: pd.DataFrame = tables[name]
        return frame
    fetched: pd.DataFrame = run.table(name)  # type: ignore[attr-defined]
    return fetched


def account(runs: Sequence[Accounted], name: str) -> Account:
    """The pooled account of a scenario's runs: sums over runs, over the frames delivered in all of them."""
    sums: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    delivered = sum(run.stats["delivered"] for run in runs)
    if delivered == 0:
        raise ValueError(f"{name} delivered no frame: there is no time per frame to explain")
    cpus = 0
    for run in runs:
        ledger, cpu = _table(run, "ledger"), _table(run, "cpu")
        cpus = max(cpus, int(cpu["cpu"].nunique()))
        for op, ns in ledger.groupby("op", observed=True)["op_ns"].sum().items():
            sums["work", str(op)] += Fraction(ns)
        for layer, ns in ledger.groupby("layer", observed=True)["cache_ns"].sum().items():
            sums["cache", f"cache stalls in {layer}"] += Fraction(ns)
        sums["idle", "idle"] += Fraction(float(cpu.loc[cpu["context"] == "idle", "ns"].sum()))
    return Account({key: ns / delivered for key, ns in sums.items()}, cpus, delivered)
