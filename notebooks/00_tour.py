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
# # A tour of the receive path
#
# One packet, followed from the wire to the program that reads it. Everything on the way is real: the bytes,
# the parse, the hash, the ring. Only time is virtual: it advances by what each step costs, and the cost table
# says where every number comes from.

# %% tags=["parameters"]
frame = 1000
duration_us = 1000.0
queues = 4
seed = 1

# %%
import json

import pandas as pd

from collectors import plots
from collectors.columns import TABLES
from collectors.datapath.trace import steps
from collectors.run import run
from engine import Scenario, _core, declared
from engine.config.rss import MICROSOFT_KEY
from engine.units import frame_time_ns, goodput_bps, line_rate_pps

# %% [markdown]
# ## How much is 10GbE?
#
# A frame occupies its own bytes and 20 more: 8 of preamble, 12 of gap. So a line of 10 Gb/s carries at most
# this many frames a second, and leaves this long for each.

# %%
sizes = [64, 128, 256, 512, 1024, 1280, 1518]
line = pd.DataFrame(
    {
        "frames per second": [line_rate_pps(size) for size in sizes],
        "ns per frame": [frame_time_ns(size) for size in sizes],
        "Gb/s of frames": [goodput_bps(size) / 1e9 for size in sizes],
    },
    index=pd.Index(sizes, name="bytes"),
)
assert int(line_rate_pps(64)) == 14_880_952
assert int(line_rate_pps(1518)) == 812_743
assert round(frame_time_ns(64), 1) == 67.2
line.round(2)

# %% [markdown]
# ## One run
#
# A scenario says everything a run depends on. What is not said has its default.

# %%
scenario = Scenario(name="tour", seed=seed).with_(
    **{
        "duration_ns": round(duration_us * 1000),
        "drain_ns": 10_000_000,
        "nic.queues": queues,
        "host.cpus": queues,
        "traffic.streams.0.generated.offered": {"line_share": 0.1},
        "observe.verdicts": True,
        "observe.frames": True,
    }
)
scenario

# %%
tour = run(scenario)
tour

# %% [markdown]
# Every frame ended in exactly one way. The law holds for the whole run, and for each queue.

# %%
stats = tour.stats
assert (
    stats["rx"] == stats["delivered"] + sum(stats["dropped"].values()) + stats["pending"] + stats["consumed"]
)
assert 0 <= frame < stats["rx"]
tour.queues

# %% [markdown]
# ## The way of one frame
#
# The same scenario again, with one frame watched: a run is repeatable, so it is the same frame with the same
# fate.

# %%
trace = tour.trace(frame)
assert trace["point"].iloc[0] == "wire"
assert trace["point"].iloc[-1] == "app"
assert trace.loc[trace["point"] == "verdict", "detail"].tolist() == ["delivered"]
assert trace["time_ns"].is_monotonic_increasing
steps(trace)[["time_ns", "since_ns", "step_ns", "cpu", "queue", "point", "detail"]]

# %%
plots.frame_way(trace, title=f"Frame {frame}")

# %% [markdown]
# ## Its bytes
#
# What the card handed to the host is kept as a capture. The dissector reads it back.

# %%
handed = tour.table("handed")
place = int(handed.index[handed["frame"] == frame][0])
dissected = [json.loads(text) for text in _core.dissect(tour.result.output_capture(), MICROSOFT_KEY, queues)]
packet = dissected[place]
assert packet["rss"]["queue"] == int(handed.loc[place, "queue"])
packet

# %% [markdown]
# ## What it cost
#
# The ledger holds what every operation cost, on every CPU, for every queue. Its sum is the CPUs' busy time.

# %%
busy = tour.cpu[tour.cpu["context"] != "idle"].groupby("cpu")["ns"].sum()
ledger = tour.ledger.groupby("cpu")["ns"].sum().reindex(busy.index, fill_value=0.0)
assert ((busy - ledger).abs() < 1e-3).all()
spent = tour.ledger.groupby(["layer", "op"], observed=True)[["count", "op_ns", "cache_ns", "ns"]].sum()
(spent / stats["delivered"]).rename(columns={"count": "times"}).round(2)

# %% [markdown]
# No cost without a source: this is where the numbers come from.

# %%
pd.DataFrame([{"operation": row.key, "ns": row.ns, "source": row.source} for row in declared.costs()])

# %% [markdown]
# ## Where to look things up
#
# Every table says what its columns mean.

# %%
pd.DataFrame(
    [(column.name, column.dtype, column.unit, column.meaning) for column in TABLES["queues"].columns],
    columns=["column", "dtype", "unit", "meaning"],
)
