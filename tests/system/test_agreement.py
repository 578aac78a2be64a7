"""What BPF programs count agrees with what the kernel counts by itself, and with what was sent."""

import os
import socket
import threading
from contextlib import ExitStack, contextmanager

import pytest

from collectors import linux

pytestmark = pytest.mark.needs("bcc", "namespaces")
PACKETS = 5000


def send_and_read(sockets, packets=PACKETS):
    for _ in range(packets):
        sockets.sending.send(bytes(64))
        sockets.receiving.recv(100)


@contextmanager
def watching(host, *arguments, **options):
    """A watch entered in a host's namespace, left wherever."""
    watch = linux.observe(*arguments, **options)
    host.call(watch.__enter__)
    with ExitStack() as left:
        left.push(watch)
        yield watch


@pytest.fixture
def pinned():
    allowed = os.sched_getaffinity(0)
    cpu = max(allowed)
    os.sched_setaffinity(0, {cpu})
    yield cpu
    os.sched_setaffinity(0, allowed)


def test_softirqs_are_those_of_proc_softirqs_per_cpu(sockets, pinned):
    with linux.observe(["softirq"]) as bcc, linux.observe(["softirq"], bcc=False) as procfs:
        send_and_read(sockets)
    assert (bcc.sources["softirq"], procfs.sources["softirq"]) == ("bcc", "procfs")

    def per_cpu(watch):
        rows = watch.softirq
        return rows[rows["vector"] == "NET_RX"].groupby("cpu")["count"].sum()

    seen, truth = per_cpu(bcc), per_cpu(procfs)
    assert truth.sum() >= PACKETS
    # The two watches do not begin and end at the same instant.
    assert seen.sum() == pytest.approx(truth.sum(), rel=0.01)
    assert seen[pinned] == pytest.approx(truth[pinned], rel=0.01)


def test_softirq_times_delays_and_distributions_hold_together(sockets):
    with linux.observe(["softirq"]) as watch:
        send_and_read(sockets, 1000)
    rows = watch.softirq[watch.softirq["vector"] == "NET_RX"]
    assert (rows["ns"] >= 0).all()
    assert (rows["delays"] <= rows["count"] + 1).all()
    assert rows["ns"].sum() > 0
    for part, counted in (("NET_RX_delay", "delays"), ("NET_RX_time", "count")):
        buckets = watch.distribution[watch.distribution["part"] == part]
        assert buckets["count"].sum() == pytest.approx(rows[counted].sum(), rel=0.01)
    share = rows.groupby("start_ns")["share"].sum()
    assert (share <= len(os.sched_getaffinity(0)) + 0.01).all()


def test_napi_work_is_what_softnet_stat_processed(sockets):
    with linux.observe(["softirq"]) as watch:
        send_and_read(sockets)
    assert watch.napi["work"].sum() == pytest.approx(watch.softnet["processed"].sum(), rel=0.01)
    assert watch.napi["work"].sum() >= PACKETS


def test_hardirqs_are_those_of_proc_interrupts(tmp_path):
    with linux.observe(["hardirq"]) as bcc, linux.observe(["hardirq"], bcc=False) as procfs:
        for number in range(20):
            with (tmp_path / str(number)).open("wb") as file:
                file.write(bytes(4096))
                os.fsync(file.fileno())
    assert bcc.sources["hardirq"] == "bcc"
    seen = bcc.hardirq.groupby(["cpu", "irq"], observed=True)["count"].sum()
    truth = procfs.hardirq[procfs.hardirq["irq"].astype(str).str.isdigit()]
    truth = truth.groupby(["cpu", "irq"], observed=True)["count"].sum()
    for key, count in truth.items():
        assert seen.get(key, 0) == pytest.approx(count, rel=0.01, abs=3), key


