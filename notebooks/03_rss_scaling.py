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
# # RSS: how far do more queues carry?
#
# A card with several receive queues hashes each packet's addresses and ports (Toeplitz, as Microsoft
# published it), looks the hash up in a table, and so spreads flows over queues and their CPUs. # What to
# expect: the rate grows with queues and CPUs until something shared is full; few flows spread badly, as balls
# thrown into bins do; and the fullest queue decides the tail of the latency.

# %% tags=["parameters"]
queues = [1, 2, 4, 6]
flow_counts = [1, 2, 4, 8, 16, 32, 64, 128]
frame_sizes = [64, 512, 1518]
repeats = 4
duration_us = 10_000.0
spread_seeds = 30
spread_queues = 8
jobs = None

# %%
import json
import struct

import numpy as np
import pandas as pd

from collectors import plots
from collectors.compare import compare
from collectors.compare.statistics import mean_interval
from collectors.datapath.flows import per_queue
from collectors.datapath.latency import percentile
from collectors.datapath.queues import jain
from collectors.run import run
from collectors.theory.balls import expected_fullest
from collectors.theory.toeplitz import hash_input, toeplitz
from engine import Scenario, _core
from engine.config.rss import MICROSOFT_KEY

# %% [markdown]
# ## The hash is the published one
#
# Microsoft's verification suite: source, destination, ports, hash of the addresses, hash of addresses and
# ports. The definition, bit by bit, must give it; and so must the engine, for a frame made of these
# addresses.

# %%
suite = [
    ("66.9.149.187", "161.142.100.80", 2794, 1766, 0x323E8FC2, 0x51CCC178),
    ("199.92.111.2", "65.69.140.83", 14230, 4739, 0xD718262A, 0xC626B0EA),
    ("24.19.198.95", "12.22.207.184", 12898, 38024, 0xD2D0A5DE, 0x5C2B394A),
    ("38.27.205.30", "209.142.163.6", 48228, 2217, 0x82989176, 0xAFC7327F),
    ("153.39.163.191", "202.188.127.2", 44251, 1303, 0x5D1809C5, 0x10E828A2),
]
key = bytes.fromhex(MICROSOFT_KEY)
capture = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
for source, destination, sport, dport, addresses, ports in suite:
    assert toeplitz(key, hash_input(source, destination)) == addresses
    assert toeplitz(key, hash_input(source, destination, (sport, dport))) == ports
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 46, 0, 0, 64, 17, 0) + hash_input(source, destination)
    wire = bytes(12) + b"\x08\x00" + ip + struct.pack(">HHHH", sport, dport, 26, 0) + bytes(18)
    capture += struct.pack("<IIII", 0, 0, len(wire), len(wire)) + wire
found = [json.loads(text) for text in _core.dissect(capture, MICROSOFT_KEY, spread_queues)][:-1]
rows = [
    (*case[:4], f"{each['rss']['hash2']:#010x}", f"{each['rss']['hash4']:#010x}", each["rss"]["queue"])
    for case, each in zip(suite, found, strict=True)
]
assert [row[4:6] for row in rows] == [(f"{two:#010x}", f"{four:#010x}") for *_, two, four in suite]
pd.DataFrame(rows, columns=["source", "destination", "sport", "dport", "hash2", "hash4", "queue"])

# %% [markdown]
# ## Few flows: balls into bins
#
# n flows on k queues are n balls in k bins. The expectation of the fullest bin is exact; the engine's flows,
# with their own random addresses and ports, must meet it within four standard errors.

# %%
base = Scenario(name="spread").with_(
    **{
        "nic.queues": spread_queues,
        "host.cpus": spread_queues,
        "drain_ns": 10_000_000,
        "traffic.streams.0.generated.offered": {"line_share": 0.05},
        "traffic.streams.0.generated.flows.popularity": "in_turn",
    }
)
spread = []
for count in flow_counts:
    once = base.with_(
        **{
            "traffic.streams.0.generated.flows.count": count,
            "traffic.frames": count,
            "duration_ns": 1_000_000,
        }
    )
    fullest = []
    for seed in range(1, spread_seeds + 1):
        flows = run(once, seed=seed, progress=False).flows
        assert len(flows) == count
        fullest.append(int(per_queue(flows, spread_queues).max()))
    expected = expected_fullest(count, spread_queues)
    error = np.std(fullest, ddof=1) / np.sqrt(spread_seeds)
    assert abs(np.mean(fullest) - expected) <= 4 * error + 1e-9
    spread.append((count, np.mean(fullest), error, expected, expected / (count / spread_queues)))
pd.DataFrame(
    spread, columns=["flows", "fullest queue, found", "standard error", "expected", "expected over mean"]
).round(3)

