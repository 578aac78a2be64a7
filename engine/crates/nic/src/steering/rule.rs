//! What the table remembers of a rule beside the line a frame reads.

use stage::{FlowKey, Nanos, QueueId};

/// Where a rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No rule is here.
    Vacant,
    /// New: from `at_ns` on frames obey it.
    Fresh { at_ns: Nanos },
    /// Frames go to the rule's queue.
    Steady,
    /// Frames still go to `from`: until `at_ns` for the latency, then for the order, until the host has done with
    /// `mark` frames of that queue.
    Moving { from: QueueId, at_ns: Nanos, mark: u64 },
    /// Removed: frames still go to the rule's queue until the host has done with `mark` frames of it.
    Leaving { since_ns: Nanos, mark: u64 },
}

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The flow it was written for.
    pub key: FlowKey,
    /// The hash it was written with.
    pub hash: u32,
    /// Which rule of its place.
    pub(super) serial: u32,
    /// Where its frames go, or are about to.
    pub queue: QueueId,
    /// Its priority.
    pub priority: u8,
    /// The priority it makes room by: 0 where the table asks for none.
    pub(super) class: u8,
    pub(super) state: State,
    /// Frames per second, halfway between what it was and what was counted since.
    pub rate_fps: u32,
    /// Frames at the last count, and when that changed.
    pub(super) counted_frames: u64,
    pub(super) counted_ns: Nanos,
    /// Of the last count.
    pub(super) looked_ns: Nanos,
    /// Times its queue was changed.
    pub moves: u32,
    /// Neighbours in the list of its priority.
    pub(super) links: [u32; 2],
}

impl Rule {
    pub(super) const VACANT: Rule = Rule {
        key: FlowKey::NONE,
        hash: 0,
        serial: 0,
        queue: QueueId(0),
        priority: 0,
        class: 0,
        state: State::Vacant,
        rate_fps: 0,
        counted_frames: 0,
        counted_ns: 0,
        looked_ns: 0,
        moves: 0,
        links: [u32::MAX; 2],
    };

    /// Whether frames obey it or will.
    pub(super) fn is_live(&self) -> bool {
        !matches!(self.state, State::Vacant | State::Leaving { .. })
    }

    /// Count what came since the last look.
    pub(super) fn look(&mut self, frames: u64, now_ns: Nanos) {
        let (new, elapsed_ns) =
            (frames.saturating_sub(self.counted_frames), now_ns.saturating_sub(self.looked_ns));
        if new > 0 {
            self.counted_ns = now_ns;
        }
        if elapsed_ns < SHORTEST_LOOK_NS {
            return;
        }
        let rate = u128::from(new) * u128::from(stage::NANOS_PER_SECOND) / u128::from(elapsed_ns);
        let rate = rate.min(u128::from(u32::MAX)) as u32;
        self.rate_fps = self.rate_fps / 2 + rate / 2;
        (self.counted_frames, self.looked_ns) = (frames, now_ns);
    }
}

/// Rates are not counted over less.
const SHORTEST_LOOK_NS: Nanos = 100_000;
