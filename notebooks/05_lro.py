# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # LRO and GRO: what is a merged frame worth?
#
# Segments of a TCP flow that follow one another can become one frame: in the card (LRO), or in the host
# before its stack (GRO). What to expect: the CPU's time per gigabyte is a part that stays, the copy to
# the application, and a part that is paid per frame and so falls as one over the segments in a frame;
# what is merged in the card also saves descriptors and skbs; the more flows take turns, the less there
# is to merge, once they are more than may be held; and waiting for a segment costs latency, at most the
# timer.

# %% tags=["parameters"]
segments = [1, 2, 4, 8, 16, 32, 44]
flow_counts = [1, 4, 8, 16, 32, 64, 128, 256]
context_counts = [8, 32, 256]
timers_us = [5, 20, 50, 100, 200]
duration_us = 4_000.0

# %%
from pathlib import Path

import numpy as np
import pandas as pd

from collectors.datapath.cpu import busy_ns
from collectors.replay import replay
from collectors.run import run
from engine import Scenario

# %% [markdown]
# ## Which segments merge
#
# The rule is that of Linux's GRO, and the tests ask the running kernel. A capture of real programs,
# through a card without LRO and with it: every byte arrives, in fewer frames, and each context that was
# closed says why.

# %%
capture = Path("../datasets/captures/first_light/first_light.pcap")
plain = replay(capture, settings=["nic.ring_size=1024"])
merged = replay(capture, settings=["nic.ring_size=1024", "nic.lro.enabled=true", "nic.lro.timer_us=1000"])
assert merged.stats["delivered"] + merged.stats["consumed"] == plain.stats["delivered"]
assert merged.stats["consumed"] > 0
keys = ["rx", "delivered", "consumed", "pending"]
pd.DataFrame({"without": plain.stats, "with LRO": merged.stats}).loc[keys].rename_axis("frames")

# %% [markdown]
# ## CPU per gigabyte against segments per frame
#
# One flow of 1,518-byte frames at half of 10 Gb/s, whose segments never push, so that only the limit
# ends a frame. The card merges up to so many; 44 fit into 64 KiB. What is paid per frame falls as 1/n:
# the points must lie near a line over 1/n, whose height at 0 is what no merging saves. They miss it by
# what is paid neither per byte nor per frame, interrupts and wakings, which come more seldom only once
# frames do.

# %%
base = Scenario(name="bulk").with_(
    **{
        "duration_ns": round(duration_us * 1000),
        "drain_ns": 5_000_000,
        "nic.queues": 1,
        "nic.ring_size": 4096,
        "nic.buffers_per_queue": 16384,
        "host.cpus": 2,
        "host.tcp.gap": "ignore",
        "traffic.streams.0.generated.offered": {"line_share": 0.5},
        "traffic.streams.0.generated.sizes": {"fixed": {"bytes": 1518}},
        "traffic.streams.0.generated.flows.count": 1,
        "traffic.streams.0.generated.flows.tcp_share": 1.0,
        "traffic.streams.0.generated.flows.popularity": "in_turn",
    }
)
by_card = ["nic.lro.enabled=true", "nic.lro.timer_us=1000"]
rows = []
for n in segments:
    each = run(base if n == 1 else base.with_(*by_card, f"nic.lro.max_segments={n}"), progress=False)
    assert each.stats["dropped"] == {}
    gigabytes = each.flows["bytes"].sum() / 1e9
    softirq_ns = busy_ns(each.cpu[each.cpu["context"].isin(["hardirq", "softirq", "ksoftirqd"])])
    frames = each.stats["delivered"]
    rows.append(
        (n, each.stats["rx"] / frames, busy_ns(each.cpu) / gigabytes / 1e9, softirq_ns / gigabytes / 1e9)
    )
per_gigabyte = pd.DataFrame(
    rows, columns=["limit", "segments per frame", "CPU seconds per GB", "of them in softirq"]
).set_index("limit")
share = 1 / per_gigabyte["segments per frame"]
slope, floor = np.polyfit(share, per_gigabyte["CPU seconds per GB"], 1)
fitted = floor + slope * share
residual = (per_gigabyte["CPU seconds per GB"] / fitted - 1).abs().max()
per_gigabyte["line over 1/n"] = fitted
assert per_gigabyte["CPU seconds per GB"].is_monotonic_decreasing
correlation = float(np.corrcoef(share, per_gigabyte["CPU seconds per GB"])[0, 1])
assert correlation > 0.97
per_gigabyte.round(4)

# %%
saved = 1 - per_gigabyte["CPU seconds per GB"].iloc[-1] / per_gigabyte["CPU seconds per GB"].iloc[0]
cost = per_gigabyte["CPU seconds per GB"]
half = next(n for n in segments if cost[n] <= (cost.iloc[0] + cost.iloc[-1]) / 2)
pd.Series(
    {
        "paid per frame, share of the CPU without LRO": slope / (slope + floor),
        "no merging saves, CPU seconds per GB": floor,
        "saved at the largest limit": saved,
        "segments that save half of what can be saved": half,
        "largest residual of the line": residual,
        "correlation with 1/n": correlation,
    },
    name="bulk",
).round(3)

# %% [markdown]
# ## Where it is merged
#
# The card, the host, or both, at the same load. The host's GRO merges what one poll finds, so that it
# needs an interrupt that waits; and it pays descriptor and skb for every frame of the wire before it
# merges.

