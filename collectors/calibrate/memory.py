"""What an access beyond L1 takes, measured by following chains through memory: a guess for the fit.

A processor hides part of such a wait behind other work, and hides more of it in some code than in other, so
that the stall that makes predictions right is another number than the latency. The fit may move away from the
guess.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from collectors.calibrate.fit import Guess
from collectors.linux import Unavailable
from collectors.linux.access import access_latency
from engine import _core
from engine.config import Cache

L1_PROBE_BYTES = 16 * 1024


def latencies(cache: Cache) -> Mapping[str, float]:
    """ns beyond an L1 hit, by row of the cost table; those this machine cannot tell are left out.

    The level that answers is taken from the sizes in `cache`.
    """
    # Half of what the level holds, so that what else is in it leaves room; of the LLC, which others share,
    # less.
    first = _core.memory_latency_ns(L1_PROBE_BYTES)
    found = {
        "memory.l2": _core.memory_latency_ns(cache.l2_bytes // 2) - first,
        "memory.llc": _core.memory_latency_ns(min(4 * cache.l2_bytes, cache.llc_bytes // 2)) - first,
    }
    if len(os.sched_getaffinity(0)) > 1:
        try:
            accesses = access_latency().set_index("access")["ns"]
        except Unavailable:
            return found
        again = float(accesses["line read before"])
        found["memory.dram"] = float(accesses["line in no cache"]) - again
        found["memory.remote"] = float(accesses["line another CPU wrote"]) - again
    return {level: max(ns, 0.1) for level, ns in found.items()}


def memory_guesses(measured: Mapping[str, float]) -> dict[str, Guess]:
    """Each latency, give or take itself."""
    return {level: Guess(ns, ns) for level, ns in measured.items()}
