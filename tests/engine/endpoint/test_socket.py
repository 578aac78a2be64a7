"""The socket: as much of one as asyncio, select and programs with several threads count on."""

import errno
import select
import struct
import threading

import pytest

from engine import Scenario
from engine.endpoint import Endpoint

GET_LINK = struct.pack("=IHHIIBBHiII", 32, 18, 0x5, 9, 0, 0, 0, 0, 2, 0, 0)
DUMP_LINKS = struct.pack("=IHHIIBBHiII", 32, 18, 0x301, 9, 0, 0, 0, 0, 0, 0, 0)


@pytest.fixture
def endpoint():
    return Endpoint(nic0=Scenario())


@pytest.fixture
def opened(endpoint):
    with endpoint.netlink(0) as opened:
        yield opened


def readable(opened):
    return bool(select.select([opened], [], [], 0)[0])


def test_it_is_readable_while_there_is_something_to_receive(opened):
    assert not readable(opened)
    opened.send(GET_LINK)
    assert readable(opened)
    opened.recv(1 << 16)
    assert readable(opened)  # its acknowledgement
    opened.recv(1 << 16)
    assert not readable(opened)


def test_waiting_ends_as_it_was_said(opened):
    opened.setblocking(False)
    with pytest.raises(BlockingIOError):
        opened.recv(100)
    opened.settimeout(0.01)
    with pytest.raises(TimeoutError):
        opened.recv(100)


def test_another_thread_that_waits_is_woken(opened):
    found = []
    opened.settimeout(10)
    waiting = threading.Thread(target=lambda: found.append(opened.recv(1 << 16)))
    waiting.start()
    opened.send(GET_LINK)
    waiting.join(10)
    assert found[0][4:6] == b"\x10\0"


def test_a_closed_socket_is_bad(endpoint):
    opened = endpoint.netlink(0)
    opened.close()
    opened.close()
    assert opened.fileno() == -1
    for work in (lambda: opened.send(GET_LINK), lambda: opened.recv(10)):
        with pytest.raises(OSError) as bad:
            work()
        assert bad.value.errno == errno.EBADF


def test_ports_are_one_socket_s(endpoint):
    first, second = endpoint.netlink(0), endpoint.netlink(0)
    assert first.getsockname()[0] != second.getsockname()[0]
    first.bind((77, 0))
    with pytest.raises(OSError) as taken:
        second.bind((77, 0))
    assert taken.value.errno == errno.EADDRINUSE
    endpoint.netlink(16).bind((77, 0))


def test_notifications_nobody_fetches_are_lost_and_that_is_told_once(endpoint, opened):
    opened.bind((0, 1))
    scenario = Scenario()
    for _ in range(400):
        endpoint.add("more", scenario)
        endpoint.remove("more")
    opened.setblocking(False)
    with pytest.raises(OSError) as lost:
        opened.recv(1 << 16)
    assert lost.value.errno == errno.ENOBUFS
    assert opened.recv(1 << 16)


def test_a_second_dump_waits_its_turn(opened):
    opened.send(DUMP_LINKS)
    opened.send(DUMP_LINKS)
    (code,) = struct.unpack_from("=i", opened.recv(1 << 16), 16)
    assert code == -errno.EBUSY
    assert opened.recv(1 << 16)[4:6] == b"\x10\0"


def test_several_requests_in_one_datagram_and_a_cut_one(opened):
    opened.setblocking(False)
    opened.send(GET_LINK + GET_LINK[:20])
    assert [opened.recv(1 << 16)[4] for _ in range(2)] == [16, 2]
    with pytest.raises(BlockingIOError):
        opened.recv(10)
    opened.send(GET_LINK + GET_LINK)
    assert [opened.recv(1 << 16)[4] for _ in range(4)] == [16, 2, 16, 2]


def test_protocols_there_are_not(endpoint):
    with pytest.raises(OSError) as refused:
        endpoint.netlink(6)
    assert refused.value.errno == errno.EPROTONOSUPPORT
