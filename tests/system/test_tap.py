"""A TAP device before the real kernel: what is written arrives, what is refused says why."""

import os
import signal
import socket
import struct

import pytest

from engine import ScenarioError, _core
from engine.linux.namespace import Namespace

pytestmark = pytest.mark.needs("tap", "namespaces")

HOST, PEER = "10.92.0.1", "10.92.0.2"
LINK = bytes.fromhex("020000000001 020000000002 0800")


@pytest.fixture
def kernel():
    with Namespace("kernel") as namespace:
        yield namespace


def up(kernel, tap):
    for line in (
        f"ip link set {tap.name} address 02:00:00:00:00:01 up",
        f"ip address add {HOST}/24 dev {tap.name}",
        f"ip neighbour replace {PEER} lladdr 02:00:00:00:00:02 dev {tap.name}",
    ):
        kernel.run(line.split())


def datagram(payload, port):
    """Ethernet, IPv4 and UDP, without a UDP checksum."""
    total = 28 + len(payload)
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, total, 1, 0x4000, 64, 17, 0, socket.inet_aton(PEER), socket.inet_aton(HOST)
    )
    words = sum(struct.unpack("!10H", head))
    words = (words & 0xFFFF) + (words >> 16)
    head = head[:10] + struct.pack("!H", 0xFFFF ^ words) + head[12:]
    return LINK + head + struct.pack("!HHHH", 4000, port, 8 + len(payload), 0) + payload


def listening(kernel):
    def bound():
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind((HOST, 0))
        opened.settimeout(2)
        return opened

    opened = kernel.call(bound)
    return opened, opened.getsockname()[1]


@pytest.mark.parametrize("napi", ["off", "on", "frags"])
def test_frames_written_to_any_queue_arrive(kernel, napi):
    with kernel.call(lambda: _core.Tap("rxb0", 4, napi=napi)) as tap:
        up(kernel, tap)
        receiving, port = listening(kernel)
        payloads = [os.urandom(20 + 360 * queue) for queue in range(4)]
        for queue, payload in enumerate(payloads):
            assert tap.write(queue, datagram(payload, port)) is None
            assert receiving.recv(2000) == payload
        taken, refused, elapsed_ns = tap.write_many(1, [datagram(b"again", port)], 100)
        assert (taken, refused) == (100, {})
        assert elapsed_ns > 0
        assert [receiving.recv(100) for _ in range(100)] == [b"again"] * 100
        receiving.close()


@pytest.mark.parametrize("napi", ["off", "frags"])
def test_a_merged_frame_is_taken_apart_by_the_kernel(kernel, napi):
    with kernel.call(lambda: _core.Tap("rxb0", 2, napi=napi)) as tap:
        up(kernel, tap)
        receiving, port = listening(kernel)
        payload = os.urandom(1400 * 20 + 100)
        assert tap.write(1, datagram(payload, port), gso_bytes=1400) is None
        arrived = [receiving.recv(4000) for _ in range(21)]
        assert [len(piece) for piece in arrived] == [1400] * 20 + [100]
        assert b"".join(arrived) == payload
        receiving.close()


def test_what_the_kernel_sends_is_read(kernel):
    with kernel.call(lambda: _core.Tap("rxb0", 2)) as tap:
        up(kernel, tap)
        sending, _ = listening(kernel)
        sending.sendto(b"out", (PEER, 7))
        seen = []
        while not any(frame[12:14] == b"\x08\0" and frame[-3:] == b"out" for frame in seen):
            ready = tap.wait(2000)
            assert ready, "nothing came"
            seen += [frame for queue in ready if (frame := tap.read(queue)) is not None]
        assert tap.read(0) is None or tap.wait(0) is not None
        sending.close()


def test_a_name_that_exists_is_refused(kernel):
    with kernel.call(lambda: _core.Tap("rxb0")), pytest.raises(FileExistsError, match="rxb0") as refused:
        kernel.call(lambda: _core.Tap("rxb0"))
    assert "\n" not in str(refused.value)
    with pytest.raises(FileExistsError, match="lo"):
        kernel.call(lambda: _core.Tap("lo"))


def test_256_queues_and_not_one_more(kernel):
    with kernel.call(lambda: _core.Tap("rxb0", 256)) as tap:
        up(kernel, tap)
        receiving, port = listening(kernel)
        assert tap.write(255, datagram(b"last", port)) is None
        assert receiving.recv(100) == b"last"
        receiving.close()
    with pytest.raises(ScenarioError, match="queues = 257: allowed is 1 to 256"):
        kernel.call(lambda: _core.Tap("rxb0", 257))


def test_an_interface_that_is_down_or_vanishes_says_so(kernel):
    with kernel.call(lambda: _core.Tap("rxb0")) as tap:
        frame = datagram(b"?", 9)
        assert tap.write(0, frame) == "dev_ready"
        up(kernel, tap)
        assert tap.write(0, frame) is None
        kernel.run(["ip", "link", "delete", "rxb0"])
        assert tap.write(0, frame) == "dev_ready"
        assert tap.write_many(0, [frame], 1_000_000)[0] == 0
        with pytest.raises(OSError, match="rxb0"):
            tap.read(0)
    with pytest.raises(ValueError, match="rxb0 is closed"):
        tap.write(0, frame)


def test_without_rights_one_line_says_which():
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            _core.Tap("rxb0")
        except PermissionError as refused:
            os.write(writer, str(refused).encode())
        finally:
            os._exit(0)
    os.close(writer)
    said = os.read(reader, 1000).decode()
    os.close(reader)
    os.waitpid(child, 0)
    assert "CAP_NET_ADMIN" in said
    assert "\n" not in said


def test_the_device_goes_with_its_owner(kernel):
    def made():
        child = os.fork()
        if child == 0:
            held = _core.Tap("rxb0")
            os.write(writer, held.name.encode())
            signal.pause()
        return child

    reader, writer = os.pipe()
    child = kernel.call(made)
    assert os.read(reader, 10) == b"rxb0"
    assert "rxb0" in kernel.run(["ip", "-br", "link"]).stdout
    os.kill(child, 9)
    os.waitpid(child, 0)
    assert "rxb0" not in kernel.run(["ip", "-br", "link"]).stdout
    os.close(reader)
    os.close(writer)
