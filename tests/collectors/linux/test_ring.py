"""The consumer's side of a BPF ring buffer, over memory laid out as the kernel lays it out."""

import mmap
import os
import struct

import numpy as np
import pytest

from collectors.linux.bpf.ring import BUSY, DISCARD, PAGE_BYTES, Ring

EVENT = np.dtype([("value", "<u8"), ("other", "<u8")])
RECORD = 8 + EVENT.itemsize


class Kernel:
    """The producer: a page of positions each, and the data, which here is written twice by hand."""

    def __init__(self):
        self.descriptor = os.memfd_create("ring")
        os.ftruncate(self.descriptor, 4 * PAGE_BYTES)
        self.memory = mmap.mmap(self.descriptor, 4 * PAGE_BYTES)
        self.produced = 0

    def produce(self, value, flags=0):
        record = struct.pack("<IIQQ", EVENT.itemsize | flags, 0, value, value + 1)
        for at, byte in enumerate(record):
            place = (self.produced + at) % PAGE_BYTES
            self.memory[2 * PAGE_BYTES + place] = byte
            self.memory[3 * PAGE_BYTES + place] = byte
        self.produced += len(record)
        self.memory[PAGE_BYTES : PAGE_BYTES + 8] = struct.pack("<Q", self.produced)

    def commit(self, record):
        place = record * RECORD % PAGE_BYTES
        for copy in (2, 3):
            self.memory[copy * PAGE_BYTES + place + 3] &= 0x7F

    @property
    def consumed(self):
        return struct.unpack("<Q", self.memory[:8])[0]


@pytest.fixture
def kernel():
    made = Kernel()
    yield made
    made.memory.close()
    os.close(made.descriptor)


@pytest.fixture
def ring(kernel):
    made = Ring(kernel.descriptor, PAGE_BYTES, EVENT)
    yield made
    made.close()


def test_an_empty_ring_gives_nothing(ring):
    assert len(ring.drain()) == 0


def test_events_come_once_and_in_order_over_the_end_of_the_ring(kernel, ring):
    seen = []
    for value in range(1000):
        kernel.produce(value)
        if value % 100 == 99:
            events = ring.drain()
            assert (events["other"] == events["value"] + 1).all()
            seen += events["value"].tolist()
    assert seen == list(range(1000))
    assert ring.received == 1000
    assert kernel.consumed == kernel.produced


def test_a_record_that_is_being_written_holds_back_those_after_it(kernel, ring):
    kernel.produce(0)
    kernel.produce(1, BUSY)
    kernel.produce(2)
    assert ring.drain()["value"].tolist() == [0]
    assert kernel.consumed == RECORD
    kernel.commit(1)
    assert ring.drain()["value"].tolist() == [1, 2]


def test_discarded_records_are_passed_over(kernel, ring):
    for value, flags in ((0, DISCARD), (1, 0), (2, DISCARD)):
        kernel.produce(value, flags)
    assert ring.drain()["value"].tolist() == [1]
    assert kernel.consumed == 3 * RECORD


def test_an_event_the_kernel_would_pad_is_refused(kernel):
    with pytest.raises(ValueError, match="12 bytes: must be a multiple of 8"):
        Ring(kernel.descriptor, PAGE_BYTES, np.dtype([("a", "<u8"), ("b", "<u4")]))
