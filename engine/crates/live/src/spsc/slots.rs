//! The ring's memory: the only part that needs unsafe code.

use crate::prefetch;
use std::cell::UnsafeCell;

/// Bytes of a cache line.
const LINE_BYTES: usize = 64;

/// Slots that two threads use by turns; who may touch which is decided by the ring's indices.
pub(super) struct Slots<T> {
    slots: Box<[UnsafeCell<T>]>,
}

// SAFETY: threads share `Slots` only to move values of `T` through it, which `T: Send` allows; that no slot is used
// from two threads at once is what the callers of `write` and `read` promise.
unsafe impl<T: Copy + Send> Sync for Slots<T> {}

impl<T: Copy + Default> Slots<T> {
    pub(super) fn new(count: usize) -> Self {
        Slots { slots: (0..count).map(|_| UnsafeCell::new(T::default())).collect() }
    }

    /// Copy a record into the slot at `at`, if there is one.
    ///
    /// # Safety
    /// No other thread reads or writes this slot during the call.
    #[inline]
    pub(super) unsafe fn write_one(&self, at: usize, record: T) {
        if let Some(slot) = self.slots.get(at) {
            // SAFETY: the slot is ours alone for the call, says the caller; `T: Copy` has nothing to drop.
            unsafe { slot.get().write(record) };
        }
    }

    /// Begin to fetch the slot at `at`, to be written: its first and its last line.
    #[inline]
    pub(super) fn prefetch_to_write(&self, at: usize) {
        if let Some(slot) = self.slots.get(at) {
            let first: *const T = slot.get();
            prefetch::for_writing(first);
            if size_of::<T>() > LINE_BYTES {
                prefetch::for_writing(first.wrapping_add(1).cast::<u8>().wrapping_sub(1));
            }
        }
    }

    /// The record in the slot at `at`, if there is one, where it lies.
    ///
    /// # Safety
    /// No other thread writes this slot as long as the reference lives.
    #[inline]
    pub(super) unsafe fn peek(&self, at: usize) -> Option<&T> {
        // SAFETY: nobody writes the slot while the reference lives, says the caller; it was initialised by `new`.
        self.slots.get(at).map(|slot| unsafe { &*slot.get() })
    }

    /// Copy records into the slots from `at` on, as far as there are slots.
    ///
    /// # Safety
    /// No other thread reads or writes these slots during the call.
    #[inline]
    pub(super) unsafe fn write(&self, at: usize, records: &[T]) {
        for (slot, record) in self.slots.get(at..).unwrap_or_default().iter().zip(records) {
            // SAFETY: the slot is ours alone for the call, says the caller; `T: Copy` has nothing to drop.
            unsafe { slot.get().write(*record) };
        }
    }

    /// Copy the slots from `at` on into records, as far as there are slots.
    ///
    /// # Safety
    /// No other thread writes these slots during the call.
    #[inline]
    pub(super) unsafe fn read(&self, at: usize, records: &mut [T]) {
        for (slot, record) in self.slots.get(at..).unwrap_or_default().iter().zip(records) {
            // SAFETY: nobody writes the slot during the call, says the caller; it was initialised by `new`.
            *record = unsafe { slot.get().read() };
        }
    }
}
