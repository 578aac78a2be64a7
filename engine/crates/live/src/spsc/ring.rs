//! The ring's two ends.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::Record;

/// An index alone on its cache lines: two, because adjacent lines are fetched in pairs.
#[repr(align(128))]
struct Index(AtomicUsize);

struct Shared {
    /// `capacity * words per record`; relaxed, ordered by the indices.
    words: Box<[AtomicU64]>,
    /// Records ever pushed, modulo 2^64. Written by the producer.
    pushed: Index,
    /// Records ever popped. Written by the consumer.
    popped: Index,
    /// Capacity - 1; the capacity is a power of two.
    mask: usize,
}

/// The end that pushes.
pub struct Producer<T> {
    shared: Arc<Shared>,
    pushed: usize,
    /// The consumer's index when last looked at: never ahead of the truth.
    popped_seen: usize,
    record: PhantomData<fn(T)>,
}

/// The end that pops.
pub struct Consumer<T> {
    shared: Arc<Shared>,
    popped: usize,
    /// The producer's index when last looked at: never ahead of the truth.
    pushed_seen: usize,
    record: PhantomData<fn() -> T>,
}

/// A ring for at least `capacity` records (rounded up to a power of two, at least 1).
pub fn ring<T: Record>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    let capacity = capacity.max(1).next_power_of_two();
    let words = capacity * words_per_record::<T>();
    let shared = Arc::new(Shared {
        words: (0..words).map(|_| AtomicU64::new(0)).collect(),
        pushed: Index(AtomicUsize::new(0)),
        popped: Index(AtomicUsize::new(0)),
        mask: capacity - 1,
    });
    (
        Producer { shared: Arc::clone(&shared), pushed: 0, popped_seen: 0, record: PhantomData },
        Consumer { shared, popped: 0, pushed_seen: 0, record: PhantomData },
    )
}

#[inline]
fn words_per_record<T: Record>() -> usize {
    T::Words::default().as_ref().len().max(1)
}

impl Shared {
    /// The slots of `n` records from index `at` on: up to the end of the memory, and the rest from its start.
    #[inline]
    fn slots(&self, at: usize, n: usize, record_words: usize) -> (&[AtomicU64], &[AtomicU64]) {
        let first = at & self.mask;
        let until_end = n.min(self.mask + 1 - first);
        let head = self.words.get(first * record_words..(first + until_end) * record_words);
        let tail = self.words.get(..(n - until_end) * record_words);
        (head.unwrap_or_default(), tail.unwrap_or_default())
    }
}

#[inline]
fn store<T: Record>(slots: &[AtomicU64], records: &[T]) {
    for (slot, record) in slots.chunks_exact(words_per_record::<T>()).zip(records) {
        for (to, word) in slot.iter().zip(record.to_words().as_ref()) {
            to.store(*word, Ordering::Relaxed);
        }
    }
}

#[inline]
fn load<T: Record>(slots: &[AtomicU64], records: &mut [T]) {
    for (slot, record) in slots.chunks_exact(words_per_record::<T>()).zip(records) {
        let mut words = T::Words::default();
        for (word, from) in words.as_mut().iter_mut().zip(slot) {
            *word = from.load(Ordering::Relaxed);
        }
        *record = T::from_words(words);
    }
}

impl<T: Record> Producer<T> {
    /// Push as many of `records` as there is room for, in order; returns how many.
    #[inline]
    pub fn push_burst(&mut self, records: &[T]) -> usize {
        let mut room = self.capacity() - self.pushed.wrapping_sub(self.popped_seen);
        if room < records.len() {
            // Acquire: the consumer has read the slots before they are overwritten below.
            self.popped_seen = self.shared.popped.0.load(Ordering::Acquire);
            room = self.capacity() - self.pushed.wrapping_sub(self.popped_seen);
        }
        let n = room.min(records.len());
        if n == 0 {
            return 0;
        }
        let (now, _) = records.split_at_checked(n).unwrap_or_default();
        let (head, tail) = self.shared.slots(self.pushed, n, words_per_record::<T>());
        let (first, rest) = now.split_at_checked(head.len() / words_per_record::<T>()).unwrap_or_default();
        store(head, first);
        store(tail, rest);
        self.pushed = self.pushed.wrapping_add(n);
        // Release: the slots are written before the consumer may see the index.
        self.shared.pushed.0.store(self.pushed, Ordering::Release);
        n
    }

    /// Records the ring can hold.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.shared.mask + 1
    }
}

impl<T: Record> Consumer<T> {
    /// Pop up to `records.len()` records into the front of `records`; returns how many.
    #[inline]
    pub fn pop_burst(&mut self, records: &mut [T]) -> usize {
        let mut ready = self.pushed_seen.wrapping_sub(self.popped);
        if ready < records.len() {
            // Acquire: what the producer wrote before it moved the index is visible below.
            self.pushed_seen = self.shared.pushed.0.load(Ordering::Acquire);
            ready = self.pushed_seen.wrapping_sub(self.popped);
        }
        let n = ready.min(records.len());
        if n == 0 {
            return 0;
        }
        let (head, tail) = self.shared.slots(self.popped, n, words_per_record::<T>());
        let (first, rest) =
            records.split_at_mut_checked(head.len() / words_per_record::<T>()).unwrap_or_default();
        load(head, first);
        load(tail, rest);
        self.popped = self.popped.wrapping_add(n);
        // Release: the slots are read before the producer may overwrite them.
        self.shared.popped.0.store(self.popped, Ordering::Release);
        n
    }

    /// Records the ring can hold.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.shared.mask + 1
    }
}
