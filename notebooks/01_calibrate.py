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
# # What work costs on this machine
#
# Virtual time charges for work by a cost table. Here its rows are measured: the engine's own host runs
# in real time, a card's thread and a host's thread, and what its rounds take is divided among the operations
# its stages report. Costs are then found by which virtual time would have taken as long.
#
# Figures of a machine that does other work meanwhile are worth less; `cpu_lost_to_others` says how much of
# that there was, `steady_share` in how many runs the machine was in the state it had at the start.

# %% tags=["parameters"]
repeats = 3
frames = 60_000
patience_s = 60.0

# %%
import pandas as pd

from collectors import plots
from collectors.calibrate import calibrate_own_host
from collectors.calibrate.measure import once
from collectors.calibrate.points import MOST_IN_A_ROUND, points
from collectors.run import run
from engine import Scenario

chosen = {point.name: point for point in points(frames)}
pd.DataFrame(
    [(p.name, p.load, p.prepared_frames is not None) for p in chosen.values()],
    columns=["point", "load", "frames laid out before"],
)

# %% [markdown]
# ## One point, metered
#
# Most rounds are left alone: they say what a round of so many frames takes. Some are timed operation by
# operation: they say how that divides. A look at the clock costs as much as a small operation, so that the
# second kind alone would be of no use.

# %%
metered = once(chosen["64 B, 4096 flows"])
rounds = metered.table("rounds")
full = rounds[(rounds["cpu"] == 0) & (rounds["frames"] == MOST_IN_A_ROUND)]
assert len(full) <= 1
assert set(rounds["cpu"]) == {-1, 0}
rounds.nlargest(4, "rounds")

# %%
times = metered.table("op_times")
assert {"driver.descriptor", "skb.alloc", "ip.receive", "socket.enqueue", "copy.payload"} <= set(times["op"])
assert (times["lap_p10_ns"] <= times["lap_p50_ns"]).all()
assert (times["lap_p50_ns"] <= times["lap_p90_ns"]).all()
times.assign(ns_per_frame=times["ns"] / times["frames"])[
    ["op", "units", "laps", "ns_per_frame", "lap_cost_ns", "lap_p10_ns", "lap_p50_ns", "lap_p90_ns"]
].round(1)

# %% [markdown]
# ## The calibration
#
# Every point in turn, several times; then least squares with no cost below zero.

# %%
made = calibrate_own_host(
    repeats=repeats, frames=frames, patience_s=patience_s, command="notebooks/01_calibrate", progress=False
)
calibration = made.calibration
charged = set(run(Scenario().with_(duration_ns=200_000, name=""), progress=False).ledger["op"])
assert {"driver.receive", "skb.alloc", "udp.receive", "socket.lookup"} <= {row.op for row in calibration.rows}
assert charged - {row.op for row in calibration.rows} <= {"sched.switch", "irq.ipi"}
assert all(row.source.startswith(("fitted: ", "measured: ")) for row in calibration.rows)
assert all(row.ns >= 0.0 and row.uncertainty_ns >= 0.0 for row in calibration.rows)
pd.DataFrame([(r.op, r.ns, r.uncertainty_ns, r.source) for r in calibration.rows]).set_axis(
    ["row", "ns", "± ns", "source"], axis=1
)

# %%
pd.Series({key: str(value) for key, value in calibration.provenance.items()}, name="provenance").to_frame()

# %% [markdown]
# ## How well the costs add up
#
# Each point's frame as measured, and as the costs have it: operations and the cache model's stalls together.

# %%
whole = made.residuals[~made.residuals["equation"].str.contains(": ")].set_index("equation")
assert len(whole) >= 4
plots.frame_costs(made.residuals)

# %% [markdown]
# ## Using it
#
# `costs` of a scenario names a calibration's file, or takes its rows. The scenario then holds the rows
# themselves, so that its result says all it depends on. `rxbench calibrate --out DIR` writes the file.

# %%
scenario = Scenario().with_(**{"duration_ns": 500_000, "nic.queues": 1, "host.cpus": 1, "host.polling": True})
with_table, with_machine = (
    run(each, progress=False) for each in (scenario, scenario.with_(costs=calibration.costs()))
)
assert with_machine.scenario.costs == calibration.costs()
assert with_machine.stats["rx"] == with_table.stats["rx"]
pd.DataFrame(
    {"cost table": with_table.summary, "this machine": with_machine.summary},
).loc[["delivered_pps", "cpu_ns_per_frame"]].round(1)
