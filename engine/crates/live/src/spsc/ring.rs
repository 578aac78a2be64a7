//! The ring's two ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::slots::Slots;

/// An index alone on its cache lines: two, because adjacent lines are fetched in pairs.
#[repr(align(128))]
struct Index(AtomicUsize);

/// Records ever pushed and popped, modulo 2^64; a slot is its record's number modulo the count of slots. Slots from
/// `popped` up to `pushed` are the consumer's, all others the producer's.
struct Shared<T> {
    slots: Slots<T>,
    /// Written by the producer.
    pushed: Index,
    /// Written by the consumer.
    popped: Index,
}

/// The end that pushes. There is one, and pushing takes it mutably.
pub struct Producer<T> {
    shared: Arc<Shared<T>>,
    capacity: usize,
    /// Where the next record goes; ahead of what is published by the records staged.
    next: usize,
    /// The consumer's index when last looked at: never ahead of the truth.
    popped_seen: usize,
}

/// The end that pops. There is one, and popping takes it mutably.
pub struct Consumer<T> {
    shared: Arc<Shared<T>>,
    capacity: usize,
    popped: usize,
    /// The producer's index when last looked at: never ahead of the truth.
    pushed_seen: usize,
}

/// A ring for at least `capacity` records (rounded up to a power of two, at least 1).
pub fn ring<T: Copy + Default + Send>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    let capacity = capacity.max(1).next_power_of_two();
    let shared = Arc::new(Shared {
        slots: Slots::new(capacity),
        pushed: Index(AtomicUsize::new(0)),
        popped: Index(AtomicUsize::new(0)),
    });
    (
        Producer { shared: Arc::clone(&shared), capacity, next: 0, popped_seen: 0 },
        Consumer { shared, capacity, popped: 0, pushed_seen: 0 },
    )
}

impl<T: Copy + Default + Send> Producer<T> {
    /// Records that fit now; looks at the consumer's index only when the copy of it leaves less than `wanted`.
    #[inline]
    fn room(&mut self, wanted: usize) -> usize {
        let room = self.capacity() - self.next.wrapping_sub(self.popped_seen);
        if room >= wanted {
            return room;
        }
        // Acquire: the consumer has read the slots before they are overwritten.
        self.popped_seen = self.shared.popped.0.load(Ordering::Acquire);
        self.capacity() - self.next.wrapping_sub(self.popped_seen)
    }

    /// Write a record into the ring without letting the consumer see it yet, as a driver writes descriptors before
    /// it rings the doorbell; false if the ring is full.
    #[inline]
    pub fn stage(&mut self, record: T) -> bool {
        if self.room(1) == 0 {
            return false;
        }
        let at = self.next & (self.capacity() - 1);
        // SAFETY: there is one producer, borrowed mutably. The slot's last record was popped (or there was none), and
        // the consumer does not touch it before the index passes it.
        unsafe { self.shared.slots.write_one(at, record) };
        self.next = self.next.wrapping_add(1);
        true
    }

    /// Begin to fetch the place of the record `ahead` of the next one, which the consumer's core has.
    #[inline]
    pub fn prefetch(&self, ahead: usize) {
        self.shared.slots.prefetch_to_write(self.next.wrapping_add(ahead) & (self.capacity() - 1));
    }

    /// Let the consumer see what was staged.
    #[inline]
    pub fn publish(&mut self) {
        // Release: the slots are written before the consumer may see the index.
        self.shared.pushed.0.store(self.next, Ordering::Release);
    }

    /// Push as many of `records` as there is room for, in order, behind what is staged; returns how many.
    #[inline]
    pub fn push_burst(&mut self, records: &[T]) -> usize {
        let room = self.room(records.len());
        let (now, _) = records.split_at_checked(room).unwrap_or((records, &[]));
        if now.is_empty() {
            return 0;
        }
        let first = self.next & (self.capacity() - 1);
        let (head, tail) = now.split_at_checked(self.capacity() - first).unwrap_or((now, &[]));
        // SAFETY: as in `stage`, for `now.len() <= room` slots.
        unsafe {
            self.shared.slots.write(first, head);
            self.shared.slots.write(0, tail);
        }
        self.next = self.next.wrapping_add(now.len());
        self.publish();
        now.len()
    }

    /// Records the ring can hold.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}

impl<T: Copy + Default + Send> Consumer<T> {
    /// Records to be popped; looks at the producer's index only when the copy of it promises less than `wanted`.
    #[inline]
    fn ready(&mut self, wanted: usize) -> usize {
        let ready = self.pushed_seen.wrapping_sub(self.popped);
        if ready >= wanted {
            return ready;
        }
        // Acquire: what the producer wrote before it moved the index is visible.
        self.pushed_seen = self.shared.pushed.0.load(Ordering::Acquire);
        self.pushed_seen.wrapping_sub(self.popped)
    }

    /// Give the slots back.
    #[inline]
    fn popped(&mut self, n: usize) {
        self.popped = self.popped.wrapping_add(n);
        // Release: the slots are read before the producer may overwrite them.
        self.shared.popped.0.store(self.popped, Ordering::Release);
    }

    /// Pop up to `records.len()` records into the front of `records`; returns how many.
    #[inline]
    pub fn pop_burst(&mut self, records: &mut [T]) -> usize {
        let n = self.ready(records.len()).min(records.len());
        if n == 0 {
            return 0;
        }
        let first = self.popped & (self.capacity() - 1);
        let (now, _) = records.split_at_mut_checked(n).unwrap_or_default();
        let until_end = n.min(self.capacity() - first);
        let (head, tail) = now.split_at_mut_checked(until_end).unwrap_or_default();
        // SAFETY: there is one consumer, borrowed mutably. The `n <= ready` slots from `popped` on hold records
        // pushed, and the producer does not touch them before it sees the new index.
        unsafe {
            self.shared.slots.read(first, head);
            self.shared.slots.read(0, tail);
        }
        self.popped(n);
        n
    }

    /// Show up to `limit` records behind the next `skip` ones where they lie, and leave them there; returns how many.
    #[inline]
    pub fn look(&mut self, skip: usize, limit: usize, mut show: impl FnMut(&T)) -> usize {
        let ready = self.ready(skip.saturating_add(limit)).saturating_sub(skip);
        self.walk(skip, ready.min(limit), |record| {
            show(record);
            true
        })
    }

    /// Pop records as long as `take`, shown each where it lies, says so and at most `limit`; returns how many.
    #[inline]
    pub fn take_while(&mut self, limit: usize, take: impl FnMut(&T) -> bool) -> usize {
        let ready = self.ready(limit).min(limit);
        let n = self.walk(0, ready, take);
        if n > 0 {
            self.popped(n);
        }
        n
    }

    /// Pop up to `limit` records, each shown where it lies; returns how many.
    #[inline]
    pub fn drain(&mut self, limit: usize, mut take: impl FnMut(&T)) -> usize {
        self.take_while(limit, |record| {
            take(record);
            true
        })
    }

    /// Show up to `n` records, of those that are ready, from `skip` on; returns how many were wanted.
    #[inline]
    fn walk(&self, skip: usize, n: usize, mut wanted: impl FnMut(&T) -> bool) -> usize {
        let mask = self.capacity() - 1;
        for i in 0..n {
            let at = self.popped.wrapping_add(skip + i) & mask;
            // SAFETY: as in `pop_burst`; slots are given back when the reference is gone.
            if !unsafe { self.shared.slots.peek(at) }.is_some_and(&mut wanted) {
                return i;
            }
        }
        n
    }

    /// Records the ring can hold.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}
