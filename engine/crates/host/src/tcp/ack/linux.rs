//! When Linux acknowledges (net/ipv4/tcp_input.c and tcp_output.c, 6.18), for a connection that only receives, or
//! answers each message. Not there: the compression of selective acknowledgements, and `tcp_backlog_ack_defer`, since a receive
//! call here does not hold the socket against the softirq.

use super::{AckState, Arrived, Decision};
use stage::Nanos;

/// TCP_MAX_QUICKACKS.
const MAX_QUICK_ACKS: u32 = 16;
/// TCP_ATO_MIN, also TCP_DELACK_MIN: HZ / 25.
const MIN_DELAY_NS: Nanos = 40_000_000;
/// HZ / 2.
const MAX_DELAY_NS: Nanos = 500_000_000;
/// TCP_DELACK_MAX: HZ / 5.
const MAX_PUSHED_DELAY_NS: Nanos = 200_000_000;
/// The retransmission timeout of a side that sent no data: TCP_RTO_MIN, after a handshake over a short path.
const RTO_NS: Nanos = 200_000_000;
/// What a host on Ethernet advertises.
const ADVERTISED_MSS: u32 = 1460;
/// TCP_MSS_DEFAULT and TCP_MIN_MSS.
const DEFAULT_SEGMENT_BYTES: u32 = 536;
const MIN_SEGMENT_BYTES: u32 = 88;

/// `tcp_measure_rcv_mss`.
pub(super) fn measure_segment(state: &mut AckState, frame: &Arrived) {
    let last_small_bytes = std::mem::take(&mut state.last_small_bytes);
    let bytes = frame.segment_bytes;
    if bytes >= state.segment_bytes {
        state.segment_bytes = bytes;
        if frame.pushed {
            state.pushed = state.pushed.max(1);
        }
        return;
    }
    if bytes >= DEFAULT_SEGMENT_BYTES || (bytes >= MIN_SEGMENT_BYTES && !frame.pushed) {
        state.last_small_bytes = bytes;
        if bytes == last_small_bytes {
            state.segment_bytes = bytes;
            return;
        }
    }
    state.pushed = (state.pushed + 1).min(2);
}

/// `tcp_event_data_recv`, then `__tcp_ack_snd_check`.
pub(super) fn decide(state: &mut AckState, frame: &Arrived) -> Decision {
    receive_event(state, frame.now_ns);
    grow_window(state, frame);
    let unsaid_bytes = frame.next.wrapping_sub(state.said);
    // More than one full frame, and the right edge advances; tcp_recvmsg() sends the ACK otherwise.
    let due = unsaid_bytes > state.segment_bytes && frame.window_bytes >= state.window_bytes;
    if due || (state.quick > 0 && !state.pingpong) {
        return Decision::Now;
    }
    delay(state, frame.now_ns)
}

fn receive_event(state: &mut AckState, now_ns: Nanos) {
    let since_ns = now_ns.saturating_sub(state.last_data_ns);
    state.last_data_ns = now_ns;
    if state.delay_ns == 0 {
        // The first data packet received initializes the delayed ACK engine.
        quicken(state);
        state.delay_ns = MIN_DELAY_NS;
    } else if since_ns <= MIN_DELAY_NS / 2 {
        state.delay_ns = state.delay_ns / 2 + MIN_DELAY_NS / 2;
    } else if since_ns < state.delay_ns {
        state.delay_ns = (state.delay_ns / 2 + since_ns).min(RTO_NS);
    } else if since_ns > RTO_NS {
        quicken(state);
    }
}

/// `tcp_grow_window`: while the window still opens, the next acknowledgement is quick.
fn grow_window(state: &mut AckState, frame: &Arrived) {
    if state.ceiling_bytes < frame.buffer_window_bytes {
        // By twice a segment, of a merged frame by twice its payload.
        let payload_bytes = frame.segments.saturating_mul(frame.segment_bytes);
        let grown = state.ceiling_bytes.saturating_add(2 * payload_bytes.max(ADVERTISED_MSS));
        state.ceiling_bytes = grown.min(frame.buffer_window_bytes);
        state.quick |= 1;
    }
}

/// `tcp_incr_quickack`.
fn quicken(state: &mut AckState) {
    let acks = match state.window_bytes / (2 * state.segment_bytes.max(1)) {
        0 => 2,
        acks => acks.min(MAX_QUICK_ACKS),
    };
    state.quick = state.quick.max(acks);
}

/// The window a connection begins with (64 KiB of `tcp_rmem`'s default, `tcp_init_buffer_space`).
pub(super) const FIRST_CEILING_BYTES: u32 = 65_535;

