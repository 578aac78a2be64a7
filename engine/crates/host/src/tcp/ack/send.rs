//! Acknowledgements on their way: from the softirq, from a receive call, from the timer.

use super::{AckPolicy, AckSegment, Arrived, Decision, MAX_ACK_BYTES, MAX_ANSWER_BYTES, TcpCounter, linux};
use crate::path::Host;
use crate::skb::Skb;
use stage::{Context, Nanos, Op, SocketId};

impl Host {
    /// In-order data was put on a socket's queue: acknowledge it as the policy says.
    pub(crate) fn acknowledge_data<C: Context>(&mut self, socket: SocketId, frame: Data, context: &mut C) {
        let free_bytes = self.free_rcvbuf_bytes(socket);
        let rcvbuf_bytes = self.config.tcp.rcvbuf_bytes;
        let config = &self.config.tcp.ack;
        let Some(state) = self.sockets.at_mut(socket) else { return };
        let next = state.tcp.next;
        let ack = &mut state.tcp.ack;
        ack.scheduled = true;
        ack.measure_ratio(frame.segment_bytes, frame.payload_bytes, frame.truesize_bytes);
        let now_ns = if config.awaited { context.now_ns() } else { 0 };
        let arrived = Arrived {
            now_ns,
            segments: frame.segments,
            segment_bytes: frame.segment_bytes,
            pushed: frame.pushed,
            filled: frame.filled,
            next,
            window_bytes: ack.window_from(free_bytes, config.window_scale),
            buffer_window_bytes: ack.payload_in(rcvbuf_bytes),
        };
        match config.decide(ack, &arrived) {
            Decision::Now => self.acknowledge(socket, context),
            Decision::Expand(acks) => self.expand(socket, acks, context),
            Decision::By(deadline_ns) => {
                if config.awaited && ack.deadline_ns.is_none_or(|earlier_ns| deadline_ns < earlier_ns) {
                    ack.deadline_ns = Some(deadline_ns);
                    self.set_ack_timer(socket, context);
                }
            }
        }
    }

    /// A segment came that is not next: say so at once (RFC 5681 section 4.2); of a merged frame, with `expand`, once
    /// for each segment.
    pub(crate) fn acknowledge_again<C: Context>(&mut self, socket: SocketId, segments: u16, context: &mut C) {
        let policy = self.config.tcp.ack.policy;
        if let Some(state) = self.sockets.at_mut(socket)
            && policy == AckPolicy::Linux
        {
            linux::enter_quick(&mut state.tcp.ack);
        }
        self.tcp_counters.add(TcpCounter::DuplicateAcks, 1);
        self.acknowledge(socket, context);
        if policy == AckPolicy::Expand {
            for _ in 1..segments {
                self.tcp_counters.add(TcpCounter::DuplicateAcks, 1);
                self.expanded(socket, None, context);
            }
        }
    }

    /// One acknowledgement of everything that is next.
    pub(crate) fn acknowledge<C: Context>(&mut self, socket: SocketId, context: &mut C) {
        context.op(Op::TcpAck, 1);
        self.send_ack(socket, None, context);
        if let Some(state) = self.sockets.at_mut(socket) {
            let window_bytes = state.tcp.ack.window_bytes;
            state.tcp.ack.acknowledged(state.tcp.next, window_bytes);
        }
    }

