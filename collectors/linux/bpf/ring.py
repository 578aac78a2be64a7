"""A BPF ring buffer read through its shared memory: one vectorised copy per visit, no call per event.

Layout as in kernel/bpf/ringbuf.c: a page with the consumer's position (ours to write), a page with the
producer's, then the data mapped twice so that no record ever wraps. A record is an 8-byte header (length,
busy and discard bits) and its payload rounded up to 8. All records of one ring have one size, which is what
lets numpy read them at once.
"""

from __future__ import annotations

import mmap

import numpy as np
import numpy.typing as npt

PAGE_BYTES = mmap.PAGESIZE
HEADER_BYTES = 8
BUSY, DISCARD = 1 << 31, 1 << 30


class Ring:
    """The consumer's side of a ring of fixed-size events.

    Parameters
    ----------
    descriptor : of the map; stays the caller's.
    data_bytes : size of the ring, a power of two of pages.
    dtype : of one event; its size must be a multiple of 8, as the kernel rounds up.
    """

    def __init__(self, descriptor: int, data_bytes: int, dtype: np.dtype[np.void]) -> None:
        if dtype.itemsize % 8:
            raise ValueError(f"an event of {dtype.itemsize} bytes: must be a multiple of 8")
        self._record_bytes = HEADER_BYTES + dtype.itemsize
        self._dtype = dtype
        self._data_bytes = data_bytes
        self._ours = mmap.mmap(descriptor, PAGE_BYTES, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        theirs_bytes = PAGE_BYTES + 2 * data_bytes
        self._theirs = mmap.mmap(descriptor, theirs_bytes, mmap.MAP_SHARED, mmap.PROT_READ, offset=PAGE_BYTES)
        self.received = 0
        """Events handed out so far."""

    def drain(self) -> npt.NDArray[np.void]:
        """Every event committed since the last call, oldest first; shape (events,), the ring's dtype.

        Loads and stores of x86 and a copy before the position is moved keep the order; on weaker machines the
        header's busy bit is what tells a record that is not written yet.
        """
        consumer = int.from_bytes(self._ours[:8], "little")
        producer = int.from_bytes(self._theirs[:8], "little")
        records = (producer - consumer) // self._record_bytes
        if not records:
            return np.empty(0, dtype=self._dtype)
        begin = PAGE_BYTES + consumer % self._data_bytes
        copy = self._theirs[begin : begin + records * self._record_bytes]
        table = np.frombuffer(copy, dtype=np.uint8).reshape(records, self._record_bytes)
        headers = table[:, :4].copy().view("<u4").ravel()
        busy = np.flatnonzero(headers & BUSY)
        done = int(busy[0]) if len(busy) else records
        kept = table[:done][(headers[:done] & DISCARD) == 0]
        events: npt.NDArray[np.void] = kept[:, HEADER_BYTES:].copy().view(self._dtype).ravel()
        self._ours[:8] = (consumer + done * self._record_bytes).to_bytes(8, "little")
        self.received += len(events)
        return events

    def close(self) -> None:
        """Unmap; safe to call twice."""
        self._ours.close()
        self._theirs.close()
