"""A host that forwards, in virtual and in real time: the same verdicts, counts and frames that leave."""

import json

import pytest

from collectors.datapath import frame
from engine import Scenario, _core
from engine.run import execute
from tests.system.engine_lro import frames_of

STREAM = "traffic.streams.0.generated"
BASE = Scenario().with_(
    **{
        "duration_ns": 4_000_000,
        "drain_ns": 1_000_000_000,
        "observe.verdicts": True,
        "observe.frames": True,
        "nic.queues": 1,
        "host.cpus": 1,
        f"{STREAM}.offered": {"frames_per_second": 200_000},
        f"{STREAM}.flows": {"count": 60, "tcp_share": 0.5, "ipv6_share": 0.3, "destination": {"ports": 8}},
        "host.addresses": ["203.0.113.1", "2001:db8:9::/48"],
    }
)
HOSTS = {
    "forwards": {"host.forwarding.enabled": True},
    "drops": {},
    "forwards what GRO has merged": {
        "host.forwarding.enabled": True,
        "host.gro.enabled": True,
        f"{STREAM}.flows": {"count": 1, "tcp_share": 1.0},
    },
    "has a small MTU": {
        "host.forwarding": {"enabled": True, "mtu_bytes": 400},
        f"{STREAM}.sizes": {"imix": {}},
    },
    "takes all for its own": {"host.forwarding.enabled": True, "host.addresses": ["0.0.0.0/0", "::/0"]},
}
COUNTERS = ("forw_datagrams", "forward_wire_frames", "forward_bytes", "lro_forward_drop")


def counted(engine):
    table = frame("counters", engine.table("counters"))
    return table[table["name"].isin(COUNTERS)].groupby("name", observed=True)["value"].sum().to_dict()


def both(scenario):
    """The engine of either clock, run to its end."""
    real = _core.LiveEngine(scenario.resolved(), {}, pacing="lossless", oversubscribe=True)
    real.run()
    return real, execute(scenario).engine


@pytest.mark.parametrize("host", HOSTS)
def test_both_clocks_forward_the_same(host):
    real, virtual = both(BASE.with_(**HOSTS[host]))
    ours, theirs = (frames_of(each.forwarded_capture()) for each in (real, virtual))
    assert ours == theirs
    totals, merges = counted(virtual), "GRO" in host
    assert len(theirs) == totals["forward_wire_frames"]
    assert sum(map(len, theirs)) == totals["forward_bytes"]
    assert (len(theirs) == 0) == (host in ("drops", "takes all for its own"))
    stats = json.loads(virtual.stats())
    assert (stats["consumed"] > 0) == merges
    if not merges:
        # What GRO finds in one poll is a matter of time.
        assert (json.loads(real.stats()), counted(real)) == (stats, totals)
