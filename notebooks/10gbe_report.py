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
# # 10GbE into eight CPUs: what receive queues change
#
# The same traffic arrives four times: with 1, 2, 4 and 8 receive queues. Frames are real bytes through a real
# parser, a real Toeplitz hash, rings, NAPI and sockets; time is virtual, so that any number of CPUs can be
# asked for and a run repeats to the byte. Counts come from the engine; every figure of time and cache comes
# from its model of costs, and says so. # Change a value in the next cell and run everything again.

# %% tags=["parameters"]
queues = [1, 2, 4, 8]
cpus = 8
repeats = 8
flows = 1024
duration_64_ms = 20.0
duration_imix_ms = 20.0
duration_1518_ms = 40.0
duration_capture_ms = 20.0
capture = "../datasets/captures/first_light/first_light.pcap"
jobs = None
duration_real_ms = 50.0
rate_real_pps = 500_000
kernel_frames_per_ms = 200

# %% tags=["remove-input"]
from pathlib import Path

import pandas as pd
import IPython.display as screen

from collectors import plots
from collectors.compare import compare
from collectors.compare.findings import finding
from collectors.doctor import survey
from collectors.linux_run import run_linux
from collectors.live_run import RealTime
from collectors.provenance import capture as capture_environment
from collectors.workers import available_cpus
from engine import Scenario, _core
from engine.config import Capture, Generated, Traffic
from engine.config.flows import Flows
from engine.config.offered import LineShare
from engine.config.sizes import IMIX_MEAN_BYTES, Fixed, Imix
from engine.config.traffic import Paced
from engine.units import engineering, line_rate_pps

# %% [markdown]
# ## The four mixes
#
# All are open loop: no receiver slows the sender down. 64 B at line rate is 14,880,952 frames a second,
# preamble and gap counted: 67.2 ns for each.

# %% tags=["remove-input"]
mixes = {
    "64 B at line rate": (
        duration_64_ms,
        Traffic(streams=(Generated(sizes=Fixed(64), flows=Flows(count=flows)),)),
    ),
    "IMIX at 80 %": (
        duration_imix_ms,
        Traffic(streams=(Generated(offered=LineShare(0.8), sizes=Imix(), flows=Flows(count=flows)),)),
    ),
    "1,518 B at line rate": (
        duration_1518_ms,
        Traffic(streams=(Generated(sizes=Fixed(1518), flows=Flows(count=flows)),)),
    ),
    "capture at line rate": (
        duration_capture_ms,
        Traffic(streams=(Capture(file=capture, timing=Paced(LineShare(1.0)), repeat=True),)),
    ),
}
names = [f"{count} queue" if count == 1 else f"{count} queues" for count in queues]
few, many = names[0], names[-1]
assert round(line_rate_pps(64)) == 14_880_952
scenarios = {
    mix: {
        name: Scenario(name=name).with_(
            **{
                "duration_ns": round(milliseconds * 1e6),
                "traffic": traffic,
                "nic.queues": count,
                "host.cpus": cpus,
            }
        )
        for name, count in zip(names, queues, strict=True)
    }
    for mix, (milliseconds, traffic) in mixes.items()
}
offered = {
    "64 B at line rate": line_rate_pps(64),
    "IMIX at 80 %": 0.8 * line_rate_pps(IMIX_MEAN_BYTES),
    "1,518 B at line rate": line_rate_pps(1518),
}
pd.DataFrame(
    {
        "offered": [
            engineering(offered[mix], "pps") if mix in offered else "as the frames allow" for mix in mixes
        ],
        "virtual time, ms": [milliseconds for milliseconds, _ in mixes.values()],
        "runs": [repeats * len(queues)] * len(mixes),
    },
    index=pd.Index(mixes, name="mix"),
)

# %% [markdown]
# ## Findings
#
# One sentence per mix, written from the runs.

# %% tags=["remove-input"]
comparisons = {}
comparisons["64 B at line rate"] = compare(scenarios["64 B at line rate"], repeats=repeats, jobs=jobs)

# %% tags=["remove-input"]
comparisons["IMIX at 80 %"] = compare(scenarios["IMIX at 80 %"], repeats=repeats, jobs=jobs)