/// `tcp_enter_quickack_mode`, which a segment that is not next starts.
pub(super) fn enter_quick(state: &mut AckState) {
    quicken(state);
    state.pingpong = false;
    state.delay_ns = MIN_DELAY_NS;
}

/// `inet_csk_enter_pingpong_mode`: an answer was sent, and the next will say what the next request needs said.
pub(super) fn enter_pingpong(state: &mut AckState) {
    state.pingpong = true;
}

/// `tcp_send_delayed_ack`.
fn delay(state: &mut AckState, now_ns: Nanos) -> Decision {
    let longest_ns = if state.pushed > 0 { MAX_PUSHED_DELAY_NS } else { MAX_DELAY_NS };
    let delay_ns = state.delay_ns.min(longest_ns);
    match state.deadline_ns {
        // About to run out.
        Some(deadline_ns) if deadline_ns <= now_ns + delay_ns / 4 => Decision::Now,
        Some(deadline_ns) => Decision::By(deadline_ns.min(now_ns + delay_ns)),
        None => Decision::By(now_ns + delay_ns),
    }
}

/// `tcp_delack_timer_handler`: the ACK was delayed for nothing, so the next may wait longer.
pub(super) fn timed_out(state: &mut AckState) {
    state.delay_ns = (state.delay_ns * 2).min(RTO_NS);
    state.pingpong = false;
}

/// `tcp_cleanup_rbuf`: whether a receive call sends what the softirq has not.
pub(super) fn due_after_read(state: &AckState, next: u32, emptied: bool) -> bool {
    let unsaid_bytes = next.wrapping_sub(state.said);
    state.scheduled && (unsaid_bytes > state.segment_bytes || (state.pushed > 0 && emptied))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::ack::{AckConfig, AckPolicy};

    fn config() -> AckConfig {
        AckConfig { policy: AckPolicy::Linux, ..AckConfig::default() }
    }

    /// A connection that said this window and has no quick acknowledgements left.
    fn settled(window_bytes: u32) -> AckState {
        AckState { delay_ns: MIN_DELAY_NS, segment_bytes: 1_000, window_bytes, ..AckState::default() }
    }

    fn frame(segments: u32, next: u32, window_bytes: u32) -> Arrived {
        Arrived {
            now_ns: 1_000_000,
            segments,
            segment_bytes: 1_000,
            pushed: false,
            filled: false,
            next,
            window_bytes,
            buffer_window_bytes: 0,
        }
    }

    /// selftests/net/packetdrill tcp gro: 10 x 1,000 bytes in one frame are answered by one ACK of all.
    #[test]
    fn a_merged_frame_is_answered_at_once() {
        let mut state = settled(60_000);
        assert_eq!(config().decide(&mut state, &frame(10, 10_000, 60_000)), Decision::Now);
        assert_eq!(state.segment_bytes, 1_000);
    }

    #[test]
    fn unless_the_right_edge_could_not_advance() {
        let mut state = settled(60_000);
        let decision = config().decide(&mut state, &frame(10, 10_000, 59_999));
        assert_eq!(decision, Decision::By(1_000_000 + MIN_DELAY_NS));
        state.scheduled = true;
        assert!(due_after_read(&state, 10_000, false));
    }

    #[test]
    fn one_full_segment_waits_and_the_second_does_not() {
        let mut state = settled(60_000);
        assert!(matches!(config().decide(&mut state, &frame(1, 1_000, 60_000)), Decision::By(_)));
        assert_eq!(config().decide(&mut state, &frame(1, 2_000, 60_000)), Decision::Now);
    }

    #[test]
    fn the_first_segments_are_answered_at_once() {
        let mut state = AckState { window_bytes: 64_000, ..AckState::default() };
        let mut at_once = 0;
        for i in 1..40 {
            let arrived = frame(1, i * 1_000, 64_000);
            state.scheduled = true;
            if config().decide(&mut state, &arrived) == Decision::Now {
                at_once += u32::from(i == at_once + 1);
                state.acknowledged(arrived.next, 64_000);
            }
        }
        assert_eq!(at_once, MAX_QUICK_ACKS);
    }

    #[test]
    fn a_pushed_frame_is_answered_when_everything_was_read() {
        let mut state = settled(60_000);
        state.scheduled = true;
        config().decide(&mut state, &Arrived { pushed: true, ..frame(1, 1_000, 60_000) });
        assert!(due_after_read(&state, 1_000, true));
        assert!(!due_after_read(&state, 1_000, false));
    }
}
