"""A reader moved by the scheduler is followed by its flow; no packet is lost unseen."""

import os

import pytest

from collectors import linux, plots
from collectors.linux.columns import TABLES
from collectors.linux.following import kernel, rfs

pytestmark = pytest.mark.needs("bcc", "namespaces", "cpus", "xdp")
MOVES = 20


def fits(table, name):
    spec = TABLES[name]
    assert list(table.columns) == [*(column.name for column in spec.columns), "clock", "source"]
    assert set(table["clock"]) == {"real"}
    assert set(table["source"]) <= set(spec.sources)


def followed(protocol, steering):
    """A run that loses nothing, and whose moves were further apart than a busy machine is late."""
    for every_s in (0.02, 0.1, 0.4):
        run = linux.follow(protocol, steering, moves=MOVES, every_s=every_s)
        assert run.unaccounted == 0
        assert run.lost_events == 0
        # The scheduler may see a move asked twice as one, where the reader slept through it.
        assert 0 < len(run.moves) <= MOVES
        if len(run.moves) >= MOVES * 0.8 and run.followed >= 0.9:
            return run
    raise AssertionError(f"{run}: too few moves were followed")


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_packets_follow_the_reader_through_map_and_cpumap(protocol):
    run = followed(protocol, "xdp")
    fits(run.moves, "follow")
    fits(run.packets, "follow_packets")
    # The first ones told the tracepoints whose flow it is, which takes as long as the reader's first turn;
    # TCP's handshake passed before them.
    assert run.count("steered") >= run.count("sent") * 0.9
    assert (run.moves["from_cpu"] != run.moves["to_cpu"]).all()
    assert (run.percentile([50, 99]) > 0).all()
    assert f"{MOVES}" in plots.follow_ecdf({"xdp": run}).svg() or len(run.moves) != MOVES


def test_without_steering_packets_stay_with_the_senders_cpu():
    first, *_ = sorted(os.sched_getaffinity(0))
    run = linux.follow("udp", "none", moves=MOVES)
    assert run.unaccounted == 0
    assert run.count("steered") == 0
    away = run.moves[run.moves["to_cpu"] != first]
    assert len(away)
    assert away["packet_ns"].isna().all()
    assert away["read_ns"].notna().any()
    assert run.moves.loc[run.moves["to_cpu"] == first, "packet_ns"].notna().any()


def test_packets_follow_the_reader_by_the_kernels_rfs_and_the_setting_is_put_back():
    before = rfs.SOCK_FLOWS.read_text()
    # Of UDP only connected sockets are noted (sock_rps_record_flow).
    run = followed("tcp", "rfs")
    assert set(run.moves.dropna(subset=["packet_ns"])["to_cpu"]) == os.sched_getaffinity(0)
    assert run.count("steered") == 0
    assert rfs.SOCK_FLOWS.read_text() == before


@pytest.mark.needs("tap")
@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_packets_follow_the_reader_through_the_engines_flow_table(protocol):
    run = followed(protocol, "engine")
    fits(run.moves, "follow")
    fits(run.packets, "follow_packets")
    assert run.moves["told_ns"].notna().mean() >= 0.9
    # Without the flow table's rules packets would stay on the one CPU their hash says.
    assert set(run.moves.dropna(subset=["packet_ns"])["to_cpu"]) == os.sched_getaffinity(0)


@pytest.mark.needs("tap")
def test_what_the_engine_and_a_full_socket_drop_is_counted():
    for _ in range(3):
        try:
            run = linux.follow("udp", "engine", moves=MOVES, packets_per_s=50_000, receive_buffer_bytes=1)
            break
        except linux.Unavailable:
            # Under such a flood a pinned NAPI thread may not run for seconds: then nothing was measured.
            continue
    dropped = run.packets[run.packets["place"] == "dropped"].set_index("reason")["packets"]
    assert dropped["Udp.RcvbufErrors"] > 0
    assert run.unaccounted == 0


def test_what_a_full_socket_and_a_full_cpumap_drop_is_counted(monkeypatch):
    monkeypatch.setattr(kernel, "CPUMAP_FRAMES", 1)
    run = linux.follow("udp", "xdp", moves=MOVES, packets_per_s=100_000, receive_buffer_bytes=1)
    dropped = run.packets[run.packets["place"] == "dropped"].set_index("reason")["packets"]
    assert dropped["cpumap.drops"] > 0
    assert dropped["Udp.RcvbufErrors"] > 0
    assert run.unaccounted == 0
