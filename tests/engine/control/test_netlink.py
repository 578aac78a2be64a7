"""Answers of a far end that is not polite: cut, interrupted, out of turn."""

import struct

import pytest
from pyroute2.netlink import genlmsg

from engine.control.ethtool.coalesce import CoalesceMessage
from engine.control.ethtool.header import addressed
from engine.control.netlink import Connection, NetlinkAnswer


class Replay:
    """A socket that answers each request with what was prepared for it."""

    def __init__(self, *answers):
        self.answers, self.sent, self.pending = list(answers), [], []

    def send(self, data):
        self.sent.append(data)
        (number,) = struct.unpack_from("=I", data, 8)
        self.pending = [answer(number, data) for answer in self.answers.pop(0)]
        return len(data)

    def recv(self, size):
        return self.pending.pop(0)

    def setsockopt(self, *_):
        pass

    def close(self):
        pass


def message(kind, payload=b"", flags=0, number=None):
    def made(asked, _):
        sequence = asked if number is None else number
        return struct.pack("=IHHII", 16 + len(payload), kind, flags, sequence, 0) + payload

    return made


def error(code, attributes=b"", flags=0x300):
    def made(number, data):
        payload = struct.pack("=i", -code) + data[:16] + attributes
        return struct.pack("=IHHII", 16 + len(payload), 2, flags, number, 0) + payload

    return made


ACK = error(0, flags=0x100)
DONE = message(3, struct.pack("=i", 0), flags=2)


def asked(*answers, attributes=(), dump=False):
    socket = Replay(*answers)
    request = CoalesceMessage()
    request["cmd"] = 20
    request["attrs"] = [("ETHTOOL_A_COALESCE_HEADER", addressed("eth0")), *attributes]
    return Connection(socket).request(request, 0x15, dump=dump), socket


def test_what_is_for_others_is_passed_over():
    told = message(0x15, struct.pack("=BBH", 21, 1, 0), number=77)
    answer = message(0x15, struct.pack("=BBH", 20, 1, 0))
    found, _ = asked([told, answer, told, ACK])
    assert [each["cmd"] for each in found] == [20]


def test_a_dump_that_was_interrupted_is_asked_for_again():
    row = message(0x15, struct.pack("=BBH", 20, 1, 0), flags=2)
    cut = message(3, struct.pack("=i", 0), flags=2 | 0x10)
    found, socket = asked([row, cut], [row, row, DONE], dump=True)
    assert (len(found), len(socket.sent)) == (2, 2)


def test_a_dump_may_fail_at_its_end():
    with pytest.raises(NetlinkAnswer) as answer:
        asked([message(3, struct.pack("=i", -95), flags=2)], dump=True)
    assert answer.value.errno == 95


def test_an_error_names_the_attribute_it_points_at():
    text = b"cannot modify an unsupported parameter\0"
    # nlmsghdr 16, genlmsghdr 4, the header's nest 4 + (4 + 5, padded): the next attribute begins at 36.
    attributes = struct.pack("=HH", 4 + len(text), 1) + text + bytes(-len(text) % 4)
    attributes += struct.pack("=HHI", 8, 2, 36)
    with pytest.raises(NetlinkAnswer) as answer:
        asked([error(95, attributes)], attributes=[("ETHTOOL_A_COALESCE_TX_USECS", 3)])
    assert (answer.value.errno, answer.value.text) == (95, text[:-1].decode())
    assert answer.value.attribute == "ETHTOOL_A_COALESCE_TX_USECS"


@pytest.mark.parametrize(
    "tail", [b"\0\0\0\0", b"\x01\0\x01\0", b"\xff\xff\x01\0abc", b"\x08\0\x02\0\xff\xff\xff\xff"]
)
def test_a_crippled_error_is_still_that_error(tail):
    with pytest.raises(NetlinkAnswer) as answer:
        asked([error(22, tail)])
    assert answer.value.errno == 22


def test_a_message_longer_than_its_datagram_ends_it():
    long = lambda number, _: struct.pack("=IHHII", 400, 0x15, 0, number, 0) + b"x" * 20  # noqa: E731
    found, _ = asked([long, ACK])
    assert found == []
    assert issubclass(CoalesceMessage, genlmsg)
