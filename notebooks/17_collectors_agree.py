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
# # Collectors agree
#
# One and the same packets, counted by whoever saw them: the engine that sent them into this machine's kernel,
# BPF programs on the kernel's tracepoints, the kernel's own counters in /proc and over netlink, and the
# programs that read the sockets. Where they count the same thing, they must say the same number.
#
# Every table says who counted, in its column `source`; numbers of different sources are never added up.
#
# | source | who counted | what it sees, and what it costs |
# |---|---|---|
# | `engine` | our own NIC | each frame it was given, exactly; part of its work |
# | `bcc` | BPF programs on tracepoints | each event, with its time; what that costs is measured below |
# | `procfs` | the kernel's counters in /proc | sums since the start; nothing until they are read |
# | `netlink` | the kernel's counters of an interface | the same |
# | `socket` | the programs that sent and read | what reached them |
# | `model` | virtual time | nothing here: this notebook only measures |

# %% tags=["parameters"]
frames = 20_000
rate_pps = 20_000
moves = 100
within = 0.01
ask_for_nothing = False

# %%
import pandas as pd
import IPython.display as screen

from collectors import linux, plots
from collectors.doctor import survey
from collectors.linux_run import run_linux
from engine import Scenario

# %% [markdown]
# ## What this machine offers
#
# Most of this needs root, bcc and a TAP device. Where they are missing only what an ordinary user may see is
# shown.

# %%
machine = {one.name: one for one in survey()}
needed = ["bcc", "tap", "namespaces", "cpus", "xdp"]
missing = [machine[name] for name in needed if ask_for_nothing or not machine[name].available]
for one in missing:
    print(
        f"skipped for want of {one.name}: {one.detail}. To get it: {one.how_to_get or 'nothing can be done'}"
    )
able = not missing

# %% [markdown]
# ## What anybody may count
#
# Datagrams to ourselves over the loopback. The sockets know how many there were; /proc must have seen as many
# at least, for others may use the network too.

# %%
with linux.observe(["softirq", "protocols"], 0.05, bcc=False) as proc:
    read = linux.observer.loopback_datagrams(frames)
udp = proc.protocols[(proc.protocols["protocol"] == "Udp") & (proc.protocols["counter"] == "InDatagrams")]
by_anybody = pd.DataFrame(
    [
        ("sockets", "datagrams read", float(read), "socket"),
        ("/proc/net/snmp", "Udp InDatagrams", udp["count"].sum(), "procfs"),
        ("/proc/net/softnet_stat", "packets processed", proc.softnet["processed"].sum(), "procfs"),
    ],
    columns=["who", "what", "packets", "source"],
)
assert (by_anybody["packets"] >= frames).all()
by_anybody

# %% [markdown]
# ## Engine, bcc, procfs, netlink and sockets
#
# A scenario's frames go through our NIC into a TAP device; the kernel behind it receives them like any
# interface's. Half of them are for ports nobody reads.

# %%
scenario = Scenario(name="agree").with_(
    **{
        "nic.queues": 2,
        "host.cpus": 2,
        "duration_ns": 10_000_000_000,
        "traffic.frames": frames,
        "traffic.streams.0.generated.offered": {"frames_per_second": rate_pps},
        "traffic.streams.0.generated.sizes": {"fixed": {"bytes": 256}},
        "traffic.streams.0.generated.flows.count": 256,
        "traffic.streams.0.generated.flows.destination": {"port": 7000, "ports": 128},
    }
)

