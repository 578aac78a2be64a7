//! What the threads of a run tell each other besides frames.

use crate::clock::Clock;
use stage::Nanos;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
use std::thread::{Thread, current, park, yield_now};

/// One host thread's side, alone on its cache lines.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct Gate {
    /// Frames taken and done with: read or kept, and no buffer of theirs is still to be posted.
    done_frames: AtomicU64,
    /// Times it fell asleep and woke: odd while it sleeps.
    sleeps: AtomicU64,
    thread: OnceLock<Thread>,
}

/// The whole run's.
pub(crate) struct Shared {
    /// Set when all threads are up: no thread's start is in the time of the run.
    clock: OnceLock<Clock>,
    /// Threads that are up.
    up: AtomicUsize,
    /// By host thread.
    pub(crate) gates: Vec<Gate>,
    /// Nothing more comes from the NIC.
    finished: AtomicBool,
    /// Someone wants the run to end, or a thread has failed.
    stop: AtomicBool,
}

impl Shared {
    pub(crate) fn new(hosts: usize) -> Self {
        Shared {
            clock: OnceLock::new(),
            up: AtomicUsize::new(0),
            gates: (0..hosts).map(|_| Gate::default()).collect(),
            finished: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        }
    }

    /// A thread is up: wait for the others and the clock.
    pub(crate) fn enter(&self) {
        self.up.fetch_add(1, Ordering::Relaxed);
        while self.clock.get().is_none() && !self.stopped() {
            yield_now();
        }
    }

    /// Threads that are up.
    pub(crate) fn up(&self) -> usize {
        self.up.load(Ordering::Relaxed)
    }

    /// Time begins.
    pub(crate) fn begin(&self) {
        let _ = self.clock.set(Clock::start());
    }

    /// Nanoseconds since time began.
    #[inline]
    pub(crate) fn now_ns(&self) -> Nanos {
        self.clock.get().map_or(0, Clock::now_ns)
    }

    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether all frames have been handed over.
    #[inline]
    pub(crate) fn finished(&self) -> bool {
        // Acquire: who sees it sees the last frames too.
        self.finished.load(Ordering::Acquire)
    }

    /// All frames have been handed over: host threads end when their rings are empty.
    pub(crate) fn finish(&self) {
        self.finished.store(true, Ordering::Release);
        self.gates.iter().for_each(|gate| {
            gate.rouse();
        });
    }
}

impl Gate {
    /// The host thread is up.
    pub(crate) fn enter(&self) {
        let _ = self.thread.set(current());
    }

    /// Frames done with, as last told.
    #[inline]
    pub(crate) fn done_frames(&self) -> u64 {
        // Acquire: who sees the count finds the buffers posted meanwhile.
        self.done_frames.load(Ordering::Acquire)
    }

    #[inline]
    pub(crate) fn tell_done(&self, frames: u64) {
        self.done_frames.store(frames, Ordering::Release);
    }

    /// Sleep until roused, unless `anything` is found after saying so; answers whether it was roused.
    pub(crate) fn sleep(&self, anything: impl FnOnce() -> bool) -> bool {
        let sleep = self.sleeps.fetch_add(1, Ordering::Relaxed) + 1;
        // Orders "asleep" before the look at the rings, as `asleep` orders the frame before its look at "asleep": one
        // of the two sees the other.
        fence(Ordering::SeqCst);
        if anything() && self.wake(sleep) {
            return false;
        }
        while self.sleeps.load(Ordering::Relaxed) == sleep {
            park();
        }
        true
    }

    /// Which of its sleeps the host thread is in, if in one.
    #[inline]
    pub(crate) fn asleep(&self) -> Option<u64> {
        fence(Ordering::SeqCst);
        Some(self.sleeps.load(Ordering::Relaxed)).filter(|sleeps| sleeps % 2 == 1)
    }

    /// Wake the host thread if it sleeps; answers whether it did.
    #[inline]
    pub(crate) fn rouse(&self) -> bool {
        let roused = self.asleep().is_some_and(|sleep| self.wake(sleep));
        if roused && let Some(thread) = self.thread.get() {
            thread.unpark();
        }
        roused
    }

    /// End a sleep; answers whether it had not ended.
    fn wake(&self, sleep: u64) -> bool {
        self.sleeps.compare_exchange(sleep, sleep + 1, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Held by a thread while it works: one that fails takes the others with it instead of leaving them waiting.
pub(crate) struct Alive<'a>(pub(crate) &'a Shared);

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
            self.0.finish();
        }
    }
}
