"""Whatever the scenario: the laws hold, tables have their types, sums agree."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.columns import TABLES
from collectors.datapath.frame import check
from collectors.law import assert_conserved
from collectors.run import run
from engine import Scenario

CPUS = st.integers(1, 6)


@st.composite
def scenarios(draw):
    cpus = draw(CPUS)
    cpu_lists = st.lists(st.integers(0, cpus - 1), max_size=4)
    sizes = st.one_of(
        st.builds(lambda size: {"fixed": {"bytes": size}}, st.integers(64, 9018)),
        st.just({"imix": {"middle_bytes": 594}}),
        st.just("rfc2544"),
        st.builds(
            lambda a, b: {"uniform": {"min_bytes": min(a, b), "max_bytes": max(a, b)}},
            *[st.integers(64, 1518)] * 2,
        ),
    )
    arrivals = st.one_of(
        st.sampled_from(["constant", "poisson"]),
        st.builds(lambda n: {"bursts": {"frames": n}}, st.integers(1, 64)),
    )
    popularity = st.one_of(st.sampled_from(["uniform", "in_turn"]), st.just({"zipf": {"exponent": 1.2}}))
    tcp_share = draw(st.sampled_from([0.0, 0.5, 1.0]))
    settings = {
        "seed": draw(st.integers(0, 2**63 - 1)),
        "host.cpus": cpus,
        "nic.queues": draw(st.integers(1, 16)),
        "nic.ring_size": draw(st.sampled_from([64, 128, 1024])),
        "nic.buffer_bytes": draw(st.sampled_from([256, 2048, 4096])),
        "nic.tcp_data_split": draw(st.booleans()),
        "nic.max_frame_bytes": draw(st.sampled_from([1518, 9728])),
        "nic.rx_checksum": draw(st.booleans()),
        "nic.irq_cpus": draw(cpu_lists),
        "nic.coalesce.rx_usecs": draw(st.integers(0, 100)),
        "nic.coalesce.rx_max_coalesced_frames": draw(st.integers(1, 64)),
        "nic.rss.symmetric": draw(st.booleans()),
        "host.napi.weight_frames": draw(st.integers(1, 64)),
        "host.napi.budget_frames": draw(st.integers(1, 300)),
        "host.rps.cpus": draw(cpu_lists),
        "host.rps.flow_limit": draw(st.booleans()),
        "host.rps.max_backlog_frames": draw(st.sampled_from([1, 10, 1000])),
        "host.sockets.rcvbuf_bytes": draw(st.sampled_from([2304, 212_992])),
        "host.sockets.max_sockets": draw(st.sampled_from([1, 10, 65_536])),
        "host.apps.count": draw(st.integers(0, 8)),
        "host.apps.pinned": draw(st.booleans()),
        "host.apps.work_per_message": draw(st.sampled_from([0, 1, 100])),
        "host.apps.read_bytes": draw(st.sampled_from([0, 65_536])),
        "host.apps.by_napi": draw(st.booleans()),
        "host.apps.busy_poll_usecs": draw(st.sampled_from([0, 0, 20])),
        "host.apps.prefer_busy_poll": draw(st.booleans()),
        "host.apps.zero_copy.enabled": tcp_share == 1.0 and draw(st.booleans()),
        "host.apps.zero_copy.window_bytes": draw(st.sampled_from([4096, 524_288])),
        "host.apps.zero_copy.keep_calls": draw(st.sampled_from([0, 3])),
        "host.gro.enabled": draw(st.booleans()),
        "host.page_pool.enabled": draw(st.booleans()),
        "host.page_pool.ring_pages": draw(st.sampled_from([0, 10])),
        "host.xdp.rules": draw(
            st.sampled_from([[], [{"protocol": "tcp"}, {"action": "redirect", "source": "10.0.0.0/8"}]])
        ),
        "host.napi.defer_hard_irqs": draw(st.sampled_from([0, 2])),
        "host.napi.gro_flush_timeout_ns": draw(st.sampled_from([0, 10_000])),
        "host.napi.irq_suspend_timeout_ns": draw(st.sampled_from([0, 100_000])),
        "host.cache.enabled": draw(st.booleans()),
        "traffic.streams.0.generated.sizes": draw(sizes),
        "traffic.streams.0.generated.arrivals": draw(arrivals),
        "traffic.streams.0.generated.offered": {"line_share": draw(st.floats(0.01, 1.0))},
        "traffic.streams.0.generated.flows.count": draw(st.integers(1, 500)),
        "traffic.streams.0.generated.flows.popularity": draw(popularity),
        "traffic.streams.0.generated.flows.tcp_share": tcp_share,
        "traffic.streams.0.generated.flows.ipv6_share": draw(st.sampled_from([0.0, 0.5, 1.0])),
        "drain_ns": draw(st.sampled_from([0, 50_000, 20_000_000])),
    }
    return Scenario(duration_ns=draw(st.integers(1, 300_000))).with_(**settings)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(scenarios())
def test_the_laws_hold_for_any_scenario(scenario):
    done = run(scenario, progress=False)
    assert_conserved(done.stats, done.queues, done.drops)
    for name in done.tables:
        check(TABLES[name], done.table(name))
    busy = done.cpu[done.cpu["context"] != "idle"].groupby("cpu")["ns"].sum()
    ledger = done.ledger.groupby("cpu")["ns"].sum().reindex(busy.index, fill_value=0.0)
    np.testing.assert_allclose(ledger, busy, rtol=0, atol=1e-2)
    # No CPU has done less than there was time for; what was begun at the end is charged whole.
    assert done.cpu.groupby("cpu")["ns"].sum().min() >= scenario.duration_ns - 1e-2
    assert (done.cache["misses"] <= done.cache["accesses"]).all()
    read = done.latency.loc[done.latency["part"] == "total", "frames"].sum()
    assert read <= done.stats["delivered"]
    assert Scenario.from_toml(scenario.to_toml()) == scenario
