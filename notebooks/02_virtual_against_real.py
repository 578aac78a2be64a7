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
# # Virtual time against real time
#
# A model is worth what it predicts. This machine is calibrated on a few scenarios at the ends, then other
# scenarios are run both ways: in virtual time with the calibration, and in real time. Residuals are shown
# whatever they are.

# %% tags=["parameters"]
repeats = 3
frames = 60_000
loads = [0.25, 0.5]
kernel_rounds = 200
patience_s = 60.0
quick = True

# %%
import pandas as pd

from collectors import plots
from collectors.calibrate import calibrate_kernel, calibrate_own_host
from collectors.doctor import survey
from collectors.validate import BAR, validate, validate_kernel
from collectors.validate.anchors import compare, missing

made = calibrate_own_host(
    repeats=repeats, frames=frames, patience_s=patience_s, command="notebooks/02", progress=False
)
long = {"repeats": repeats, "frames": frames, "loads": loads, "patience_s": patience_s}
checked = validate(made.calibration, **long, quick=quick, progress=False)
assert {"throughput_pps", "busy_ns_per_frame", "latency_p50_ns"} == set(checked.table["metric"])
assert (checked.table["measured"] > 0).all()
assert not checked.judged.empty
checked.table.drop(columns=["load"]).round(3)

# %% [markdown]
# ## Throughput
#
# As fast as the path goes without losing a frame. Grey: what is within the bar.

# %%
plots.prediction(checked)

# %% [markdown]
# What matters most in a comparison of configurations is their order. Pairs that are more than 5 % apart, and
# whose intervals do not touch: does virtual time put them in the same order?

# %%
pairs = checked.pairs
pairs.sort_values("agree").round(2)

# %%
checked.score.round(3).to_frame(f"score, bar {BAR:.0%}")

# %% [markdown]
# ## Paced
#
# At shares of what each path is predicted to take: a frame takes more of the CPU the fewer a round holds.

# %%
plots.prediction(checked, "busy_ns_per_frame")

# %% [markdown]
# ## This machine's kernel as the host
#
# Frames written to a TAP device, sockets read in turn. Needs the right to make a network namespace and a TAP.

# %%
able = {one.name: one for one in survey()}
needed = [able[name] for name in ("tap", "namespaces")]
unable = [f"{one.name}: {one.detail}" for one in needed if not one.available]
unable or "the kernel's path is measured below"

# %%
kernel = pd.DataFrame()
if not unable:
    costs = calibrate_kernel(repeats=repeats, rounds=kernel_rounds, progress=False).calibration
    against = validate_kernel(costs, repeats=repeats, rounds=kernel_rounds, quick=quick, progress=False)
    assert (against.table["measured"] > 0).all()
    assert set(against.table["metric"]) == {"throughput_pps"}
    kernel = against.table.drop(columns=["load"]).round(3)
kernel

# %% [markdown]
# ## Published tables
#
# Calibrated on the two extreme rows of each; the others are predicted. `remark` says why a row is far off.

# %%
published = compare()
assert {"C1", "C2", "C12", "C14", "C15"} <= set(published["anchor"])
assert published.groupby("anchor")["used"].sum().ge(2).all()
published.round(3)

# %%
plots.anchors(published, "C1", "Gb/s per core by what is optimised: published and predicted")

# %%
plots.anchors(published, "C12", "Packets forwarded per second by cores: published and predicted")

# %%
plots.anchors(published, "C14", "Transactions beside a flood: published and predicted")

# %% [markdown]
# What cannot be compared yet, and what is missing for it:

# %%
missing()