# %%
agreement = None
if able:
    run = run_linux(scenario, napi="on", watch=("softirq", "protocols", "drops", "device"))
    kernel = run.kernel
    snmp = (
        kernel.protocols.set_index(["protocol", "counter"])["count"]
        .groupby(level=[0, 1], observed=True)
        .sum()
    )
    device = kernel.device[kernel.device["device"] == "rxb0"].groupby("counter", observed=True)["count"].sum()
    polled = kernel.napi[kernel.napi["device"] == "rxb0"]["work"].sum()
    dropped = kernel.drops[kernel.drops["reason"] == "NO_SOCKET"]["packets"].sum()
    taken = float(run.stats["delivered"])
    unread = snmp.get(("Udp", "NoPorts"), 0.0)
    agreement = pd.DataFrame(
        [
            ("the kernel received", "engine, delivered", taken, taken, "engine"),
            ("the kernel received", "tracepoint napi_poll, work", polled, taken, kernel.sources["napi"]),
            ("the kernel received", "interface, rx_packets", device["rx_packets"], taken, "netlink"),
            (
                "the kernel received",
                "snmp, InDatagrams + NoPorts",
                snmp["Udp", "InDatagrams"] + unread,
                taken,
                "procfs",
            ),
            (
                "a program read",
                "snmp, InDatagrams",
                snmp["Udp", "InDatagrams"],
                float(run.read_frames),
                "procfs",
            ),
            ("a program read", "sockets", float(run.read_frames), float(run.read_frames), "socket"),
            ("nobody reads that port", "snmp, NoPorts", unread, taken - run.read_frames, "procfs"),
            (
                "nobody reads that port",
                "tracepoint kfree_skb, NO_SOCKET",
                dropped,
                taken - run.read_frames,
                "bcc",
            ),
        ],
        columns=["what", "who", "packets", "of", "source"],
    )
    agreement["difference"] = agreement["packets"] / agreement["of"] - 1
    assert run.stats["rx"] == frames
    assert agreement["difference"].abs().max() <= within
    screen.display(agreement.style.format({"difference": "{:+.2%}", "packets": "{:,.0f}", "of": "{:,.0f}"}))

# %% [markdown]
# The same softirqs, by the tracepoints and by `/proc/softirqs`: two watches over one load. They count the
# whole machine and cannot begin at the same instant: what others receive in between is in one of them only;
# where the machine is busy, it is measured again.

# %%
if able:
    measurements = 0
    apart = 1.0
    while apart > within and measurements < 5:
        measurements += 1
        with linux.observe(["softirq"], 0.05) as bcc, linux.observe(["softirq"], 0.05, bcc=False) as proc:
            linux.observer.loopback_datagrams(frames)
        softirqs = pd.DataFrame(
            {
                watch.sources["softirq"]: watch.softirq[watch.softirq["vector"] == "NET_RX"]
                .groupby("cpu")["count"]
                .sum()
                for watch in (bcc, proc)
            }
        )
        apart = abs(softirqs["bcc"].sum() / softirqs["procfs"].sum() - 1)
    assert apart <= within
    print(f"measured {measurements} times; apart by {apart:.2%}")
    screen.display(softirqs.astype("int64"))

# %% [markdown]
# ## Following a reader
#
# A reader is moved from CPU to CPU. Tracepoints see it and tell who chooses the CPU of its packets: XDP
# within the kernel, or the engine's flow table. Every packet is accounted for, and the sockets, the engine
# and the kernel's counters must add up to it exactly. The tracepoints know the flow from the reader's first
# read on, and count TCP's segments without data too: a little less, or a few more.

# %%
followed = {}
if able:
    followed = {
        f"{protocol}, {steering}": linux.follow(protocol, steering, moves=moves)
        for protocol, steering in (("udp", "xdp"), ("udp", "engine"), ("udp", "none"), ("tcp", "engine"))
    }
    for one in followed.values():
        assert one.unaccounted == 0
        assert one.lost_events == 0
        assert one.count("received") > 0
    rows = {
        name: (
            len(one.moves),
            one.followed,
            *(one.percentile([50, 90, 99]) / 1e3),
            one.count("sent"),
            one.count("received"),
            one.count("dropped"),
            one.count("stack") / one.count("sent") - 1,
        )
        for name, one in followed.items()
    }
    table = pd.DataFrame.from_dict(
        rows,
        orient="index",
        columns=[
            "moves",
            "followed",
            "p50, µs",
            "p90, µs",
            "p99, µs",
            "sent",
            "received",
            "dropped",
            "stack, bcc",
        ],
    )
    assert (table["stack, bcc"] <= within).all()
    screen.display(
        table.style.format(precision=0).format("{:.0%}", ["followed"]).format("{:+.2%}", ["stack, bcc"])
    )

# %%
if able:
    screen.display(plots.follow_ecdf({name: one for name, one in followed.items() if "none" not in name}))

# %% [markdown]
# ## What watching costs
#
# A collector that disturbs what it measures must say how much. The same packets are sent with and without the
# softirq programs attached, in turn; how far the unwatched rounds are apart says what a difference is worth.

# %%
if able:
    print(linux.observer_cost(["softirq"], rounds=1).sentence())
