//! One skb's payload on its way to a program that maps.

use super::{PAGE_BYTES, ZeroCopy, ZeroCopyCounter as Counter};
use crate::page_pool::PagePools;
use crate::path::Host;
use crate::skb::Skb;
use stage::{BufferId, BufferPool, Context, Counters, Op, Region, RxPacket, SocketId, TaskId, Touch};
use wire::protocol;

/// Calls of a task that take an skb's payload.
struct Calls<'a> {
    zero_copy: &'a mut ZeroCopy,
    pages: &'a mut PagePools,
    task: TaskId,
    /// Bytes of the address range that a call which maps has left; 0: none goes on.
    room_bytes: u32,
    /// The next call has been charged as a system call.
    entered: bool,
    /// A call that copies goes on.
    reads: bool,
    /// Payload that was received before, at the skb's front.
    old_bytes: u32,
    left_bytes: u32,
    copied_bytes: u32,
}

impl Host {
    /// Whether a socket is read by mapping. Only TCP has the option: others are read as ever.
    #[inline]
    pub(crate) fn maps(&self, socket: SocketId) -> bool {
        self.zero_copy.is_some()
            && self.sockets.at(socket).is_some_and(|socket| socket.key.protocol() == protocol::TCP)
    }

    /// Map the whole pages of an skb's payload and copy the rest. `goes_on`: in the call before.
    #[inline(never)]
    pub(crate) fn map_payload<C: Context>(
        &mut self,
        task: TaskId,
        socket: SocketId,
        skb: &Skb,
        goes_on: bool,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        let Host { zero_copy: Some(zero_copy), pages, epolls, skbs, .. } = self else { return };
        let Some(epoll) = epolls.get_mut(task.0 as usize) else { return };
        let whole_bytes = skb.packet.headers.payload_len_bytes() as u32;
        let mut calls = Calls {
            zero_copy,
            pages,
            task,
            room_bytes: epoll.call.filter(|_| goes_on).map_or(0, |(_, left)| left),
            entered: !goes_on,
            reads: false,
            old_bytes: whole_bytes.saturating_sub(skb.payload_bytes),
            left_bytes: skb.payload_bytes,
            copied_bytes: 0,
        };
        calls.take(&skb.packet, buffers, context);
        for fragment in skbs.iter(&skb.fragments) {
            calls.take(&fragment.packet, buffers, context);
        }
        let copied_bytes = calls.copied_bytes;
        epoll.call = Some((socket, calls.room_bytes));
        if copied_bytes > 0 {
            context.branch(Op::CopyChange, copied_bytes);
            context.op(Op::CopyByte, copied_bytes);
            let to = Touch::write(Region::Task, task.0, 256, copied_bytes.min(65_536));
            context.touch(Op::CopyByte, to);
        }
    }

    /// Whether a call that maps goes on with the socket's next skb; else it ends here.
    pub(crate) fn maps_on<C: Context>(
        &mut self,
        task: TaskId,
        socket: SocketId,
        buffers: &mut BufferPool,
        context: &mut C,
    ) -> bool {
        let next = self.sockets.first_ready(task);
        let Host { zero_copy: Some(zero_copy), epolls, .. } = self else { return false };
        let Some(epoll) = epolls.get_mut(task.0 as usize) else { return false };
        if next == Some(socket) && epoll.call.is_some_and(|(_, left)| left >= PAGE_BYTES) {
            return true;
        }
        epoll.call = None;
        zero_copy.close(task, buffers, context);
        false
    }

    /// What readers that map have got; zeros where none does.
    pub fn zero_copy_counters(&self) -> Counters<Counter> {
        self.zero_copy.as_ref().map_or_else(Counters::default, |zero_copy| zero_copy.counters().clone())
    }

    /// Pages that programs have mapped, which are theirs.
    pub fn mapped_pages(&self) -> u64 {
        self.zero_copy.as_ref().map_or(0, ZeroCopy::mapped_pages)
    }
}

