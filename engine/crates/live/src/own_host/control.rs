//! What is changed while a run goes on: built by whoever asks, put in place by the NIC's thread between two batches.

use graph::{Administration, Change, Hasher, Scenario, ScenarioError};
use nic::{Built, NicCounter, Reconfiguration};
use stage::{Counters, Nanos};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Nothing is due.
const NEVER: Nanos = Nanos::MAX;

/// The way to change a run, before it and while it goes on.
pub struct Control {
    inner: Mutex<Inner>,
    /// The NIC's thread has told what it counted.
    told: Condvar,
    /// When the NIC's thread has to look: 0 as soon as it can.
    due_ns: AtomicU64,
    /// Changes put in place.
    done: AtomicU64,
}

struct Inner {
    administration: Administration,
    /// Changes that wait for the NIC's thread.
    waiting: Vec<Reconfiguration>,
    /// As the NIC's thread last told.
    counters: Counters<NicCounter>,
    /// How often it has.
    times_told: u64,
    /// It runs.
    listening: bool,
}

impl Control {
    /// # Errors
    /// As [`Administration::new`]; and a step that changes what this ground has not.
    pub(crate) fn new(scenario: &Scenario, hasher: &Hasher) -> Result<Self, ScenarioError> {
        let administration = Administration::new(scenario, hasher)?;
        administration.documents().try_for_each(|document| check(scenario, document))?;
        let due_ns = AtomicU64::new(administration.next_ns().unwrap_or(NEVER));
        let counters = Counters::default();
        let waiting = Vec::new();
        let inner = Inner { administration, waiting, counters, times_told: 0, listening: false };
        Ok(Control { inner: Mutex::new(inner), told: Condvar::new(), due_ns, done: AtomicU64::new(0) })
    }

    /// Change what runs, or what will: all of it or none, before the next batch of frames.
    ///
    /// # Errors
    /// Names the key that cannot be, or that this ground has not; nothing has changed then.
    pub fn apply(&self, change: &Change, hasher: &Hasher) -> Result<(), ScenarioError> {
        let mut inner = self.lock();
        let before = inner.administration.document().clone();
        check(&before, &inner.administration.preview(change)?)?;
        let ready = inner.administration.change(change, hasher)?;
        inner.waiting.push(ready);
        self.due_ns.store(0, Ordering::Release);
        Ok(())
    }

    /// The document as it is now, the control script left out.
    pub fn document(&self) -> Scenario {
        self.lock().administration.document().clone()
    }

    /// What the NIC was built with, and cannot exceed.
    pub fn built(&self) -> Built {
        self.lock().administration.built()
    }

    /// What the NIC counted so far: asked of its thread, which answers between two batches. One that does not answer
    /// within `patience` waits for a frame; then, before it begins and after it ended, as it last told.
    pub fn counters(&self, patience: Duration) -> Counters<NicCounter> {
        let until = Instant::now() + patience;
        let mut inner = self.lock();
        let before = inner.times_told;
        self.due_ns.store(0, Ordering::Release);
        while inner.listening && inner.times_told == before {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            inner = self.told.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        inner.counters.clone()
    }

    /// Answer whoever asked; whether it goes on listening.
    #[cold]
    pub(crate) fn tell(&self, counters: Counters<NicCounter>, listening: bool) {
        let mut inner = self.lock();
        inner.counters = counters;
        inner.times_told += 1;
        inner.listening = listening;
        self.told.notify_all();
    }

    /// Changes put in place so far, those of the script and others.
    pub fn changes(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Whether something is due by `now_ns`.
    #[inline]
    pub(crate) fn is_due(&self, now_ns: Nanos) -> bool {
        // What is due is found under the lock.
        self.due_ns.load(Ordering::Relaxed) <= now_ns
    }

    /// Hand over what is due by `now_ns`, in the order it was asked for.
    #[cold]
    pub(crate) fn take(&self, now_ns: Nanos, mut put: impl FnMut(Reconfiguration)) {
        let mut inner = self.lock();
        let mut changes = 0;
        // What was asked for is on top of the steps before it, and below those after it.
        for ready in std::mem::take(&mut inner.waiting) {
            put(ready);
            changes += 1;
        }
        while let Some(ready) = inner.administration.step(now_ns) {
            put(ready);
            changes += 1;
        }
        self.done.fetch_add(changes, Ordering::Relaxed);
        self.due_ns.store(inner.administration.next_ns().unwrap_or(NEVER), Ordering::Relaxed);
    }

    /// Nobody panics while holding it.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rings lie in memory both sides share.
fn check(before: &Scenario, after: &Scenario) -> Result<(), ScenarioError> {
    let (old, new) = (&before.nic, &after.nic);
    let refused = |key: &str, value: String, why: &str| {
        Err(ScenarioError::new(key, value, format!("unchanged: {why}")))
    };
    if old.ring_size != new.ring_size {
        let value = new.ring_size.to_string();
        return refused("nic.ring_size", value, "with clock = real rings stay as they were made");
    }
    Ok(())
}