def test_datagrams_without_a_socket_are_dropped_for_that_reason(hosts, sockets):
    closed = (hosts.address, sockets.address[1] ^ 1)
    with (
        linux.observe(["drops"]) as watch,
        hosts.sender.call(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sending,
    ):
        for _ in range(500):
            sending.sendto(b"nobody", closed)
    rows = watch.drops[watch.drops["reason"] == "NO_SOCKET"]
    assert set(rows["location"]) & {"__udp4_lib_rcv", "udp_rcv"}
    assert rows["packets"].sum() == pytest.approx(500, rel=0.01)


def test_datagrams_beyond_the_receive_buffer_are_dropped_for_that_reason(hosts, sockets):
    sockets.receiving.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with (
        linux.observe(["drops"]) as bcc,
        watching(hosts.receiver, ["drops", "protocols"], bcc=False) as counters,
    ):
        for _ in range(500):
            sockets.sending.send(bytes(1000))
    truth = counters.protocols
    truth = truth[(truth["protocol"] == "Udp") & (truth["counter"] == "RcvbufErrors")]["count"].sum()
    assert 0 < truth < 500
    seen = bcc.drops[bcc.drops["reason"] == "SOCKET_RCVBUFF"]["packets"].sum()
    assert seen == pytest.approx(truth, rel=0.01)
    fallen = counters.drops[counters.drops["reason"] == "Udp.RcvbufErrors"]["packets"].sum()
    assert fallen == truth


@pytest.mark.needs("cpus")
def test_a_reader_is_seen_where_it_was_pinned_and_followed_when_moved(sockets):
    first, second = sorted(os.sched_getaffinity(0))[:2]
    packets = 200
    at_home, moved = threading.Event(), threading.Event()
    tids = []

    def read():
        tids.append(threading.get_native_id())
        os.sched_setaffinity(0, {first})
        for _ in range(packets):
            sockets.receiving.recv(100)
        at_home.set()
        moved.wait(5)
        for _ in range(packets):
            sockets.receiving.recv(100)

    with linux.observe(["scheduler"]) as watch:
        reader = threading.Thread(target=read)
        reader.start()
        for _ in range(packets):
            sockets.sending.send(b"one")
        assert at_home.wait(5)
        os.sched_setaffinity(tids[0], {second})
        moved.set()
        for _ in range(packets):
            sockets.sending.send(b"two")
        reader.join(5)
    rows = watch.readers[watch.readers["tid"] == tids[0]]
    reads = rows.groupby("cpu")["reads"].sum()
    assert reads.to_dict() == {first: packets, second: packets}
    assert rows["bytes"].sum() == 2 * packets * 3
    moves = watch.migrations[watch.migrations["tid"] == tids[0]]
    assert [first, second] in moves[["from_cpu", "to_cpu"]].to_numpy().tolist()
    assert moves["time_ns"].is_monotonic_increasing
    assert watch.lost == 0
    assert watch.runqueue["count"].sum() > 0
    waits = watch.distribution[watch.distribution["part"] == "runqueue_delay"]["count"].sum()
    # Counted and bucketed in one program, read one after the other.
    assert waits == pytest.approx(watch.runqueue["count"].sum(), rel=0.05, abs=5)


def test_protocol_counters_are_of_the_namespace_that_asks(hosts, sockets):
    with watching(hosts.receiver, ["protocols"]) as watch:
        send_and_read(sockets, 300)
    rows = watch.protocols[watch.protocols["protocol"] == "Udp"]
    assert rows[rows["counter"] == "InDatagrams"]["count"].sum() == 300


def test_device_counters_are_of_the_interface(hosts, sockets):
    with watching(hosts.receiver, ["device"], devices=["rxb-b"]) as watch:
        send_and_read(sockets, 300)
    rows = watch.device[watch.device["counter"] == "rx_packets"]
    assert set(rows["device"]) == {"rxb-b"}
    assert 300 <= rows["count"].sum() <= 310
    assert set(watch.queues["direction"]) == {"rx", "tx"}


def test_an_interface_that_vanishes_ends_nothing(hosts, sockets):
    with watching(hosts.receiver, ["device", "softirq"], 0.05) as watch:
        send_and_read(sockets, 50)
        assert watch.wait(5)
        hosts.receiver.ip("link", "delete", "rxb-b")
        assert watch.wait(5)
        assert watch.wait(5)
    assert (watch.device["count"] >= 0).all()