impl Calls<'_> {
    /// Take the payload of one frame, buffer by buffer.
    fn take<C: Context>(&mut self, packet: &RxPacket, buffers: &mut BufferPool, context: &mut C) {
        let buffer_bytes = buffers.buffer_bytes() as u32;
        let mut offset = packet.headers.payload_at() as u32;
        let mut there = packet.bytes.saturating_sub(offset);
        let mut within = if packet.split_bytes > 0 { u32::from(packet.split_bytes) } else { buffer_bytes };
        let (mut before, mut next) = (None, Some(packet.buffer));
        while let Some(buffer) = next
            && there.min(self.left_bytes) > 0
        {
            let start = offset.min(within);
            offset -= start;
            let bytes = there.min(within - start);
            there -= bytes;
            within = buffer_bytes;
            let old = bytes.min(self.old_bytes);
            let wanted = (bytes - old).min(self.left_bytes);
            self.old_bytes -= old;
            self.left_bytes -= wanted;
            // can_map_frag: one page and all of it. Of a larger one, or of half a page, nothing can be mapped.
            let is_page = (start + old, wanted, buffer_bytes) == (0, PAGE_BYTES, PAGE_BYTES);
            if is_page && let Some(before) = before {
                buffers.unlink_behind(before);
                next = buffers.behind(before);
                self.map(packet, buffer, buffers, context);
                continue;
            }
            if wanted > 0 {
                self.copy(buffer, start + old, wanted, buffers, context);
            }
            (before, next) = (Some(buffer), buffers.behind(buffer));
        }
    }

    fn map<C: Context>(
        &mut self,
        packet: &RxPacket,
        page: BufferId,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        if self.room_bytes < PAGE_BYTES {
            self.call(buffers, context);
        }
        self.room_bytes -= PAGE_BYTES;
        self.reads = false;
        context.op(Op::MapPage, 1);
        context.touch(Op::MapPage, Touch::write(Region::Page, page.0, 0, 64));
        if let Some(op) = self.pages.leave(packet.queue) {
            context.op(op, 1);
        }
        let ZeroCopy { windows, counters, .. } = &mut *self.zero_copy;
        if let Some(window) = windows.get_mut(self.task.0 as usize) {
            window.map(page, buffers);
        }
        counters.add(Counter::MappedPages, 1);
        counters.add(Counter::MappedBytes, PAGE_BYTES.into());
    }

    /// The call that maps ends with what it cannot map (`recv_skip_hint`); a receive call copies so much.
    fn copy<C: Context>(
        &mut self,
        buffer: BufferId,
        offset: u32,
        bytes: u32,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        if !self.reads {
            if self.room_bytes == 0 {
                self.call(buffers, context);
            }
            self.zero_copy.close(self.task, buffers, context);
            (self.room_bytes, self.reads) = (0, true);
            context.op(Op::RecvCall, 1);
            self.zero_copy.counters.add(Counter::Reads, 1);
        }
        self.copied_bytes += bytes;
        self.zero_copy.counters.add(Counter::CopiedBytes, bytes.into());
        context.touch(Op::CopyByte, Touch::read(Region::Buffer, buffer.0, offset, bytes));
    }

    /// A call that asks for pages begins.
    fn call<C: Context>(&mut self, buffers: &mut BufferPool, context: &mut C) {
        self.zero_copy.close(self.task, buffers, context);
        if !std::mem::take(&mut self.entered) {
            context.op(Op::RecvCall, 1);
        }
        context.op(Op::MapCall, 1);
        self.zero_copy.counters.add(Counter::Calls, 1);
        self.room_bytes = self.zero_copy.config.window_bytes;
    }
}

impl ZeroCopy {
    /// A call is over: unmap what has been kept long enough (madvise with MADV_DONTNEED).
    fn close<C: Context>(&mut self, task: TaskId, buffers: &mut BufferPool, context: &mut C) {
        let Some(window) = self.windows.get_mut(task.0 as usize) else { return };
        window.close();
        while let Some(mapping) = window.expired() {
            context.op(Op::UnmapCall, 1);
            context.op(Op::UnmapPage, mapping.pages);
            for page in buffers.chain(mapping.first) {
                context.touch(Op::UnmapPage, Touch::write(Region::Page, page.0, 0, 64));
            }
            self.counters.add(Counter::UnmappedPages, mapping.pages.into());
            buffers.release(mapping.first);
        }
    }
}