# %% [markdown]
# ## More queues, more CPUs, at every frame size
#
# As many CPUs as queues, 1,024 flows, line rate. Small frames need every CPU; large ones come so rarely that
# one CPU may do.

# %%
grid = {
    f"{size} B, {count} q": Scenario().with_(
        **{
            "duration_ns": round(duration_us * 1000),
            "nic.queues": count,
            "host.cpus": count,
            "traffic.streams.0.generated.sizes": {"fixed": {"bytes": size}},
            "traffic.streams.0.generated.flows.count": 1024,
        }
    )
    for size in frame_sizes
    for count in queues
}
scaling = compare(grid, repeats=repeats, jobs=jobs)
rates = pd.DataFrame(
    {
        f"{size} B": [
            scaling.interval("delivered_pps", f"{size} B, {count} q").estimate / 1e6 for count in queues
        ]
        for size in frame_sizes
    },
    index=pd.Index(queues, name="queues and CPUs"),
)
assert rates["64 B"].is_monotonic_increasing
rates.round(3)

# %% [markdown]
# Beside it, what Linux reached when it forwarded 64-byte packets with 1 to 6 cores on other hardware
# (Høiland-Jørgensen et al., CoNEXT 2018). Not the rate is compared, the shape: how many times the first
# core's rate.

# %%
anchor = pd.read_csv("../datasets/anchors/xdp_linux_forwarding_by_core.csv", index_col="Cores")[
    "Linux (single route)"
]
shape = pd.DataFrame(
    {
        "model": rates["64 B"] / rates["64 B"].iloc[0],
        "Linux, published": anchor.reindex(queues) / anchor.loc[1],
    }
)
assert (shape["model"] / shape["Linux, published"] - 1).abs().max() < 0.25
shape.round(2)

# %% [markdown]
# ## What is hashed
#
# The fewer fields are hashed, the fewer queues can tell flows apart. Without a hash everything is for queue
# 0.

# %%
inputs = {
    f"{fields}": Scenario(name=fields).with_(
        **{
            "duration_ns": round(duration_us * 1000),
            "nic.queues": spread_queues,
            "host.cpus": spread_queues,
            "nic.rss.fields.udp4": fields,
            "traffic.streams.0.generated.offered": {"line_share": 0.1},
        }
    )
    for fields in ("off", "2-tuple", "4-tuple")
}
fairness = {name: jain(run(each, progress=False).queues["rx_frames"]) for name, each in inputs.items()}
assert fairness["off"] == 1 / spread_queues
assert fairness["4-tuple"] > 0.5
pd.Series(fairness, name="Jain's fairness over queues").round(3)

# %% [markdown]
# ## The worst queue governs the tail
#
# Thirty-two flows with Zipf's popularity on eight queues, at a load most CPUs bear well: the queue that holds
# the elephants waits longest, and the 99th percentile of all traffic follows it.

# %%
elephants = Scenario(name="elephants").with_(
    **{
        "duration_ns": round(duration_us * 1000),
        "nic.queues": spread_queues,
        "host.cpus": spread_queues,
        "traffic.streams.0.generated.offered": {"line_share": 0.1},
        "traffic.streams.0.generated.arrivals": "poisson",
        "traffic.streams.0.generated.flows.count": 32,
        "traffic.streams.0.generated.flows.popularity": {"zipf": {"exponent": 1.0}},
    }
)
tail = []
for seed in range(1, 2 * repeats + 1):
    each = run(elephants, seed=seed, progress=False)
    latency = each.latency[each.latency["part"] == "total"]
    p99 = {int(queue): float(percentile(rows, 99)[0]) for queue, rows in latency.groupby("queue")}
    load = each.queues.set_index("queue")["rx_frames"]
    fullest = int(load.idxmax())
    overall = float(each.percentile(99)[0])
    assert min(p99.values()) <= overall <= max(p99.values())
    tail.append(
        (
            seed,
            load.max() / load.mean(),
            fullest,
            p99[fullest] / 1e3,
            np.median(list(p99.values())) / 1e3,
            overall / 1e3,
        )
    )
table = pd.DataFrame(
    tail,
    columns=["seed", "imbalance", "fullest queue", "its p99, µs", "median queue's p99, µs", "p99 of all, µs"],
)
assert (table["its p99, µs"] >= table["median queue's p99, µs"]).mean() >= 0.75
table.round(2)

# %% [markdown]
# How uneven it was, over the runs: mean and 95 % interval of the fullest queue's share over an even one.

# %%
mean_interval(table["imbalance"].to_numpy())

# %% [markdown]
# ## All effects of the scaling
#
# Against one queue at the smallest size. An interval that spans 1 means: no difference found.

# %%
first = f"{frame_sizes[0]} B, {queues[0]} q"
plots.forest(scaling, ["delivered_pps", "latency_p99_ns", "cpu_ns_per_frame"], first)
