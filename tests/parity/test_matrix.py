"""Each kind of traffic before each kind of receive path: both clocks agree, queue by queue, in order."""

from pathlib import Path

import pytest

from collectors.live_run import run_live
from collectors.run import run
from engine import Scenario

CAPTURES = Path(__file__).resolve().parents[2] / "datasets" / "captures"
STREAM = "traffic.streams.0.generated"
BASE = Scenario().with_(
    **{
        "duration_ns": 4_000_000,
        "drain_ns": 1_000_000_000,
        "observe.verdicts": True,
        f"{STREAM}.offered": {"frames_per_second": 200_000},
        f"{STREAM}.flows.destination": {"port": 7000, "ports": 8},
    }
)


def capture(name):
    return {"traffic.streams.0": {"capture": {"file": str(CAPTURES / name)}}, "host.tcp.gap": "ignore"}


TRAFFIC = {
    "UDP": {f"{STREAM}.flows.count": 60},
    "TCP and UDP, IPv4 and IPv6": {f"{STREAM}.flows": {"count": 90, "tcp_share": 0.4, "ipv6_share": 0.5}},
    "large": {f"{STREAM}.sizes": {"fixed": {"bytes": 4000}}, f"{STREAM}.flows.count": 20},
    "every header": capture("variety/variety.pcapng"),
    "real programs": capture("first_light/first_light.pcap") | {"duration_ns": 60_000_000_000},
}
PATHS = {
    "one queue": {"nic.queues": 1, "host.cpus": 1},
    "four queues on two CPUs": {"nic.queues": 4, "host.cpus": 2},
    "no steering": {"nic.queues": 4, "host.cpus": 2, "nic.irq_cpus": [0, 1, 0, 1], "steering.mode": "none"},
    "RSS of both directions, inner headers, weights": {
        "nic.queues": 4,
        "host.cpus": 2,
        "nic.rss.symmetric": True,
        "nic.rss.inner": True,
        "nic.rss.weights": [1, 2, 1, 4],
    },
    "rules that steer and drop": {
        "nic.queues": 4,
        "host.cpus": 2,
        "steering.mode": "ntuple",
        "steering.rules": [
            {"destination_port": 7001, "queue": 3},
            {"protocol": "udp", "destination_port": 7002, "queue": -1},
        ],
    },
    "small buffers, frames that are too long": {
        "nic.queues": 2,
        "host.cpus": 1,
        "nic.buffer_bytes": 256,
        "nic.max_frame_bytes": 3000,
    },
    "checksums by the host": {"nic.queues": 2, "host.cpus": 2, "nic.rx_checksum": False},
    # On two queues it would be chance which flows come first.
    "few sockets": {"nic.queues": 1, "host.cpus": 1, "host.sockets.max_sockets": 7},
    "few ports": {
        "nic.queues": 2,
        "host.cpus": 2,
        "host.sockets.accept": "ports",
        "host.sockets.ports": [7001, 7003],
    },
    "small polls": {
        "nic.queues": 4,
        "host.cpus": 2,
        "host.napi.weight_frames": 1,
        "host.napi.budget_frames": 3,
    },
    "interface down": {"nic.queues": 2, "host.cpus": 1, "nic.up": False},
    "an XDP program": {
        "nic.queues": 2,
        "host.cpus": 2,
        "host.xdp.rules": [
            {"protocol": "udp", "destination_port": 7002},
            {"destination_port": 7003, "action": "redirect"},
        ],
    },
    "page pools": {"nic.queues": 2, "host.cpus": 2, "host.page_pool.enabled": True},
    "RSS contexts": {
        "nic.queues": 4,
        "host.cpus": 2,
        "nic.rss.contexts": [
            {"destination_port": 7001, "table": [3] * 128},
            {"destination_port": 7004, "weights": [0, 1, 1, 0]},
        ],
    },
    "polling, and a card told something meanwhile": {
        "nic.queues": 2,
        "host.cpus": 2,
        "host.polling": True,
        "control": [{"at_ns": 2_000_000, "settings": ["nic.coalesce.rx_usecs = 50"]}],
    },
    "split headers": {"nic.queues": 2, "host.cpus": 2, "nic.tcp_data_split": True},
}
A_FLOW = ["version", "protocol", "source_address", "source_port", "destination", "destination_port"]
MERGING = {
    "GRO": {"host.gro.enabled": True},
    "LRO": {"nic.lro.enabled": True},
    "GRO behind LRO": {"host.gro.enabled": True, "nic.lro.enabled": True},
}


def in_order(run):
    """Frames delivered, by queue, as their sockets took them."""
    groups = run.table("delivered").groupby("queue", sort=True)
    return {queue: list(of_queue["frame"]) for queue, of_queue in groups}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("traffic", TRAFFIC)
def test_both_clocks_come_to_the_same(traffic, path):
    scenario = BASE.with_(**TRAFFIC[traffic], **PATHS[path])
    idle = "sleep" if len(path) % 2 else "busy_poll"
    real = run_live(scenario, pacing="lossless", idle=idle, oversubscribe=True)
    virtual = run(scenario, progress=False)
    assert real.stats == virtual.stats
    assert real.stats["rx"] > 50
    for table, columns in {
        "verdicts": ["frame", "verdict", "reason"],
        "queues": ["queue", "rx_frames", "rx_bytes", "delivered", "dropped", "pending", "consumed"],
        "drops": ["queue", "layer", "reason", "frames"],
    }.items():
        ours, theirs = (each.table(table)[columns].astype("str") for each in (real, virtual))
        assert ours.equals(theirs), table
    assert in_order(real) == in_order(virtual)


@pytest.mark.parametrize("merging", MERGING)
@pytest.mark.parametrize("traffic", TRAFFIC)
def test_what_is_merged_is_the_clock_s_and_every_flow_s_bytes_are_the_same(traffic, merging):
    scenario = BASE.with_(**TRAFFIC[traffic], **{"nic.queues": 2, "host.cpus": 2}, **MERGING[merging])
    real = run_live(scenario, pacing="lossless", oversubscribe=True)
    virtual = run(scenario, progress=False)
    for each in (real, virtual):
        taken = each.stats["rx"] - sum(each.stats["dropped"].values())
        assert each.stats["delivered"] + each.stats["consumed"] == taken
        assert each.table("delivered")["segments"].sum() == taken
    assert (real.stats["rx"], real.stats["dropped"]) == (virtual.stats["rx"], virtual.stats["dropped"])
    assert flows(real).equals(flows(virtual))


def flows(run):
    """Payload of each flow, frames that overtook others of it; in real time each CPU has a row of its own."""
    return run.table("flows").groupby(A_FLOW)[["bytes", "dropped", "reordered"]].sum().astype("int64")
