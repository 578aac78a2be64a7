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
# # LRO: force an acknowledgement per merged frame?
#
# A card that merges TCP segments hands the host one frame where there were many. A receiver that answers
# every second *frame* then answers every ninetieth segment; one that is made to answer every frame, every
# forty-fifth. Whether that is worth forcing was left open. The answer depends on who sends: on what an
# acknowledgement is worth to the sender (RFC 5681: a segment; RFC 3465: two; Linux: what it acknowledges),
# on the round-trip time, on loss, on the length of the flow.
#
# Senders, path, card and host are the engine's, in virtual time and in closed loop: acknowledgements travel
# back as frames. Expected beforehand: the policy matters for senders that count acknowledgements, for short
# flows, and hardly for senders that count bytes; the host pays for each acknowledgement.

# %% tags=["parameters"]
merged = [1, 2, 8, 16, 45]
policies = ["delayed", "one_per_frame", "expand", "linux"]
byte_counting = [1, 2, 0]
sizes_kb = [15, 150, 1500, 15000]
rtts_us = [100, 2000, 20000]
losses = [0.0, 0.0005, 0.005]
repeats = 5
kernel_rounds = 5
kernel_seconds = 0.3

# %%
import pandas as pd

from collectors.datapath.acks import completed, lro_acks
from collectors.doctor import survey
from collectors.linux.acks import MOST_SEGMENTS, kernel_acks
from collectors.run import run

# %% [markdown]
# ## Slow start, counted in round trips
#
# From 10 segments to 1,000, `n` segments to a merged frame, an acknowledgement for each frame. The number of
# round trips follows from the rules alone: a window of `w` segments is answered by `w / n` acknowledgements,
# rounded up, each of which is worth `min(segments acknowledged, L)`. The engine must take exactly as many.

# %%
computed = {
    1: {1: 7, 2: 7, 0: 7},
    2: {1: 12, 2: 7, 0: 7},
    8: {1: 37, 2: 20, 0: 7},
    16: {1: 68, 2: 35, 0: 7},
    45: {1: 159, 2: 81, 0: 7},
}
rounds = pd.DataFrame(index=pd.Index(merged, name="segments per frame"))
for worth in byte_counting:
    rounds[f"L = {worth or 'any'}"] = [
        int(
            run(
                lro_acks("one_per_frame", merged=n, byte_counting=worth, until_segments=1000),
                progress=False,
            ).table("tcp")["slow_start_rounds"][0]
        )
        for n in merged
    ]
assert rounds.to_numpy().tolist() == [[computed[n][worth] for worth in byte_counting] for n in merged]
rounds

# %% [markdown]
# Each round trip is a round-trip time. What a sender that counts acknowledgements loses to merging is
# therefore `(rounds - 7) * RTT` before the window is open: nothing in a rack, seconds across a continent.

# %% [markdown]
# ## Policy, sender and flow size
#
# Frames of up to 64 KB, one flow, no loss: flow completion time in milliseconds.

# %%
byte_counting_names = [worth or "any" for worth in byte_counting]
flows = pd.DataFrame(
    [
        completed(run(lro_acks(policy, byte_counting=worth, size_kb=size, rtt_us=rtt), progress=False))
        | {"policy": policy, "L": worth or "any", "size_kb": size, "rtt_us": rtt}
        for policy in policies
        for worth in byte_counting
        for size in sizes_kb
        for rtt in rtts_us
    ]
)
assert flows["done"].all()
times = flows.pivot_table(index=["rtt_us", "size_kb"], columns=["L", "policy"], values="completion_ms")
times.round(1)

# %% [markdown]
# The same as multiples of the fastest policy. An odd last segment waits for the timer wherever every second
# one is answered: 40 ms, which is what the smallest flow shows.

# %%
multiples = pd.concat(
    {worth: times[worth].div(times[worth].min(axis=1), axis=0) for worth in byte_counting_names}, axis=1
)
multiples.round(2)

# %% [markdown]
# ## What the host pays
#
# Acknowledgements sent for each hundred segments, and the CPU time of all work on TCP and in the driver for a
# gigabyte, from the ledger. The cost rows are the baseline's: an acknowledgement passes the whole transmit
# path (`tcp.ack`), an expanded one only the driver (`driver.ack_expand`).

# %%
largest = flows[flows["size_kb"] == max(sizes_kb)]
cost = largest.groupby("policy")[["acks_per_100_segments", "tcp_cpu_ms_per_gb", "cpu_ms_per_gb"]].median()
cost.loc[policies].round(1)

# %% [markdown]
# ## With loss
#
# The same seeds of random loss for every policy; the flow is the second largest, Linux's kind of sender (any
# number of segments to an acknowledgement) and RFC 5681's. Median completion time over the repeats.

