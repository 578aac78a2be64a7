"""Bad scenarios: each error names the key, the value and what is allowed, and nothing is applied."""

import pytest

from engine import Scenario, ScenarioError, execute
from engine.config import Nic

BAD = [
    # (settings, key named, value named, a word of what is allowed)
    (["nic.queues=0"], "nic.queues", "0", "1"),
    (["nic.queues=129"], "nic.queues", "129", "128"),
    (["nic.queues=-1"], "nic.queues", "-1", ""),
    (["nic.queues=four"], "nic.queues", "four", ""),
    (["nic.queues=1.5"], "nic.queues", "1.5", ""),
    (["nic.quues=4"], "nic.quues", "4", "`queues`"),
    (["host.cpus=0"], "host.cpus", "0", "1"),
    (["host.cpus=129"], "host.cpus", "129", "128"),
    (["nic.ring_size=0"], "nic.ring_size", "0", "64"),
    (["nic.rss.table_entries=100"], "nic.rss.table_entries", "100", "128"),
    (["nic.rss.key=6d5a"], "nic.rss.key", "6d5a", "40"),
    (["nic.rss.fields.udp4=5-tuple"], "nic.rss.fields.udp4", "5-tuple", "4-tuple"),
    (["nic.queues=2", "nic.rss.table=[7]"], "nic.rss.table", "", ""),
    (["nic.queues=2", "nic.rss.weights=[1, 1, 1]"], "nic.rss.weights", "", ""),
    (["nic.irq_cpus=[99]"], "nic.irq_cpus", "99", ""),
    (["duration_ns=0"], "duration_ns", "0", "1"),
    (["host.sockets.accept=some"], "host.sockets.accept", "some", "any"),
    (["host.rps.flow_limit_buckets=1000"], "host.rps.flow_limit_buckets", "1000", "power of two"),
    (["observe.bin_ns=1"], "observe.bin_ns", "1", ""),
    (["steering.mode=fast"], "steering.mode", "fast", "rss"),
    (["steering.mode=none", "steering.rules=[{queue=0}]"], "steering.mode", "none", "mode"),
    (["steering.rules=[{queue=8}]"], "steering.rules[0].queue", "8", "7"),
    (["steering.rules=[{source='10.0.0.1/8'}]"], "steering.rules[0].source", "10.0.0.1/8", "network"),
    (["steering.rules=[{source='::1', destination='10.0.0.1'}]"], "rules[0].destination", "10.", "family"),
    (["steering.rules=[{location=1}, {location=1}]"], "steering.rules[1].location", "1", "of its own"),
    (["steering.rules=[{protocol='tcp'}, {protocol='tcp'}]"], "steering.rules.location", "1", "EEXIST"),
    (["steering.rules=[{vlan=4095}]"], "steering.rules[0].vlan", "4095", "4094"),
    (["steering.rules=[{context=1}]"], "steering.rules[0].context", "1", "nic.rss.contexts"),
    (
        ["nic.rss.contexts=[{}]", "steering.rules=[{context=1, queue=2}]"],
        "steering.rules[0].queue",
        "2",
        "beside a context",
    ),
    (["nic.rss.contexts=[{id=2}, {}]"], "nic.rss.contexts[1].id", "2", "no other"),
    (["nic.rss.contexts=[{id=65}]"], "nic.rss.contexts[0].id", "65", "64"),
    (["host.unplug=[{cpu=8}]"], "host.unplug[0].cpu", "8", "7"),
    (["host.unplug=[{cpu=1}, {cpu=1}]"], "host.unplug[1].cpu", "1", "offline already"),
    (["host.apps.cpus=[8]"], "host.apps.cpus", "8", "7"),
    (["host.apps.migrations=[{cpu=8}]"], "host.apps.migrations[0].cpu", "8", "7"),
    (["host.apps.migrations=[{task=8}]"], "host.apps.migrations[0].task", "8", "7"),
    (["steering.table.admission=all"], "steering.table.admission", "all", "priority"),
    (["host.cpus=4", "host.cache.numa_nodes=3"], "host.cache.numa_nodes", "3", "a divisor of 4"),
    (["host.cache.nic_node=1"], "host.cache.nic_node", "1", "0"),
    (["host.addresses=['10.0.0.1/8']"], "host.addresses[0]", "10.0.0.1/8", "network"),
    (["host.addresses=['']"], "host.addresses[0]", "", "an address"),
    (["host.forwarding.enabled=true"], "host.addresses", "[]", "at least one"),
    (["host.forwarding.mtu_bytes=67"], "host.forwarding.mtu_bytes", "67", "68"),
    (["host.forwarding.source_mac='02:00:1'"], "host.forwarding.source_mac", "02:00:1", "a link address"),
    (["host.napi.defer_hard_irqs=1001"], "host.napi.defer_hard_irqs", "1001", "1000"),
    (["host.napi.gro_flush_timeout_ns=1000000001"], "host.napi.gro_flush_timeout_ns", "1000000001", "0 to"),
    (
        ["host.napi.irq_suspend_timeout_ns=1000000001"],
        "host.napi.irq_suspend_timeout_ns",
        "1000000001",
        "0 to",
    ),
    (["host.apps.busy_poll_budget=0"], "host.apps.busy_poll_budget", "0", "1 to 4096"),
    (["host.apps.busy_poll_usecs=9", "host.polling=true"], "host.polling", "true", "false"),
    (["host.apps.by_napi=true", "host.apps.acceptors=1"], "host.apps.by_napi", "true", "acceptors"),
    (["host.xdp.rules=[{protocol='icmp'}]"], "host.xdp.rules[0].protocol", "icmp", "tcp"),
    (["host.xdp.rules=[{action='tx'}]"], "host.xdp.rules[0].action", "tx", "drop, pass, redirect"),
    (["host.xdp.rules=[{source='10.0.0.1/8'}]"], "host.xdp.rules[0].source", "10.0.0.1/8", "network"),
    (["host.xdp.rules=[{}]", "nic.lro.enabled=true"], "host.xdp.rules", "1 rules", "refuse XDP"),
    (["host.page_pool.ring_pages=1048577"], "host.page_pool.ring_pages", "1048577", "0 to"),
    (
        ["host.apps.zero_copy.window_bytes=5000"],
        "host.apps.zero_copy.window_bytes",
        "5000",
        "multiple of 4096",
    ),
    (["host.apps.zero_copy.keep_calls=1025"], "host.apps.zero_copy.keep_calls", "1025", "0 to 1024"),
    (["host.apps.zero_copy.enabled=true"], "host.apps.zero_copy.enabled", "true", "UDP sockets cannot map"),
    (["host.gro.buckets=3"], "host.gro.buckets", "3", "a power of two"),
    (["host.gro.held_per_bucket=0"], "host.gro.held_per_bucket", "0", "1 to 64"),
    (["steering.table.moves=now"], "steering.table.moves", "now", "safe"),
    (["steering.rules=[{queue=0}]", "steering.table.ways=3"], "steering.table.ways", "3", "divisor"),
    (["version=2"], "version", "2", "1"),
    (["traffic.streams.0.generated.sizes={fixed={bytes=10}}"], "bytes", "10", "64"),
    (["traffic.streams.0.generated.offered={line_share=1.5}"], "line_share", "1.5", "1"),
    (["traffic.streams.0.generated.flows.count=0"], "count", "0", "1"),
    (["traffic.streams=[]"], "traffic.streams", "", "1"),
    (["traffic.streams=[{tcp={rtt_ns=10}}]"], "traffic.streams[0].tcp.rtt_ns", "10", "1000"),
    (["traffic.streams=[{tcp={loss=2.0}}]"], "traffic.streams[0].tcp.loss", "2", "1"),
    (["traffic.streams=[{tcp={congestion='bbr'}}]"], "tcp.congestion", "bbr", "cubic"),
    (["traffic.streams=[{tcp={repeat=true}}]"], "tcp.repeat", "true", "size"),
    (["host.tcp.ack.policy=never"], "host.tcp.ack.policy", "never", "one_per_frame"),
    (["host.tcp.ack.delay_us=600000"], "host.tcp.ack.delay_us", "600000", "500000"),
    (['costs=[{op="app.message", ns=1.0, source=""}]'], "costs[0].source", "", "from"),
    (['costs=[{op="no.such", ns=1.0, source="x"}]'], "costs[0].op", "no.such", "app.message"),
]


