//! `net_rx_action` and the polls it makes (net/core/dev.c), in steps small enough to be interrupted.

use super::NapiStruct;
use super::softnet::{NapiId, Poll, Run, SoftnetCounter};
use crate::page_pool::PagePools;
use crate::path::Host;
use stage::{BufferPool, Context, Event, Op, Point, QueueId, Region, RxQueues, Touch};
use std::collections::VecDeque;

/// Frames taken between two looks at pending interrupts. Small enough that an interrupt waits a few microseconds at
/// most, large enough to amortise the step.
pub const STEP_FRAMES: u32 = 8;

/// How far a step of the softirq came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more to do in this run.
    More,
    /// The run ended with nothing left to poll.
    Done,
    /// The run ended, and the softirq was raised again for what is left.
    RaisedAgain,
}

impl Host {
    /// One step of `net_rx_action` on the CPU of `context`: at most [`STEP_FRAMES`] frames.
    pub fn net_rx_step<C: Context>(
        &mut self,
        rx: &mut impl RxQueues,
        buffers: &mut BufferPool,
        context: &mut C,
    ) -> Progress {
        let cpu = context.cpu().index();
        let now_ns = context.now_ns();
        let Some(softnet) = self.softnets.get_mut(cpu) else { return Progress::Done };
        let mut run = match softnet.run {
            Some(run) => run,
            None => {
                context.queue(None);
                context.op(Op::SoftIrq, 1);
                softnet.counters.add(SoftnetCounter::Runs, 1);
                splice_tail(&mut softnet.scheduled, &mut softnet.list);
                Run {
                    started_ns: now_ns,
                    budget_frames: i64::from(self.config.napi.budget_frames),
                    poll: None,
                }
            }
        };
        let mut poll = match run.poll {
            Some(poll) => poll,
            None => match softnet.list.pop_front() {
                Some(napi) => {
                    softnet.counters.add(SoftnetCounter::Polls, 1);
                    context.queue(match napi {
                        NapiId::Queue(queue) => Some(queue),
                        NapiId::Backlog => None,
                    });
                    context.op(Op::Poll, 1);
                    Poll { napi, work_frames: 0 }
                }
                None => return self.finish_run(context),
            },
        };

        let wanted = STEP_FRAMES.min(self.config.napi.weight_frames - poll.work_frames);
        let got = match poll.napi {
            NapiId::Queue(queue) => self.poll_queue(queue, wanted, rx, buffers, context),
            NapiId::Backlog => self.poll_backlog(wanted, buffers, context),
        };
        poll.work_frames += got;
        let Some(softnet) = self.softnets.get_mut(cpu) else { return Progress::Done };
        softnet.counters.add(SoftnetCounter::Processed, u64::from(got));

        let exhausted = got < wanted;
        let used_weight = poll.work_frames >= self.config.napi.weight_frames;
        if !exhausted && !used_weight {
            run.poll = Some(poll);
            softnet.run = Some(run);
            return Progress::More;
        }
        run.poll = None;
        run.budget_frames -= i64::from(poll.work_frames);
        // A ring that could not be refilled raises no more interrupts once it is dry: its driver asks to be polled
        // again, as mlx5 does (en_txrx.c: busy |= ... post_wqes).
        let starved = match poll.napi {
            NapiId::Queue(queue) => rx_refill(queue, rx, buffers, &mut self.pages, context),
            NapiId::Backlog => false,
        };
        let preferred = match poll.napi {
            NapiId::Queue(queue) => self.napis.get(queue.index()).is_some_and(|napi| napi.prefer_busy_poll),
            NapiId::Backlog => false,
        };
        if let (true, true, NapiId::Queue(queue)) = (used_weight || starved, preferred, poll.napi) {
            // __napi_poll: there is more, but a program would rather take it.
            if self.napi_complete_done(queue, poll.work_frames, rx, buffers, context)
                && self.napi_of(queue).is_some_and(NapiStruct::schedule)
                && let Some(softnet) = self.softnets.get_mut(cpu)
            {
                softnet.schedule(poll.napi);
            }
        } else if used_weight || starved {
            softnet.repoll.push_back(poll.napi);
            if let (true, NapiId::Queue(queue)) = (self.config.gro.enabled, poll.napi) {
                // __napi_poll: with less than 1,000 ticks a second everything goes.
                self.gro_flush(queue, false, rx, buffers, context);
            }
        } else {
            match poll.napi {
                NapiId::Queue(queue) => {
                    self.complete(queue, poll.work_frames, rx, buffers, context);
                }
                NapiId::Backlog => {
                    softnet.backlog_scheduled = false;
                    softnet.progress.all_done(context.now_ns());
                }
            }
        }
        let Some(softnet) = self.softnets.get_mut(cpu) else { return Progress::Done };
        let elapsed_ns = context.now_ns().saturating_sub(run.started_ns);
        if run.budget_frames <= 0 || elapsed_ns >= self.config.napi.budget_ns {
            softnet.counters.add(SoftnetCounter::TimeSqueeze, 1);
            context.event(None, Event::TimeSqueeze);
            return self.finish_run(context);
        }
        softnet.run = Some(run);
        Progress::More
    }

    /// The driver's end of a poll: complete the NAPI and, unless told otherwise, enable the interrupt.
    pub(crate) fn complete<C: Context>(
        &mut self,
        queue: QueueId,
        work_frames: u32,
        rx: &mut impl RxQueues,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        context.op(Op::Complete, 1);
        self.pages.polled(queue, None);
        if !self.keeps_napis || self.napi_complete_done(queue, work_frames, rx, buffers, context) {
            if let Some(gro) = self.gro_of(queue) {
                rx.keeps(queue, gro.kept());
            }
            let signal = rx.arm(queue, context.now_ns());
            context.signal(signal);
        }
    }