# %%
waiting = base.with_("nic.coalesce={rx_usecs=50, rx_max_coalesced_frames=0}")
by_host = ["host.gro.enabled=true"]
rows = []
for name, settings in {
    "neither": [],
    "GRO": by_host,
    "LRO": ["nic.lro.enabled=true", "nic.lro.timer_us=50"],
    "LRO and GRO": ["nic.lro.enabled=true", "nic.lro.timer_us=50", *by_host],
}.items():
    each = run(waiting.with_(*settings), progress=False)
    gigabytes = each.flows["bytes"].sum() / 1e9
    rows.append(
        (
            name,
            each.stats["rx"] / each.stats["delivered"],
            busy_ns(each.cpu) / gigabytes / 1e9,
            float(each.percentile(99)[0]) / 1e3,
        )
    )
where = pd.DataFrame(rows, columns=["merged by", "segments per frame", "CPU seconds per GB", "p99, µs"])
where = where.set_index("merged by")
assert where.loc["LRO", "CPU seconds per GB"] < where.loc["GRO", "CPU seconds per GB"]
assert where.loc["GRO", "CPU seconds per GB"] < where.loc["neither", "CPU seconds per GB"]
where.round(3)

# %% [markdown]
# ## Flows that take turns
#
# The worst order: flow after flow, one segment each. As long as there are contexts for all of them the
# card holds every flow until its timer; with one flow more than contexts the oldest goes each time, and
# nothing merges. The host's GRO has 8 buckets of 8: it loses flows earlier, for the hash does not fill
# them evenly, and more softly.

# %%
holders = {f"LRO, {n} contexts": [*by_card, f"nic.lro.contexts={n}"] for n in context_counts}
holders["GRO, 8 x 8"] = [
    *by_host,
    "nic.coalesce={rx_usecs=200, rx_max_coalesced_frames=0}",
    "host.napi.weight_frames=1024",
]
table = {}
for name, settings in holders.items():
    found = []
    for count in flow_counts:
        interleaved = base.with_(*settings, **{"traffic.streams.0.generated.flows.count": count})
        each = run(interleaved, progress=False)
        found.append(each.stats["rx"] / each.stats["delivered"])
    table[name] = found
effectiveness = pd.DataFrame(table, index=pd.Index(flow_counts, name="flows in turn"))
for count in context_counts:
    column = effectiveness[f"LRO, {count} contexts"]
    assert (column[column.index > count] < 1.01).all()
    assert (column[column.index <= count] > 1.5).all() or duration_us < 2_000
effectiveness.round(2)

# %% [markdown]
# What is lost of the merging between one flow and the most. Cai et al. (SIGCOMM 2021) name it as one cause
# why all-to-all traffic got 67 % less through a core than one flow; the direction is compared, not the
# figure, which holds more than merging.

# %%
lost = 1 - (effectiveness.iloc[-1] - 1) / (effectiveness.iloc[0] - 1)
lost.rename("of the merging, lost").round(3)

# %% [markdown]
# ## What waiting costs
#
# A frame in a context waits for the next segment, and at most for the timer. One segment every 10 µs,
# far below the line: the shortest timers merge nothing and delay each frame by themselves; the longest
# merge more and delay the first of each frame by all of themselves.

# %%
slow = base.with_(**{"traffic.streams.0.generated.offered": {"frames_per_second": 100_000}})
without_p99 = float(run(slow, progress=False).percentile(99)[0]) / 1e3
rows = []
for timer in timers_us:
    each = run(slow.with_("nic.lro.enabled=true", f"nic.lro.timer_us={timer}"), progress=False)
    p99 = float(each.percentile(99)[0]) / 1e3
    rows.append((timer, each.stats["rx"] / each.stats["delivered"], p99, p99 - without_p99))
waits = pd.DataFrame(rows, columns=["timer, µs", "segments per frame", "p99, µs", "added, µs"]).set_index(
    "timer, µs"
)
# The larger frame's own way is longer too: its copy.
assert (waits["added, µs"] <= waits.index + 0.5 * waits["segments per frame"] + 1).all()
waits.round(2)

# %% [markdown]
# ## Verdict
#
# Computed from the tables above. It holds for the model's costs, each of which names its source, for
# one receiver, and for senders that do not react: whether the fewer acknowledgements of merged frames
# slow a sender down is asked in the notebook about acknowledgements.

# %%
best = where["CPU seconds per GB"].idxmin()
least = where.loc[best, "CPU seconds per GB"] / where.loc["neither", "CPU seconds per GB"]
held = int(effectiveness.index[effectiveness[f"LRO, {context_counts[-1]} contexts"] > 1.01].max())
softly = int(effectiveness.index[effectiveness["GRO, 8 x 8"] > 1.01].max())
longest = waits.iloc[-1]
print(
    f"Merging {per_gigabyte['segments per frame'].iloc[-1]:.0f} segments saves {saved:.0%} of the CPU per "
    f"gigabyte; half of that is there at {half}.\n"
    f"Cheapest of the four: {best}, {least:.0%} of neither.\n"
    f"With {context_counts[-1]} contexts up to {held} flows in turn still merge, with 8 buckets of 8 in the "
    f"host {softly}.\n"
    f"A timer of {timers_us[-1]} µs adds {longest['added, µs']:.0f} µs to the 99th percentile: itself and "
    f"the copy of {longest['segments per frame']:.0f} segments."
)