@pytest.mark.parametrize(("settings", "key", "value", "allowed"), BAD, ids=[" ".join(bad[0]) for bad in BAD])
def test_key_value_and_what_is_allowed_are_named(settings, key, value, allowed):
    before = Scenario()
    with pytest.raises(ScenarioError) as raised:
        # Ranges that only NIC and traffic know are checked when they are built.
        execute(before.with_(*settings))
    error = raised.value
    assert key in f"{error.key} {error.allowed} {error.value}"
    assert value in f"{error.value} {error.allowed}"
    assert allowed in error.allowed
    assert error.key in str(error)
    assert "\n" not in str(error)
    assert before == Scenario()


def test_more_queues_than_table_entries_is_no_way_out():
    with pytest.raises(ScenarioError):
        execute(Scenario().with_("nic.queues=128", "nic.rss.table_entries=64", "host.cpus=1"))


def test_direct_construction_is_checked_too():
    with pytest.raises(ScenarioError, match=r"nic\.queues"):
        Scenario(nic=Nic(queues=0))


@pytest.mark.parametrize("setting", ["nic.queues", "=4", ""])
def test_a_setting_without_a_key_or_value(setting):
    with pytest.raises(ScenarioError, match="key=value"):
        Scenario().with_(setting)


@pytest.mark.parametrize(
    "key", ["nic.queues.x", "traffic.streams.9.generated.start_ns", "traffic.streams.x", "seed.y.z"]
)
def test_ways_that_lead_nowhere(key):
    with pytest.raises(ScenarioError):
        Scenario().with_(**{key: 1})


@pytest.mark.parametrize(
    "text", ["version = 1\nnic = 3", "version = [", "seed = 1", 'version = 1\n[nic]\nqueues = "8"', "a = 1"]
)
def test_bad_documents(text):
    with pytest.raises(ScenarioError):
        Scenario.from_toml(text + "\n")
