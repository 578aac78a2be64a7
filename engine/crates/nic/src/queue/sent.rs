//! Completions of frames that were sent: they raise the interrupt of the queue whose vector they share, and its next poll
//! takes them (as with mlx5's combined channels, mlx5e_napi_poll).

use super::moderation::{Moderation, Sample, SentMode};
use stage::Nanos;

/// Completions of one queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    delay_ns: Nanos,
    max_frames: u32,
    adaptive: Option<Moderation>,
    /// Completed and not polled.
    waiting: u32,
    pub(crate) deadline_ns: Option<Nanos>,
    frames: u64,
    bytes: u64,
    interrupts: u64,
}

impl Sent {
    pub(crate) fn follow(&mut self, mode: SentMode) {
        self.delay_ns = Nanos::from(mode.usecs) * 1_000;
        self.max_frames = mode.max_frames;
        if !mode.adaptive {
            self.adaptive = None;
        } else if self.adaptive.is_none() {
            self.adaptive = Some(Moderation::of_sent());
        }
        self.adapt();
    }

    fn adapt(&mut self) {
        if let Some((usecs, frames)) = self.adaptive.as_ref().map(Moderation::limits) {
            (self.delay_ns, self.max_frames) = (Nanos::from(usecs) * 1_000, frames);
        }
    }

    /// Whether completions are noted at all.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.delay_ns > 0 || self.max_frames > 0
    }

    /// A frame was sent.
    pub(crate) fn completed(&mut self, bytes: u32) {
        self.waiting += 1;
        self.frames += 1;
        self.bytes += u64::from(bytes);
    }

    /// Whether those that wait are so many that they raise the interrupt.
    pub(crate) fn is_full(&self) -> bool {
        self.max_frames > 0 && self.waiting >= self.max_frames
    }

    /// Have them raise it in time; answers when, if that is news.
    pub(crate) fn set_deadline(&mut self, now_ns: Nanos) -> Option<Nanos> {
        if self.delay_ns == 0 || self.deadline_ns.is_some() {
            return None;
        }
        self.deadline_ns = Some(now_ns.saturating_add(self.delay_ns));
        self.deadline_ns
    }

    /// They have raised it.
    pub(crate) fn raised(&mut self) {
        self.interrupts += 1;
    }

    /// The driver takes what has completed; answers how many frames.
    #[inline]
    pub(crate) fn reap(&mut self) -> u32 {
        std::mem::take(&mut self.waiting)
    }

    /// The driver's poll is complete.
    #[inline]
    pub(crate) fn polled(&mut self, now_ns: Nanos) {
        let Sent { frames, bytes, interrupts, .. } = *self;
        if let Some(moderation) = &mut self.adaptive
            && moderation.polled(Sample { at_ns: now_ns, interrupts, frames, bytes })
        {
            self.adapt();
        }
    }
}
