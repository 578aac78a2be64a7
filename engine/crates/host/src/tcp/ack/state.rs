//! What a receiver remembers about its acknowledgements.

use super::{AckPolicy, SackBlocks, linux};
use stage::Nanos;

/// Of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AckState {
    /// RCV.NXT as the last acknowledgement said it (`rcv_wup`).
    pub said: u32,
    /// The window the last acknowledgement said, in bytes (`rcv_wnd`).
    pub window_bytes: u32,
    /// Data has come that is not acknowledged (`ICSK_ACK_SCHED`).
    pub scheduled: bool,
    /// Frames with data since the last acknowledgement.
    pub frames: u32,
    /// Segments in them.
    pub segments: u32,
    /// When the acknowledgement that is delayed must go.
    pub deadline_ns: Option<Nanos>,
    /// When the timer that was set runs out; it may be too early, and is then set again.
    pub timer_ns: Option<Nanos>,
    /// Acknowledgements sent.
    pub sent: u64,
    /// The peer's acknowledgement number: what our own segments begin with.
    pub own_sequence: u32,
    /// What lies beyond holes.
    pub sack: SackBlocks,
    /// Size of the peer's segments, as far as it shows (`rcv_mss`).
    pub segment_bytes: u32,
    /// Payload of the last frame smaller than that (`last_seg_size`).
    pub(super) last_small_bytes: u32,
    /// Immediate acknowledgements left (`icsk_ack.quick`).
    pub(super) quick: u32,
    /// The socket sends as well: acknowledgements go with what it sends (`inet_csk_in_pingpong_mode`).
    pub(super) pingpong: bool,
    /// The delay in use; 0 before the first data (`icsk_ack.ato`).
    pub(super) delay_ns: Nanos,
    /// When data came last (`lrcvtime`).
    pub(super) last_data_ns: Nanos,
    /// Pushed frames since the last acknowledgement, at most 2 (`ICSK_ACK_PUSHED`, `ICSK_ACK_PUSHED2`).
    pub(super) pushed: u8,
    /// No wider window is said (`rcv_ssthresh`).
    pub(super) ceiling_bytes: u32,
    /// Payload per 256 bytes of receive buffer (`scaling_ratio`).
    pub(super) payload_ratio: u16,
}

impl Default for AckState {
    fn default() -> Self {
        AckState {
            said: 0,
            window_bytes: 0,
            scheduled: false,
            frames: 0,
            segments: 0,
            deadline_ns: None,
            timer_ns: None,
            sent: 0,
            own_sequence: 0,
            sack: SackBlocks::default(),
            // tcp_initialize_rcv_mss: TCP_MSS_DEFAULT until segments show theirs.
            segment_bytes: 536,
            last_small_bytes: 0,
            quick: 0,
            pingpong: false,
            delay_ns: 0,
            last_data_ns: 0,
            pushed: 0,
            ceiling_bytes: u32::MAX,
            // TCP_DEFAULT_SCALING_RATIO: half of the buffer is overhead until frames show how much.
            payload_ratio: 128,
        }
    }
}

impl AckState {
    /// The connection begins: nothing before `next` is awaited, and the peer knows of this window.
    pub(crate) fn begin(&mut self, next: u32, window_bytes: u32, policy: AckPolicy) {
        let AckState { timer_ns, sent, .. } = *self;
        *self = AckState { said: next, timer_ns, sent, ..AckState::default() };
        if policy == AckPolicy::Linux {
            self.ceiling_bytes = linux::FIRST_CEILING_BYTES;
        }
        self.window_bytes = window_bytes.min(self.ceiling_bytes);
    }

    /// An acknowledgement of everything up to `next` was sent, with this window.
    pub(crate) fn acknowledged(&mut self, next: u32, window_bytes: u32) {
        self.said = next;
        self.window_bytes = window_bytes;
        // tcp_dec_quickack_mode
        self.quick = self.quick.saturating_sub(u32::from(self.scheduled));
        self.scheduled = false;
        self.frames = 0;
        self.segments = 0;
        self.pushed = 0;
        self.deadline_ns = None;
        self.sent += 1;
    }
}