    /// A template, and the driver's acknowledgements from it, each `expand_segments` further.
    fn expand<C: Context>(&mut self, socket: SocketId, acks: u32, context: &mut C) {
        context.op(Op::TcpAck, 1);
        let per_ack = self.config.tcp.ack.expand_segments;
        for i in 0..acks {
            let Some(state) = self.sockets.at_mut(socket) else { return };
            let next = state.tcp.next;
            let ack = &mut state.tcp.ack;
            ack.segments = ack.segments.saturating_sub(per_ack);
            let step = ack.segment_bytes.saturating_mul(per_ack);
            // The last one covers everything unless segments are left that wait for their fellows.
            let whole = i + 1 == acks && ack.segments == 0;
            let left = next.wrapping_sub(ack.said);
            let to = if whole { next } else { ack.said.wrapping_add(step.min(left)) };
            if i == 0 {
                self.send_ack(socket, Some(to), context);
            } else {
                self.expanded(socket, Some(to), context);
            }
            if let Some(state) = self.sockets.at_mut(socket) {
                let ack = &mut state.tcp.ack;
                let (segments, window_bytes) = (ack.segments, ack.window_bytes);
                ack.acknowledged(to, window_bytes);
                ack.segments = segments;
                ack.scheduled = !whole;
            }
        }
        let delay_ns = self.config.tcp.ack.delay_ns;
        if self.config.tcp.ack.awaited
            && let Some(state) = self.sockets.at_mut(socket)
            && state.tcp.ack.segments > 0
        {
            state.tcp.ack.deadline_ns = Some(context.now_ns() + delay_ns);
            self.set_ack_timer(socket, context);
        }
    }

    fn expanded<C: Context>(&mut self, socket: SocketId, to: Option<u32>, context: &mut C) {
        context.op(Op::AckExpand, 1);
        self.tcp_counters.add(TcpCounter::ExpandedAcks, 1);
        self.send_ack(socket, to, context);
    }

    /// Put one on the wire, if somebody awaits it: of everything up to `to`, or of all that is next.
    fn send_ack<C: Context>(&mut self, socket: SocketId, to: Option<u32>, context: &mut C) {
        self.tcp_counters.add(TcpCounter::Acks, 1);
        self.send_segment(socket, to, 0, context);
    }

    /// Whether a message of this socket is answered.
    #[inline]
    pub(crate) fn answers(&self, socket: SocketId) -> bool {
        self.config.apps.answer_bytes > 0
            && self.config.tcp.ack.awaited
            && self.sockets.at(socket).is_some_and(|state| state.tcp.synchronised)
    }

    /// A program answers a message; the segment acknowledges what came (`tcp_sendmsg_locked`, `__tcp_push_pending_frames`).
    pub(crate) fn answer<C: Context>(&mut self, socket: SocketId, context: &mut C) {
        let bytes = self.config.apps.answer_bytes;
        context.op(Op::SendCall, 1);
        context.op(Op::CopyByte, bytes);
        context.op(Op::TcpSend, 1);
        self.tcp_counters.add(TcpCounter::Answers, 1);
        self.send_segment(socket, None, bytes as usize, context);
        if let Some(state) = self.sockets.at_mut(socket) {
            let window_bytes = state.tcp.ack.window_bytes;
            state.tcp.ack.acknowledged(state.tcp.next, window_bytes);
            linux::enter_pingpong(&mut state.tcp.ack);
        }
    }

    fn send_segment<C: Context>(
        &mut self,
        socket: SocketId,
        to: Option<u32>,
        payload_bytes: usize,
        context: &mut C,
    ) {
        let scale = self.config.tcp.ack.window_scale;
        if !self.config.tcp.ack.awaited {
            return;
        }
        let free_bytes = self.free_rcvbuf_bytes(socket);
        let Some(state) = self.sockets.at_mut(socket) else { return };
        let (key, next) = (state.key, state.tcp.next);
        let ack = &mut state.tcp.ack;
        ack.sack.advanced(next);
        let acknowledgement = to.unwrap_or(next);
        ack.window_bytes = ack.window_to_say(acknowledgement, free_bytes, scale);
        let window_bytes = ack.window_bytes;
        let sack = ack.sack;
        let segment = AckSegment {
            key,
            link: state.tcp.link,
            sequence: ack.own_sequence,
            acknowledgement,
            window: (window_bytes >> scale).min(u32::from(u16::MAX)) as u16,
            sack: sack.as_slice(),
            payload_bytes,
        };
        let mut short = [0; MAX_ACK_BYTES];
        let mut long;
        let frame = if payload_bytes == 0 {
            short.as_mut_slice()
        } else {
            long = [0; MAX_ACK_BYTES + MAX_ANSWER_BYTES];
            long.as_mut_slice()
        };
        let bytes = segment.emit(frame);
        self.tcp_counters.add(TcpCounter::SackAcks, u64::from(!sack.as_slice().is_empty()));
        self.tcp_counters.add(TcpCounter::ZeroWindowAcks, u64::from(window_bytes == 0));
        context.transmit(frame.get(..bytes).unwrap_or(&[]));
    }

