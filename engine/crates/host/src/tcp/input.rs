//! One segment through TCP input, with the work it costs.

use super::ack::Data;
use super::receiver::Arrival;
use crate::Gap;
use crate::path::Host;
use crate::skb::Skb;
use stage::{BufferPool, Context, DropReason, Op, Point, Region, SocketId, Touch};
use wire::tcp::{Tcp, flag};

impl Host {
    pub(crate) fn tcp_receive<C: Context>(
        &mut self,
        socket: SocketId,
        mut skb: Box<Skb>,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        context.op(Op::TcpReceive, 1);
        context.touch(Op::TcpReceive, Touch::write(Region::Socket, socket.0, 256, 256));
        let frame = buffers.bytes(skb.packet.buffer);
        let header = skb.packet.headers.l4_at().and_then(|at| frame.get(at..));
        let Some(segment) = header.and_then(|bytes| Tcp::new(bytes).ok()) else {
            return self.discard(skb, DropReason::TcpInhdr, buffers, context);
        };
        let has = |flag| segment.flags() & flag != 0;
        let (sequence, syn, rst, pushed) = (segment.seq(), has(flag::SYN), has(flag::RST), has(flag::PSH));
        let own_sequence = segment.ack();
        let link = frame.as_chunks::<6>().0.first_chunk().copied().unwrap_or_default();
        // SYN occupies one sequence number before the data (RFC 9293 section 3.4).
        skb.sequence = sequence.wrapping_add(u32::from(syn));
        skb.payload_bytes = skb.packet.headers.payload_len_bytes() as u32;

        if self.config.tcp.gap == Gap::Ignore {
            return self.deliver(socket, skb, context);
        }
        let window_bytes = self.config.tcp.rcvbuf_bytes;
        let Some(state) = self.sockets.at_mut(socket) else { return };
        // The window is what the receive buffer has left (tcp_select_window); open-loop senders do not heed it.
        if skb.payload_bytes > 0 && state.queued_bytes.saturating_add(skb.truesize_bytes()) > window_bytes {
            state.dropped_frames += 1;
            if self.config.tcp.ack.awaited {
                self.acknowledge(socket, context);
            }
            return self.discard(skb, DropReason::TcpZerowindow, buffers, context);
        }
        let receiver = &mut state.tcp;
        if !receiver.synchronised || syn || rst {
            receiver.synchronised = !rst;
            receiver.next = skb.sequence;
            // Half of the buffer is payload until frames show their overhead; without a shift (RFC 7323 section 2.2).
            let first_window_bytes = (window_bytes / 2).min(u32::from(u16::MAX));
            receiver.ack.begin(skb.sequence, first_window_bytes, self.config.tcp.ack.policy);
        }
        receiver.ack.own_sequence = own_sequence;
        receiver.link = link;
        let arrival = receiver.judge(skb.sequence, skb.payload_bytes, window_bytes, &self.skbs);
        let refused = match arrival {
            Arrival::InOrder => return self.tcp_in_order(socket, skb, pushed, context),
            Arrival::Early => return self.tcp_early(socket, skb, buffers, context),
            Arrival::Old => DropReason::TcpOldData,
            Arrival::BeyondWindow => DropReason::TcpOverwindow,
            Arrival::Duplicate => DropReason::TcpOfomerge,
        };
        self.acknowledge_again(socket, skb.packet.segments, context);
        self.sockets.dropped(socket);
        self.discard(skb, refused, buffers, context);
    }

    /// The next bytes: deliver them and whatever was waiting for them.
    fn tcp_in_order<C: Context>(
        &mut self,
        socket: SocketId,
        mut skb: Box<Skb>,
        pushed: bool,
        context: &mut C,
    ) {
        let Some(state) = self.sockets.at_mut(socket) else { return };
        let has_data = skb.payload_bytes > 0;
        let data = Data::of(&skb, pushed, !state.tcp.out_of_order.is_empty());
        if has_data {
            skb.payload_bytes = state.tcp.advance(&skb);
        }
        self.deliver(socket, skb, context);
        self.tcp_drain(socket, context);
        if has_data {
            self.acknowledge_data(socket, data, context);
        }
    }

    /// Bytes beyond a hole: keep them, and give the hole up if nobody will fill it.
    fn tcp_early<C: Context>(
        &mut self,
        socket: SocketId,
        skb: Box<Skb>,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        context.op(Op::TcpOutOfOrder, 1);
        let max = self.config.tcp.max_out_of_order_frames;
        let Some(state) = self.sockets.at_mut(socket) else { return };
        let segments = skb.packet.segments;
        if state.tcp.out_of_order.frames() >= max {
            self.acknowledge_again(socket, segments, context);
            self.sockets.dropped(socket);
            return self.discard(skb, DropReason::TcpOfoQueuePrune, buffers, context);
        }
        context.passed(skb.packet.frame, skb.packet.queue, Point::OutOfOrder);
        state.tcp.keep(skb, &mut self.skbs);
        let waiting = state.tcp.out_of_order.frames();
        self.acknowledge_again(socket, segments, context);
        if let Gap::SkipAfter(limit) = self.config.tcp.gap
            && waiting >= limit
            && let Some(state) = self.sockets.at_mut(socket)
            && let Some(first) = self.skbs.front(&state.tcp.out_of_order)
        {
            state.tcp.next = first.sequence;
            state.tcp.gaps_skipped += 1;
            self.tcp_drain(socket, context);
        }
    }

    fn tcp_drain<C: Context>(&mut self, socket: SocketId, context: &mut C) {
        while let Some(state) = self.sockets.at_mut(socket)
            && let Some(mut skb) = state.tcp.take_next(&mut self.skbs)
        {
            skb.payload_bytes = state.tcp.advance(&skb);
            context.op(Op::TcpOutOfOrder, 1);
            self.deliver(socket, skb, context);
        }
    }
}
