"""What drivers count by queue, as the kernel writes it: 4 bytes as long as they do, else 8."""

import struct
import sys

from engine.control import netdev
from engine.control.netdev import QueueStatisticsMessage
from engine.control.netlink import present


def attribute(kind, payload):
    return struct.pack("=HH", 4 + len(payload), kind) + payload


def test_counters_of_a_queue_are_named_as_the_kernel_numbers_them():
    numbers = (1, 7), (2, 0), (3, 1), (8, 62676), (9, 1 << 33), (34, 5)
    payload = b"".join(
        attribute(kind, value.to_bytes(8 if value >> 32 else 4, sys.byteorder)) for kind, value in numbers
    )
    body = struct.pack("=BBH", netdev.QSTATS_GET, 1, 0) + payload
    message = QueueStatisticsMessage(struct.pack("=IHHII", 16 + len(body), 20, 0, 1, 0) + body)
    message.decode()
    found = present(message)
    assert (found["IFINDEX"], found["QUEUE_TYPE"], found["QUEUE_ID"]) == (7, 0, 1)
    counters = {
        name: int.from_bytes(value, sys.byteorder)
        for name, value in found.items()
        if isinstance(value, bytes)
    }
    assert counters == {"RX_PACKETS": 62676, "RX_BYTES": 1 << 33, "TX_WAKE": 5}


def test_queues_come_in_order_with_what_they_count(monkeypatch):
    def answers(*_):
        yield {"QUEUE_TYPE": 1, "QUEUE_ID": 0, "TX_PACKETS": (9).to_bytes(4, sys.byteorder)}
        yield {"QUEUE_TYPE": 0, "QUEUE_ID": 0, "RX_BYTES": (1 << 40).to_bytes(8, sys.byteorder)}

    monkeypatch.setattr(netdev, "_dump", answers)
    first, second = netdev.queue_statistics(None, 1)
    assert (first.direction, first.counters) == ("rx", {"rx_bytes": 1 << 40})
    assert (second.direction, second.counters) == ("tx", {"tx_packets": 9})