    /// A receive call took a frame off a TCP socket (`tcp_cleanup_rbuf`).
    pub(crate) fn tcp_read<C: Context>(&mut self, socket: SocketId, context: &mut C) {
        let config = &self.config.tcp.ack;
        if !config.awaited {
            return;
        }
        let free_bytes = self.free_rcvbuf_bytes(socket);
        let Some(state) = self.sockets.at(socket).filter(|state| state.tcp.synchronised) else { return };
        let ack = &state.tcp.ack;
        let next = state.tcp.next;
        let by_linux = config.policy == AckPolicy::Linux
            && linux::due_after_read(ack, next, state.receive_queue.is_empty());
        // The window is what was said less what came since; it is worth saying when it at least doubles.
        let left = ack.window_bytes.saturating_sub(next.wrapping_sub(ack.said));
        let window_bytes = ack.window_from(free_bytes, config.window_scale);
        let opens = window_bytes > 0 && window_bytes / 2 >= left;
        if by_linux || opens {
            self.tcp_counters.add(TcpCounter::ReadAcks, 1);
            self.acknowledge(socket, context);
        }
    }

    /// The timer set for a socket's delayed acknowledgement ran out.
    pub fn ack_timer<C: Context>(&mut self, socket: SocketId, context: &mut C) {
        let now_ns = context.now_ns();
        let Some(state) = self.sockets.at_mut(socket) else { return };
        let ack = &mut state.tcp.ack;
        ack.timer_ns = None;
        let Some(deadline_ns) = ack.deadline_ns else { return };
        if deadline_ns > now_ns {
            return self.set_ack_timer(socket, context);
        }
        context.op(Op::TcpTimer, 1);
        if self.config.tcp.ack.policy == AckPolicy::Linux {
            linux::timed_out(ack);
        }
        self.tcp_counters.add(TcpCounter::DelayedAcks, 1);
        self.acknowledge(socket, context);
    }

    /// Have the socket asked at its deadline, unless it will be asked earlier anyway.
    fn set_ack_timer<C: Context>(&mut self, socket: SocketId, context: &mut C) {
        let Some(state) = self.sockets.at_mut(socket) else { return };
        let ack = &mut state.tcp.ack;
        if let Some(deadline_ns) = ack.deadline_ns
            && ack.timer_ns.is_none_or(|timer_ns: Nanos| deadline_ns < timer_ns)
        {
            ack.timer_ns = Some(deadline_ns);
            context.set_timer(deadline_ns, socket);
        }
    }

    /// What is left of a socket's receive buffer.
    fn free_rcvbuf_bytes(&self, socket: SocketId) -> u32 {
        let waiting = self.sockets.at(socket).map_or(0, |s| s.queued_bytes + s.tcp.out_of_order_bytes);
        self.config.tcp.rcvbuf_bytes.saturating_sub(waiting)
    }
}

/// A frame of in-order data, as it was before it joined its queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Data {
    pub(crate) segments: u32,
    pub(crate) segment_bytes: u32,
    pub(crate) payload_bytes: u32,
    pub(crate) truesize_bytes: u32,
    pub(crate) pushed: bool,
    pub(crate) filled: bool,
}

impl Data {
    pub(crate) fn of(skb: &Skb, pushed: bool, filled: bool) -> Self {
        let segments = u32::from(skb.packet.segments.max(1));
        Data {
            segments,
            segment_bytes: match skb.packet.gso_bytes {
                0 => skb.payload_bytes,
                merged => u32::from(merged),
            },
            payload_bytes: skb.payload_bytes,
            truesize_bytes: skb.truesize_bytes(),
            pushed,
            filled,
        }
    }
}