# %%
lossy = pd.DataFrame(
    [
        completed(
            run(
                lro_acks(policy, byte_counting=worth, size_kb=sizes_kb[-2], rtt_us=rtts_us[1], loss=loss),
                seed=seed,
                progress=False,
            )
        )
        | {"policy": policy, "L": worth or "any", "loss": loss, "seed": seed}
        for policy in policies
        for worth in (1, 0)
        for loss in losses
        for seed in range(1, repeats + 1)
    ]
)
assert lossy["done"].all()
lossy.pivot_table(index=["L", "loss"], columns="policy", values="completion_ms", aggfunc="median").round(1)

# %%
lossy[lossy["loss"] > 0].groupby(["L", "policy"])[["retransmits", "timeouts", "duplicate_acks"]].mean().round(
    1
)

# %% [markdown]
# ## The same question on the live kernel
#
# Frames of so many segments, as a card with LRO hands them over, written through a TAP device to this
# machine's own TCP, which a program reads as fast as it can: what comes back is counted. The sender fills the
# window, so that the receiver is busy. Beside it the model's receiver, `linux`, on its idle host. Measured
# before, on Linux 6.18 over veth: an unloaded receiver sent 0.91 acknowledgements per merged frame of 42
# segments, one that was CPU-bound 0.34 per frame of 34, and without merging one for some 25 segments.

# %%
able = {one.name: one for one in survey()}
unable = [f"{one.name}: {one.detail}" for one in (able["tap"], able["namespaces"]) if not one.available]
print(f"Not measured here: {unable[0]}." if unable else "Measured on this machine's kernel, below.")

# %%
sizes = [min(n, MOST_SEGMENTS) for n in merged]
model = {}
for n in sizes:
    done = run(lro_acks("linux", merged=n, size_kb=sizes_kb[-1], rtt_us=rtts_us[0]), progress=False)
    flow = done.table("tcp").iloc[0]
    frames = flow["segments"] - done.stats["consumed"]
    model[n] = {"model, idle": flow["acks_sent"] / frames, "model's segments": flow["segments"] / frames}
live = pd.DataFrame(model).T.rename_axis("segments_per_frame")
if not unable:
    seen = kernel_acks(sizes, rounds=kernel_rounds, seconds=kernel_seconds).set_index("segments_per_frame")
    assert (seen["acks_per_frame"] > 0).all()
    live = seen.join(live)
live.round(3)

# %% [markdown]
# `acks_per_frame` is the median of the rounds, `least` and `most` their spread: other work on the machine
# moves them. The kernel answers a frame at once only while that lets the window's edge advance; where the
# reader is behind, its receive calls answer, for many frames at a time. So a busy receiver is far from one
# acknowledgement per merged frame, and the model's idle one is at it: forcing would cost the busy one most.

# %% [markdown]
# ## Verdict
#
# Computed from the tables above: is `one_per_frame` worth forcing, where the choice is between it and
# `delayed`?

# %%
gain = times.xs("delayed", axis=1, level=1) / times.xs("one_per_frame", axis=1, level=1)
worst, typical = gain.max(), gain.median()
price = cost.loc["one_per_frame", "cpu_ms_per_gb"] / cost.loc["delayed", "cpu_ms_per_gb"]
linux = (times.xs("linux", axis=1, level=1) / times.xs("one_per_frame", axis=1, level=1)).max().max()
counting = (times[1]["one_per_frame"] / times[1]["expand"]).max()
for worth in gain.columns:
    print(
        f"L = {worth}: answering every second merged frame takes up to {worst[worth]:.1f} times as long as",
        f"answering each (median {typical[worth]:.2f}).",
    )
print(f"Forcing it changes the CPU time of {max(sizes_kb)} KB by {100 * (price - 1):+.1f} %.")
print(f"Linux's own rule takes at most {linux:.2f} times as long as forcing.")
print(
    "Forced or not, a sender that counts acknowledgements takes up to",
    f"{counting:.1f} times as long as if nothing had been merged: only expanding helps it.",
)
worth_forcing = worst.max() > 1.1 > linux
print(
    "Verdict: one acknowledgement per merged frame is worth having;",
    "Linux's rule gives it unasked." if worth_forcing else "Linux's rule does not quite give it.",
)

# %% [markdown]
# **Limits.** One flow on an otherwise idle host: a busy receiver reads several frames at a time, and Linux
# then answers less often than here. No handshake, no timestamps, no tail loss probe; losses are independent
# of each other. Costs of an acknowledgement are of the baseline cost table, not of the machine this ran on.
# The timer of a delayed acknowledgement is 40 ms, as in Linux: with RFC 9293's half a second the odd frame at
# the end of a flow would wait longer.
