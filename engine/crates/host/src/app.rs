//! The applications: tasks that sleep until a socket of theirs has something, and read one message at a time.

use crate::page_pool::By;
use crate::path::Host;
use crate::socket::Taken;
use stage::{BufferPool, Context, Op, Point, Region, RxPacket, SocketId, TaskId, Touch};
use wire::protocol;

/// What a task does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppStep {
    /// It read a message and will try again.
    Read,
    /// There was nothing: it polls the device itself, by [`Host::busy_poll_step`].
    BusyPoll,
    /// There was nothing: it sleeps until woken.
    Sleep,
}

impl Host {
    /// One receive call of a task on the CPU of `context`.
    pub fn app_step<C: Context>(
        &mut self,
        task: TaskId,
        buffers: &mut BufferPool,
        context: &mut C,
    ) -> AppStep {
        context.queue(None);
        let goes_on = self.goes_on(task);
        if !goes_on {
            context.op(Op::RecvCall, 1);
            context.touch(Op::RecvCall, Touch::write(Region::Task, task.0, 0, 256));
        }
        let Some(Taken { socket, skb, next_reader }) = self.sockets.next_for(task, &mut self.skbs) else {
            return self.nothing_found(task, context);
        };
        self.events_found(task, context);
        context.queue(Some(skb.packet.queue));
        context.op(Op::SocketDequeue, 1);
        context.touch(Op::SocketDequeue, Touch::write(Region::Socket, socket.0, 128, 128));
        context.touch(Op::SocketDequeue, Touch::read(Region::Skb, skb.id.0, 0, 128));

        let maps = self.maps(socket);
        if maps {
            self.map_payload(task, socket, &skb, goes_on, buffers, context);
        } else {
            // The copy to user space reads the payload where the NIC put it.
            context.branch(Op::CopyChange, skb.payload_bytes);
            context.op(Op::CopyByte, skb.payload_bytes);
            let whole_bytes = skb.packet.headers.payload_len_bytes() as u32;
            let mut rest = Rest {
                old_bytes: whole_bytes.saturating_sub(skb.payload_bytes),
                left_bytes: skb.payload_bytes,
            };
            rest.copy_out(&skb.packet, buffers, context);
            for fragment in self.skbs.iter(&skb.fragments) {
                rest.copy_out(&fragment.packet, buffers, context);
            }
            let to = Touch::write(Region::Task, task.0, 256, skb.payload_bytes.min(65_536));
            context.touch(Op::CopyByte, to);
        }

        self.note_read(socket, skb.packet.hash, context);
        if let Some(next) = next_reader {
            if next.accepted {
                self.hand_over(socket, next.task, context);
            }
            if next.asleep {
                context.wake(next.task);
            }
        }
        let goes_on = if maps {
            self.maps_on(task, socket, buffers, context)
        } else {
            self.reads_on(task, socket, skb.payload_bytes, goes_on)
        };
        let answers = self.answers(socket);
        if !goes_on && !answers {
            self.tcp_read(socket, context);
        }
        let (packet, mut passage) = (skb.packet, skb.passage);
        self.free(skb, By::Task, buffers, context);
        context.op(Op::AppWork, self.config.apps.work_per_message);
        if answers {
            self.answer(socket, context);
        }
        passage.read_ns = context.now_ns();
        context.passed(packet.frame, packet.queue, Point::Read);
        context.read(&packet, passage);
        AppStep::Read
    }
}

impl Host {
    /// Whether a task is in a receive call that takes more of what lies there.
    #[inline]
    fn goes_on(&self, task: TaskId) -> bool {
        let call = self.epolls.get(task.0 as usize).and_then(|epoll| epoll.call);
        call.is_some_and(|(socket, left)| left > 0 && self.sockets.first_ready(task) == Some(socket))
    }

    /// A receive call took so many bytes of a socket; answers whether it takes more (`tcp_recvmsg_locked`).
    #[inline]
    fn reads_on(&mut self, task: TaskId, socket: SocketId, bytes: u32, goes_on: bool) -> bool {
        let wanted = self.config.apps.read_bytes;
        if wanted == 0 || self.sockets.at(socket).is_none_or(|s| s.key.protocol() != protocol::TCP) {
            return false;
        }
        let Some(epoll) = self.epolls.get_mut(task.0 as usize) else { return false };
        let left = epoll.call.filter(|_| goes_on).map_or(wanted, |(_, left)| left).saturating_sub(bytes);
        epoll.call = Some((socket, left));
        self.goes_on(task)
    }
}

/// What of an skb's payload is still to be copied.
struct Rest {
    /// Received before, at its front.
    old_bytes: u32,
    left_bytes: u32,
}

impl Rest {
    /// Copy what a frame has of it.
    #[inline]
    fn copy_out<C: Context>(&mut self, packet: &RxPacket, buffers: &BufferPool, context: &mut C) {
        let mut offset = packet.headers.payload_at() as u32;
        let mut there = packet.bytes.saturating_sub(offset);
        let old = there.min(self.old_bytes);
        (offset, there) = (offset + old, there - old);
        self.old_bytes -= old;
        let per_buffer = buffers.buffer_bytes() as u32;
        let mut within = if packet.split_bytes > 0 { u32::from(packet.split_bytes) } else { per_buffer };
        for piece in buffers.chain(packet.buffer) {
            let held = std::mem::replace(&mut within, per_buffer);
            if offset >= held {
                offset -= held;
                continue;
            }
            let n = self.left_bytes.min(there).min(held - offset);
            if n > 0 {
                context.touch(Op::CopyByte, Touch::read(Region::Buffer, piece.0, offset, n));
            }
            self.left_bytes -= n;
            there -= n;
            offset = 0;
        }
    }
}