    /// The tail of `net_rx_action`: put back what is left, raise again, send the interrupts RPS owes.
    fn finish_run<C: Context>(&mut self, context: &mut C) -> Progress {
        let Some(softnet) = self.softnets.get_mut(context.cpu().index()) else { return Progress::Done };
        softnet.run = None;
        // dev.c: list_splice_tail_init(&sd->poll_list, &list); list_splice_tail(&repoll, &list).
        splice_tail(&mut softnet.scheduled, &mut softnet.list);
        splice_tail(&mut softnet.repoll, &mut softnet.list);
        std::mem::swap(&mut softnet.scheduled, &mut softnet.list);
        context.queue(None);
        for target in softnet.ipi_to.drain(..) {
            context.op(Op::RpsIpi, 1);
            context.send_ipi(target);
        }
        if softnet.scheduled.is_empty() { Progress::Done } else { Progress::RaisedAgain }
    }

    pub(crate) fn poll_queue<C: Context>(
        &mut self,
        queue: QueueId,
        wanted: u32,
        rx: &mut impl RxQueues,
        buffers: &mut BufferPool,
        context: &mut C,
    ) -> u32 {
        let mut batch = std::mem::take(&mut self.batch);
        batch.clear();
        context.touch(Op::Poll, Touch::write(Region::Napi, u32::from(queue.0), 0, 128));
        let sent = rx.reap(queue);
        if sent > 0 {
            context.op(Op::TransmitDone, sent);
        }
        self.pages.polled(queue, Some(context.cpu()));
        if let Some(gro) = self.gro_of(queue) {
            rx.keeps(queue, gro.kept());
        }
        rx.take(queue, context.now_ns(), wanted as usize, &mut batch);
        for packet in &batch {
            context.handed(packet, &mut buffers.frame(packet));
            let buffer_bytes = buffers.buffer_bytes() as u32;
            let descriptors = packet.buffers(buffer_bytes);
            context.op(Op::Descriptor, descriptors);
            let written_back = (packet.slot * 16, descriptors * 16);
            context.touch(
                Op::Descriptor,
                Touch::read(Region::Ring, u32::from(queue.0), written_back.0, written_back.1),
            );
            if self.xdp.is_some() && self.xdp_ends(queue, packet, buffers, context) {
                continue;
            }
            context.op(Op::SkbAlloc, 1);
            let buffers_bytes = descriptors * buffer_bytes;
            let mut skb = self.skbs.allocate(context.cpu(), packet, buffers_bytes);
            context.touch(Op::SkbAlloc, Touch::write(Region::Skb, skb.id.0, 0, 256));
            context.op(Op::Receive, 1);
            // eth_type_trans and the flow dissector read the headers: the first touch of the packet's bytes.
            let headers = packet.bytes.min(64);
            context.touch(Op::Receive, Touch::read(Region::Buffer, packet.buffer.0, 0, headers));
            skb.passage.polled_ns = context.now_ns();
            context.passed(packet.frame, queue, Point::Polled);
            if self.config.gro.enabled {
                self.gro_receive(queue, skb, rx, buffers, context);
            } else {
                self.netif_receive(skb, rx, buffers, context);
            }
        }
        self.scan_rules(rx, context);
        let got = batch.len() as u32;
        self.batch = batch;
        got
    }

    fn poll_backlog<C: Context>(&mut self, wanted: u32, buffers: &mut BufferPool, context: &mut C) -> u32 {
        let cpu = context.cpu();
        let now_ns = context.now_ns();
        if let Some(softnet) = self.softnets.get_mut(cpu.index()) {
            softnet.progress.all_done(now_ns);
        }
        let mut got = 0;
        while got < wanted {
            let Some(softnet) = self.softnets.get_mut(cpu.index()) else { break };
            let Some(skb) = self.skbs.pop(&mut softnet.backlog) else { break };
            softnet.progress.take(1);
            got += 1;
            let queue = skb.packet.queue;
            context.queue(Some(queue));
            context.op(Op::RpsDequeue, 1);
            context.touch(Op::RpsDequeue, Touch::write(Region::Softnet, u32::from(cpu.0), 0, 64));
            context.touch(Op::RpsDequeue, Touch::read(Region::Skb, skb.id.0, 0, 128));
            context.passed(skb.packet.frame, queue, Point::Unbacklogged);
            self.ip_receive(skb, buffers, context);
        }
        got
    }
}

/// `list_splice_tail_init`. The lists have a NAPI or none: `append` is made for longer ones.
#[inline]
fn splice_tail(from: &mut VecDeque<NapiId>, to: &mut VecDeque<NapiId>) {
    while let Some(napi) = from.pop_front() {
        to.push_back(napi);
    }
}

/// Give the ring its buffers back; answers whether the pool had too few.
pub(crate) fn rx_refill<C: Context>(
    queue: QueueId,
    rx: &mut impl RxQueues,
    buffers: &mut BufferPool,
    pages: &mut PagePools,
    context: &mut C,
) -> bool {
    context.enter(Op::Refill);
    let posted = rx.refill(queue, buffers);
    pages.allocated(queue, posted);
    context.op(Op::Refill, posted);
    context.touch(Op::Refill, Touch::write(Region::Ring, u32::from(queue.0), 0, 16 * posted.min(64)));
    rx.starved(queue)
}
