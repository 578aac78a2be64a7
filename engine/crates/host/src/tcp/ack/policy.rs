//! When an acknowledgement is due: the policies side by side.

use super::{AckState, linux};
use stage::Nanos;

/// Frames with data per acknowledgement of `delayed` (RFC 9293 section 3.8.6.3: at least every second full-sized
/// segment; a receiver that knows nothing of merged frames takes each frame for a segment).
const FRAMES_PER_ACK: u32 = 2;

/// When in-order data is acknowledged. What is not in order is acknowledged at once, whatever the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckPolicy {
    /// Every second frame, or when the timer runs out (RFC 9293 section 3.8.6.3).
    Delayed,
    /// Every frame, however many segments were merged into it.
    OnePerFrame,
    /// As if nothing had been merged: the host makes one template, the driver an acknowledgement for every few
    /// segments (Menon and Zwaenepoel, "Optimizing TCP receive performance", USENIX ATC 2008, section 4).
    Expand,
    /// As Linux decides (`__tcp_ack_snd_check`, `tcp_cleanup_rbuf`).
    Linux,
}

/// How a receiver acknowledges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AckConfig {
    /// When.
    pub policy: AckPolicy,
    /// How long one may be delayed, in nanoseconds (RFC 9293: below half a second). `Linux` has its own times.
    pub delay_ns: Nanos,
    /// Segments per acknowledgement that `Expand` makes.
    pub expand_segments: u32,
    /// Somebody awaits acknowledgements: they are built and sent, and timers run. Otherwise they are only counted.
    pub awaited: bool,
    /// Shift of the window field, as agreed with the peer (RFC 7323 section 2.2).
    pub window_scale: u8,
}

impl Default for AckConfig {
    fn default() -> Self {
        AckConfig {
            policy: AckPolicy::Delayed,
            delay_ns: 40_000_000,
            expand_segments: 2,
            awaited: false,
            window_scale: 7,
        }
    }
}

/// A frame of in-order data, as the policies see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived {
    pub(crate) now_ns: Nanos,
    /// Segments of the wire in it.
    pub(crate) segments: u32,
    /// Payload of each but perhaps the last (`gso_size`); of one that was not merged, its payload.
    pub(crate) segment_bytes: u32,
    /// PSH was set.
    pub(crate) pushed: bool,
    /// It filled a hole, or part of one.
    pub(crate) filled: bool,
    /// RCV.NXT after it.
    pub(crate) next: u32,
    /// What the window would be, were it said now.
    pub(crate) window_bytes: u32,
    /// What it would be with the buffer empty, however wide.
    pub(crate) buffer_window_bytes: u32,
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Acknowledge at this time at the latest.
    By(Nanos),
    /// Acknowledge everything now.
    Now,
    /// Have the driver send so many, each for `expand_segments` segments; the rest waits.
    Expand(u32),
}

impl AckConfig {
    /// What a frame of in-order data calls for.
    pub(crate) fn decide(&self, state: &mut AckState, frame: &Arrived) -> Decision {
        state.frames += 1;
        state.segments += frame.segments;
        linux::measure_segment(state, frame);
        if frame.filled {
            return Decision::Now;
        }
        let due = match self.policy {
            AckPolicy::Delayed => state.frames >= FRAMES_PER_ACK,
            AckPolicy::OnePerFrame => true,
            AckPolicy::Expand => {
                let acks = state.segments / self.expand_segments.max(1);
                if acks > 0 {
                    return Decision::Expand(acks);
                }
                false
            }
            AckPolicy::Linux => return linux::decide(state, frame),
        };
        if due { Decision::Now } else { Decision::By(frame.now_ns + self.delay_ns) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(segments: u32) -> Arrived {
        Arrived {
            now_ns: 1_000,
            segments,
            segment_bytes: 1_000,
            pushed: false,
            filled: false,
            next: 0,
            window_bytes: 1 << 20,
            buffer_window_bytes: 1 << 20,
        }
    }

    fn decisions(policy: AckPolicy, segments: &[u32]) -> Vec<Decision> {
        let config = AckConfig { policy, ..AckConfig::default() };
        let mut state = AckState::default();
        let decide = |segments: &u32| {
            let decision = config.decide(&mut state, &frame(*segments));
            match decision {
                Decision::Now => state.acknowledged(0, 0),
                Decision::Expand(acks) => state.segments -= acks * config.expand_segments,
                Decision::By(_) => {}
            }
            decision
        };
        segments.iter().map(decide).collect()
    }

    #[test]
    fn delayed_answers_every_second_frame_whatever_is_in_it() {
        use Decision::{By, Now};
        assert_eq!(decisions(AckPolicy::Delayed, &[1, 1, 16, 1]), [By(40_001_000), Now, By(40_001_000), Now]);
    }

    #[test]
    fn one_per_frame_answers_every_frame() {
        assert_eq!(decisions(AckPolicy::OnePerFrame, &[1, 16, 45]), [Decision::Now; 3]);
    }

    #[test]
    fn expand_answers_every_second_segment_and_keeps_the_odd_one() {
        use Decision::{By, Expand};
        assert_eq!(
            decisions(AckPolicy::Expand, &[1, 1, 45, 2, 1]),
            [By(40_001_000), Expand(1), Expand(22), Expand(1), Expand(1)]
        );
    }

    #[test]
    fn what_fills_a_hole_is_answered_at_once() {
        let mut state = AckState::default();
        let filled = Arrived { filled: true, ..frame(1) };
        assert_eq!(AckConfig::default().decide(&mut state, &filled), Decision::Now);
    }
}