# %% tags=["remove-input"]
comparisons["1,518 B at line rate"] = compare(scenarios["1,518 B at line rate"], repeats=repeats, jobs=jobs)

# %% tags=["remove-input"]
comparisons["capture at line rate"] = compare(scenarios["capture at line rate"], repeats=repeats, jobs=jobs)

# %% tags=["remove-input"]
for mix, comparison in comparisons.items():
    screen.display(screen.Markdown(f"- **{mix}**: {finding(comparison, few, many)}"))

# %% [markdown]
# Every frame is accounted for: `rx = delivered + Σ dropped + pending + consumed`, per queue and in total, in
# every run.

# %% tags=["remove-input"]
for comparison in comparisons.values():
    for run in comparison.runs:
        stats = run.stats
        assert stats["rx"] == (
            stats["delivered"] + sum(stats["dropped"].values()) + stats["pending"] + stats["consumed"]
        )
pd.concat({mix: comparison.table for mix, comparison in comparisons.items()}, names=["mix", "row"]).groupby(
    ["mix", "name"], sort=False
)[
    ["delivered_pps", "loss_ratio", "latency_p50_ns", "latency_p99_ns", "cpu_ns_per_frame", "queue_fairness"]
].mean()

# %% [markdown]
# ## Delivered rate and drops by reason

# %% tags=["remove-input"]
for mix, comparison in comparisons.items():
    screen.display(plots.delivered_and_drops(comparison, title=mix))

# %% [markdown]
# ## Softirq time per CPU

# %% tags=["remove-input"]
for mix, comparison in comparisons.items():
    screen.display(plots.softirq_bars(comparison, title=mix))

# %% [markdown]
# ## The same over time

# %% tags=["remove-input"]
for mix, comparison in comparisons.items():
    screen.display(plots.softirq_heat(comparison, title=mix))

# %% [markdown]
# ## Cache misses per packet, by level and layer
#
# The caches are a model: private L1d and L2 per CPU, one LLC, part of it written by the card. A line that
# another CPU changed has to be fetched from there.

# %% tags=["remove-input"]
for mix, comparison in comparisons.items():
    screen.display(plots.cache_misses(comparison, title=mix))

# %% [markdown]
# ## Latency
#
# From the time a frame was meant to be sent to the time an application read it, so that waiting is never left
# out. Dropped frames have no latency: read these curves beside the loss.

# %% tags=["remove-input"]
for mix, comparison in comparisons.items():
    screen.display(plots.latency_curve(comparison, title=mix))
    screen.display(plots.latency_ccdf(comparison, title=mix))

# %% [markdown]
# ## Where the difference comes from
#
# The ledger knows what every operation cost on every CPU. Divided by the frames delivered, the difference
# between two sides splits into named contributions that add up to it exactly.

# %% tags=["remove-input"]
for mix, comparison in comparisons.items():
    explanation = comparison.explain(few, many)
    assert abs(explanation.table["share"].sum() - 1) < 1e-9 or explanation.difference_ns == 0
    screen.display(screen.Markdown(f"**{mix}.** {explanation.sentence}"))
    screen.display(explanation.waterfall())

# %% [markdown]
# ## Effects, with their intervals

# %% tags=["remove-input"]
judged = ["delivered_pps", "latency_p50_ns", "latency_p99_ns", "cpu_ns_per_frame", "llc_misses_per_frame"]
for mix, comparison in comparisons.items():
    screen.display(plots.forest(comparison, judged, few, title=mix))

# %% [markdown] tags=["measured"]
# ## Measured on this machine
#
# Not virtual: the same stages in real time, a thread for the card and one for the host, each on a CPU of this
# machine, 64 B frames of 64 flows on one queue. First as fast as they are taken (in virtual time: at line
# rate), then at a fixed rate, where latency counts from the intended send time on both clocks. Virtual time
# charges what Linux' kernel takes for a frame; real time is what these stages themselves take, without a
# kernel. **These figures differ from report to report**; a disturbed run is one that lost more than 1 % of
# its time because other work had a CPU.

