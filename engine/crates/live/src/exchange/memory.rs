//! The packet memory itself: the only unsafe code of the exchange.

use crate::prefetch;
use stage::{BufferId, PacketMemory};
use std::cell::UnsafeCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes of a cache line.
const LINE_BYTES: usize = 64;

/// Bytes of the smallest page.
const PAGE_BYTES: usize = 4096;

/// Buffers that the NIC's thread writes and one host thread reads, by turns.
///
/// Whose a buffer is, is decided by where its number is: posted and not yet handed over, it is the NIC's; else the
/// host's. `with_host` repeats this for the host side, which asks it before every access: it is written by who has the
/// host's pool mutably, true only after the record of a filled buffer was seen in its ring, false before the number of a posted
/// one is pushed.
pub(crate) struct Memory {
    bytes: Box<[UnsafeCell<u8>]>,
    with_host: Box<[AtomicBool]>,
    buffer_bytes: usize,
    /// From one buffer to the next: an odd number of cache lines, for of buffers a power of two apart all headers would
    /// compete for a few sets of the caches.
    stride: usize,
    /// Where the first buffer begins: at a cache line, so that headers lie in as few as they can.
    first: usize,
}

// SAFETY: bytes are accessed through `fill` and `host_bytes` only. `fill` demands that the buffer is the NIC's; the
// host side's accesses are refused unless it is the host's. The number crosses between threads through a ring whose
// release and acquire order the accesses of the one before those of the other.
unsafe impl Sync for Memory {}
// SAFETY: nothing in it is tied to a thread.
unsafe impl Send for Memory {}

impl Memory {
    /// `count` buffers of `buffer_bytes` bytes, none with the host.
    pub(crate) fn new(count: u32, buffer_bytes: u32) -> Arc<Memory> {
        let stride = ((buffer_bytes as usize).div_ceil(LINE_BYTES) | 1) * LINE_BYTES;
        let mut zeroed = vec![0u8; count as usize * stride + LINE_BYTES].into_boxed_slice();
        // The pages are had now, as a driver's are, and not one by one while frames wait for them.
        zeroed.iter_mut().step_by(PAGE_BYTES).for_each(|byte| *std::hint::black_box(byte) = 0);
        let first = zeroed.as_ptr().align_offset(LINE_BYTES).min(LINE_BYTES);
        // SAFETY: `UnsafeCell<u8>` has the layout of `u8`, and the box is the only owner.
        let bytes = unsafe { Box::from_raw(Box::into_raw(zeroed) as *mut [UnsafeCell<u8>]) };
        let with_host = (0..count).map(|_| AtomicBool::new(false)).collect();
        Arc::new(Memory { bytes, with_host, buffer_bytes: buffer_bytes as usize, stride, first })
    }

    pub(super) fn buffers(&self) -> usize {
        self.with_host.len()
    }

    pub(super) fn buffer_bytes(&self) -> usize {
        self.buffer_bytes
    }

    fn cells(&self, buffer: BufferId) -> &[UnsafeCell<u8>] {
        let start = self.first + buffer.0 as usize * self.stride;
        self.bytes.get(start..start + self.buffer_bytes).unwrap_or(&[])
    }

    /// Begin to fetch a buffer's first line, to be read.
    #[inline]
    pub(super) fn prefetch(&self, buffer: BufferId) {
        if let Some(first) = self.cells(buffer).first() {
            prefetch::for_reading(first);
        }
    }

    /// Begin to fetch a buffer's first line, to be written.
    #[inline]
    pub(super) fn prefetch_to_write(&self, buffer: BufferId) {
        if let Some(first) = self.cells(buffer).first() {
            prefetch::for_writing(first);
        }
    }

    /// Copy a piece of a frame into a buffer, as far as it has room.
    ///
    /// # Safety
    /// The buffer is the NIC's: its number was popped from the ring of posted buffers and not handed over since.
    #[inline]
    pub(super) unsafe fn fill(&self, buffer: BufferId, piece: &[u8]) {
        // SAFETY: as the caller says.
        unsafe { self.fill_from(buffer, 0, piece) };
    }

    /// The same from this byte of the buffer on.
    ///
    /// # Safety
    /// As [`Memory::fill`].
    #[inline]
    pub(super) unsafe fn fill_from(&self, buffer: BufferId, at: usize, piece: &[u8]) {
        let cells = self.cells(buffer).get(at..).unwrap_or(&[]);
        let bytes = piece.len().min(cells.len());
        // SAFETY: both ranges are `bytes` long, and the frame is not in packet memory. No other thread accesses the
        // cells: the caller says that the buffer is the NIC's, and `host_bytes` then gives nothing of it.
        unsafe { std::ptr::copy_nonoverlapping(piece.as_ptr(), cells.as_ptr() as *mut u8, bytes) };
    }

    /// Note on the host thread whose a buffer is.
    ///
    /// # Safety
    /// To the host: its record was seen in the ring. From the host: no reference from `host_bytes` is left, and its number is
    /// pushed to the NIC only afterwards.
    #[inline]
    pub(super) unsafe fn set_with_host(&self, buffer: BufferId, with_host: bool) {
        if let Some(mark) = self.with_host.get(buffer.0 as usize) {
            // Relaxed: only who has the host's pool looks.
            mark.store(with_host, Ordering::Relaxed);
        }
    }

    /// The buffer's bytes if it is the host's, else nothing.
    ///
    /// # Safety
    /// The reference is gone before `set_with_host` gives the buffer away.
    #[inline]
    unsafe fn host_bytes(&self, buffer: BufferId) -> &[u8] {
        if !self.with_host.get(buffer.0 as usize).is_some_and(|mark| mark.load(Ordering::Relaxed)) {
            return &[];
        }
        let cells = self.cells(buffer);
        // SAFETY: the NIC does not write a buffer that is the host's, and the caller lets go of it in time.
        unsafe { std::slice::from_raw_parts(cells.as_ptr() as *const u8, cells.len()) }
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} buffers of {} bytes", self.with_host.len(), self.buffer_bytes)
    }
}

/// The host thread's view: in its buffer pool, and where payload is copied to the application.
#[derive(Clone, Debug)]
pub(crate) struct HostView(pub(crate) Arc<Memory>);

impl PacketMemory for HostView {
    #[inline]
    fn bytes(&self, buffer: BufferId) -> &[u8] {
        // SAFETY: what the view's pool lends is borrowed from the pool, and giving a buffer away takes that pool
        // mutably (`HostEnd::post`).
        unsafe { self.0.host_bytes(buffer) }
    }
}

impl HostView {
    /// Copy bytes of a buffer from `offset` on, as many as there are in both.
    #[inline]
    pub(crate) fn copy_out(&self, buffer: BufferId, offset: usize, to: &mut [u8]) {
        // SAFETY: called on the host thread; the reference does not leave this function.
        let bytes = unsafe { self.0.host_bytes(buffer) };
        let from = bytes.get(offset..).unwrap_or(&[]);
        let n = from.len().min(to.len());
        if let (Some(to), Some(from)) = (to.get_mut(..n), from.get(..n)) {
            to.copy_from_slice(from);
        }
    }
}
