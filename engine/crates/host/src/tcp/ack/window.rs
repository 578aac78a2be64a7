//! The receive window: what is left of the receive buffer, said so that it never shrinks.

use super::AckState;
use crate::tcp::receiver::before;

impl AckState {
    /// The payload that fits a buffer of so many bytes (`tcp_win_from_space`).
    pub(crate) fn payload_in(&self, buffer_bytes: u32) -> u32 {
        ((u64::from(buffer_bytes) * u64::from(self.payload_ratio)) >> 8) as u32
    }

    /// The window for `free_bytes` of receive buffer, before what was promised.
    pub(crate) fn window_from(&self, free_bytes: u32, scale: u8) -> u32 {
        let widest = (u64::from(u16::MAX) << scale).min(u64::from(self.ceiling_bytes));
        let window_bytes = u64::from(self.payload_in(free_bytes)).min(widest) as u32;
        // Silly window avoidance (RFC 9293 section 3.8.6.2.2): less than a segment is nothing.
        if window_bytes < self.segment_bytes { 0 } else { window_bytes >> scale << scale }
    }

    /// The same, the right edge where it was promised at least (RFC 9293 section 3.8.6: it shall not shrink).
    pub(crate) fn window_to_say(&self, next: u32, free_bytes: u32, scale: u8) -> u32 {
        let window_bytes = self.window_from(free_bytes, scale);
        let promised = self.said.wrapping_add(self.window_bytes);
        if before(next.wrapping_add(window_bytes), promised) {
            // Rounded up: rounding down would shrink it by as much.
            let left = promised.wrapping_sub(next);
            return left.div_ceil(1 << scale) << scale;
        }
        window_bytes
    }

    /// A frame's payload and what it takes of the buffer: the ratio follows the first of a new size of segment
    /// (`tcp_measure_rcv_mss`).
    pub(crate) fn measure_ratio(&mut self, segment_bytes: u32, payload_bytes: u32, truesize_bytes: u32) {
        if segment_bytes > self.segment_bytes && truesize_bytes > 0 {
            let ratio = (u64::from(payload_bytes) << 8) / u64::from(truesize_bytes);
            self.payload_ratio = ratio.clamp(1, 255) as u16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_of_the_buffer_until_frames_show_their_overhead() {
        let mut state = AckState::default();
        assert_eq!(state.window_from(1 << 20, 0), 65_535);
        assert_eq!(state.window_from(1 << 20, 7), 1 << 19);
        state.measure_ratio(1_460, 1_460, 2_304);
        assert_eq!(state.window_from(1 << 20, 7), (1_048_576 * 162 / 256) >> 7 << 7);
    }

    #[test]
    fn less_than_a_segment_is_nothing() {
        assert_eq!(AckState::default().window_from(1_000, 0), 0);
    }

    proptest! {
        #[test]
        fn the_right_edge_never_moves_left(steps in prop::collection::vec((0u32..30_000, 0u32..1 << 22), 1..50), scale in 0u8..12) {
            let mut state = AckState::default();
            let mut next = u32::MAX - 100_000;
            state.acknowledged(next, 0);
            for (advance, free_bytes) in steps {
                let edge = state.said.wrapping_add(state.window_bytes);
                // A sender heeds the edge it was told.
                next = next.wrapping_add(advance.min(edge.wrapping_sub(next)));
                let window_bytes = state.window_to_say(next, free_bytes, scale);
                prop_assert!(!before(next.wrapping_add(window_bytes), edge));
                prop_assert_eq!(window_bytes % (1 << scale), 0);
                state.acknowledged(next, window_bytes);
            }
        }
    }
}
