//! A slice: one uninterrupted piece of work on one virtual CPU, and everything it may do meanwhile.

use crate::cache::CacheModel;
use graph::observe::Observations;
use stage::{
    CpuId, Event, Executor, FrameId, Meter, Nanos, Observer, Op, Passage, Point, QueueId, RxPacket, Signal,
    SocketId, TaskId, Touch, Verdict,
};
use stats::{Ledger, PICOS_PER_NANO, Picos};

/// What a slice sets off elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Effect {
    /// Wake a task, at a time.
    Wake(Nanos, TaskId),
    /// Interrupt another CPU, at a time.
    Ipi(Nanos, CpuId),
    /// What a queue answered when its interrupt was enabled.
    Signal(Signal),
    /// Have a CPU do its deferred work, at a time.
    Work(Nanos, CpuId),
    /// Interrupt this CPU for a queue's NAPI, at a time.
    NapiTimer(Nanos, CpuId, QueueId),
    /// A frame left the host at a time from a CPU: where its bytes begin in the books, and how many.
    Sent(Nanos, CpuId, u32, u32),
    /// Have a socket's acknowledgement timer run out on a CPU, at a time.
    AckTimer(Nanos, CpuId, SocketId),
}

/// The books a slice writes in.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) costs: [Picos; Op::COUNT],
    pub(crate) ledger: Ledger,
    /// The way each CPU's branches went last, by operation.
    pub(crate) ways: Box<[[u32; Op::COUNT]]>,
    pub(crate) cache: Option<CacheModel>,
    pub(crate) observations: Observations,
    pub(crate) effects: Vec<Effect>,
    /// Bytes of the frames that left the host in this slice.
    pub(crate) sent: Vec<u8>,
}

/// A slice that is going on.
#[derive(Debug)]
pub(crate) struct Slice<'a> {
    books: &'a mut Books,
    cpu: CpuId,
    start_ps: Picos,
    spent_ps: Picos,
    /// The ledger's page for this CPU and the present queue.
    page: usize,
}

impl<'a> Slice<'a> {
    pub(crate) fn new(books: &'a mut Books, cpu: CpuId, start_ps: Picos) -> Self {
        Slice { cpu, start_ps, spent_ps: 0, page: books.ledger.page(cpu, None), books }
    }

    pub(crate) fn spent_ps(&self) -> Picos {
        self.spent_ps
    }
}

impl Meter for Slice<'_> {
    #[inline(always)]
    fn op(&mut self, op: Op, n: u32) {
        // A scenario's limits keep all sums far below 64 bits, so that they need not be checked one by one.
        let cost_ps = self.books.costs[op as usize].wrapping_mul(u64::from(n));
        self.spent_ps = self.spent_ps.wrapping_add(cost_ps);
        if let Some(page) = self.books.ledger.page_mut(self.page) {
            let entry = &mut page[op as usize];
            entry.count = entry.count.wrapping_add(u64::from(n));
            entry.op_ps = entry.op_ps.wrapping_add(cost_ps);
        }
    }

    #[inline(always)]
    fn branch(&mut self, op: Op, way: u32) {
        let Some(last) = self.books.ways.get_mut(self.cpu.index()) else { return };
        if std::mem::replace(&mut last[op as usize], way) != way {
            self.op(op, 1);
        }
    }

    #[inline(always)]
    fn touch(&mut self, op: Op, touch: Touch) {
        let Some(cache) = &mut self.books.cache else { return };
        let stall_ps = cache.access(self.cpu, op.layer(), &touch);
        if stall_ps == 0 {
            return;
        }
        self.spent_ps += stall_ps;
        if let Some(page) = self.books.ledger.page_mut(self.page) {
            page[op as usize].cache_ps += stall_ps;
        }
    }

    #[inline]
    fn queue(&mut self, queue: Option<QueueId>) {
        self.page = self.books.ledger.page(self.cpu, queue);
    }

    #[inline]
    fn now_ns(&self) -> Nanos {
        (self.start_ps + self.spent_ps).div_ceil(PICOS_PER_NANO)
    }
}

impl Executor for Slice<'_> {
    #[inline]
    fn cpu(&self) -> CpuId {
        self.cpu
    }

    fn wake(&mut self, task: TaskId) {
        self.op(Op::Wake, 1);
        let now_ns = self.now_ns();
        self.books.effects.push(Effect::Wake(now_ns, task));
    }

    fn send_ipi(&mut self, target: CpuId) {
        let now_ns = self.now_ns();
        self.books.effects.push(Effect::Ipi(now_ns, target));
    }

    fn defer(&mut self, cpu: CpuId, at_ns: Nanos) {
        self.books.effects.push(Effect::Work(at_ns, cpu));
    }

    fn transmit(&mut self, frame: &[u8]) {
        let (now_ns, start) = (self.now_ns(), self.books.sent.len());
        self.books.sent.extend_from_slice(frame);
        self.books.effects.push(Effect::Sent(now_ns, self.cpu, start as u32, frame.len() as u32));
    }

    fn set_timer(&mut self, at_ns: Nanos, socket: SocketId) {
        self.books.effects.push(Effect::AckTimer(at_ns, self.cpu, socket));
    }

    fn signal(&mut self, signal: Signal) {
        self.books.effects.push(Effect::Signal(signal));
    }

    fn napi_timer(&mut self, queue: QueueId, at_ns: Nanos) {
        self.books.effects.push(Effect::NapiTimer(at_ns, self.cpu, queue));
    }
}

impl Observer for Slice<'_> {
    #[inline]
    fn handed(&mut self, packet: &RxPacket, bytes: &mut dyn Iterator<Item = &[u8]>) {
        let now_ns = self.now_ns();
        self.books.observations.handed(now_ns, packet, bytes);
    }

    #[inline]
    fn forwarded(&mut self, _packet: &RxPacket, bytes: &mut dyn Iterator<Item = &[u8]>) {
        let now_ns = self.now_ns();
        self.books.observations.forwarded(now_ns, bytes);
    }

    #[inline]
    fn settled(&mut self, packet: &RxPacket, verdict: Verdict, payload_bytes: u32) {
        let now_ns = self.now_ns();
        self.books.observations.settled(now_ns, self.cpu, packet, verdict, payload_bytes);
    }

    #[inline]
    fn read(&mut self, packet: &RxPacket, passage: Passage) {
        self.books.observations.read(packet.queue, passage);
    }

    #[inline]
    fn passed(&mut self, frame: FrameId, queue: QueueId, point: Point) {
        if self.books.observations.follows(frame) {
            let now_ns = self.now_ns();
            self.books.observations.passed(now_ns, frame, self.cpu, queue, point);
        }
    }

    fn event(&mut self, queue: Option<QueueId>, event: Event) {
        let now_ns = self.now_ns();
        self.books.observations.event(now_ns, self.cpu, queue, event);
    }
}