# %% tags=["remove-input", "measured"]
one_core = Scenario().with_(
    **{
        "duration_ns": round(duration_real_ms * 1e6),
        "traffic": Traffic(streams=(Generated(sizes=Fixed(64), flows=Flows(count=64)),)),
        "nic.queues": 1,
        "host.cpus": 1,
    }
)
at_rate = one_core.with_(**{"traffic.streams.0.generated.offered": {"frames_per_second": rate_real_pps}})
if available_cpus() < 2:
    screen.display(
        screen.Markdown(
            f"Nothing was measured: real time takes two CPUs, one for the card and one for the host, and "
            f"this process may use {available_cpus()}."
        )
    )
else:
    beside = {
        ("as fast as taken", "real"): compare(
            {"own host": one_core}, clock=RealTime("lossless", prepared_frames=4096), repeats=repeats
        ),
        ("as fast as taken", "virtual"): compare({"own host": one_core}, repeats=repeats, jobs=jobs),
        (f"at {rate_real_pps:,} pps", "real"): compare({"own host": at_rate}, clock="real", repeats=repeats),
        (f"at {rate_real_pps:,} pps", "virtual"): compare({"own host": at_rate}, repeats=repeats, jobs=jobs),
    }
    screen.display(
        pd.DataFrame(
            {
                "source": [comparison.source for comparison in beside.values()],
                "delivered, Mpps": [c.table["delivered_pps"].median() / 1e6 for c in beside.values()],
                "best, Mpps": [c.table["delivered_pps"].max() / 1e6 for c in beside.values()],
                "loss ratio": [c.table["loss_ratio"].median() for c in beside.values()],
                "latency p50, µs": [c.table["latency_p50_ns"].median() / 1e3 for c in beside.values()],
                "latency p99, µs": [c.table["latency_p99_ns"].median() / 1e3 for c in beside.values()],
                "runs": [comparison.repeats for comparison in beside.values()],
                "disturbed": [len(comparison.disturbed) for comparison in beside.values()],
            },
            index=pd.MultiIndex.from_tuples(beside, names=["load", "clock"]),
        )
    )

# %% [markdown] tags=["measured"]
# The same card before this machine's kernel: frames written to a TAP device, real softirqs, real sockets, a
# program that reads them. Without NAPI the kernel receives within the card's own write; with it, in a
# softirq. Needs root; without it a sentence says what is missing.

# %% tags=["remove-input", "measured"]
able = {one.name: one for one in survey()}
missing = [one for one in (able["tap"], able["namespaces"]) if not one.available]
if missing:
    screen.display(screen.Markdown(f"Nothing was measured: {missing[0].name}: {missing[0].detail}"))
else:
    enough = {"traffic.frames": round(duration_real_ms * kernel_frames_per_ms), "duration_ns": 10**10}
    before_kernel = one_core.with_(**enough)
    taken = {
        napi: run_linux(before_kernel, napi=napi, pacing="lossless", prepared_frames=4096, watch=["softirq"])
        for napi in ("off", "on")
    }
    assert all(done.stats["delivered"] > 0 for done in taken.values())
    softirqs = {
        napi: done.kernel.table("softirq").query("vector == 'NET_RX'") for napi, done in taken.items()
    }
    screen.display(
        pd.DataFrame(
            {
                "frames": [done.stats["rx"] for done in taken.values()],
                "taken by the kernel, kpps": [done.summary["delivered_pps"] / 1e3 for done in taken.values()],
                "read by the program": [done.read_frames for done in taken.values()],
                "NET_RX softirqs": [table["count"].sum() for table in softirqs.values()],
                "in them, ms": [table["ns"].sum() / 1e6 for table in softirqs.values()],
                "source of softirqs": [done.kernel.sources["softirq"] for done in taken.values()],
            },
            index=pd.Index([f"NAPI {napi}" for napi in taken], name="TAP"),
        ).round(1)
    )

# %% [markdown]
# ## What this was run on
#
# Virtual time does not depend on the machine; the build and the scenarios do decide.

# %% tags=["remove-input"]
environment = capture_environment()
facts = {
    "core": " · ".join(f"{key} {value}" for key, value in _core.build().items()),
    "environment": environment.fingerprint,
    "capture": Path(capture).name,
    **{
        f"scenario: {mix}, {name}": scenario.key()[:16]
        for mix, named in scenarios.items()
        for name, scenario in named.items()
    },
}
pd.DataFrame({"value": facts})
