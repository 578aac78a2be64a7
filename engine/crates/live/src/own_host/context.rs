//! What a host stage runs in here: a meter that costs nothing or times, the thread's own run queue and books.

use super::stopwatch::Stopwatch;
use crate::exchange::HostView;
use graph::observe::Observations;
use stage::{
    Access, BufferId, CpuId, Event, Executor, FrameId, Meter, Nanos, Observer, Op, Passage, Point, QueueId,
    Region, RxPacket, Signal, TaskId, Touch, Verdict,
};
use std::collections::VecDeque;

/// Bytes an application offers to a receive call.
const MESSAGE_BYTES: usize = 65_536;

/// What a host thread keeps beside its host.
pub(crate) struct Books {
    pub(crate) observations: Observations,
    /// Tasks that are awake, in turn.
    pub(crate) runnable: VecDeque<TaskId>,
    view: HostView,
    message: Box<[u8]>,
    /// Frames read in a row whose queue and times were the same, as those of a batch are.
    alike: (QueueId, Passage, u32),
}

impl Books {
    pub(crate) fn new(observations: Observations, view: HostView) -> Self {
        let message = vec![0; MESSAGE_BYTES].into_boxed_slice();
        Books {
            observations,
            runnable: VecDeque::new(),
            view,
            message,
            alike: (QueueId(0), Passage::default(), 0),
        }
    }

    #[inline]
    fn read(&mut self, queue: QueueId, passage: Passage) {
        let (last_queue, last_passage, frames) = &mut self.alike;
        if (*last_queue, *last_passage) == (queue, passage) {
            *frames += 1;
        } else {
            self.note_alike();
            self.alike = (queue, passage, 1);
        }
    }

    /// Note the frames read alike: after the last one, by who takes the observations.
    pub(crate) fn note_alike(&mut self) {
        let (queue, passage, frames) = self.alike;
        self.observations.read_alike(queue, passage, frames);
        self.alike.2 = 0;
    }
}

/// A step that is going on.
pub(crate) struct RealTime<'a, W> {
    pub(crate) books: &'a mut Books,
    pub(crate) watch: &'a mut W,
    pub(crate) cpu: CpuId,
    /// When the step began.
    pub(crate) now_ns: Nanos,
}

impl<W: Stopwatch> Meter for RealTime<'_, W> {
    #[inline]
    fn op(&mut self, op: Op, n: u32) {
        self.watch.begin(op, n);
    }

    #[inline]
    fn enter(&mut self, op: Op) {
        self.watch.enter(op);
    }

    /// The copy to the application is the one access the stages leave to their ground.
    #[inline]
    fn touch(&mut self, op: Op, touch: Touch) {
        if op == Op::CopyByte && touch.region == Region::Buffer && touch.access == Access::Read {
            let Books { view, message, .. } = &mut *self.books;
            if let Some(to) = message.get_mut(..touch.bytes as usize) {
                view.copy_out(BufferId(touch.instance), touch.offset as usize, to);
            }
        }
    }

    #[inline]
    fn queue(&mut self, _queue: Option<QueueId>) {}

    #[inline]
    fn now_ns(&self) -> Nanos {
        self.now_ns
    }
}

impl<W: Stopwatch> Executor for RealTime<'_, W> {
    #[inline]
    fn cpu(&self) -> CpuId {
        self.cpu
    }

    #[inline]
    fn wake(&mut self, task: TaskId) {
        self.watch.begin(Op::Wake, 1);
        self.books.runnable.push_back(task);
        self.event(None, Event::Woken(task));
    }

    /// Only RPS sends one, and this ground refuses RPS.
    fn send_ipi(&mut self, _target: CpuId) {}

    /// The thread looks at its rings itself.
    #[inline]
    fn signal(&mut self, _signal: Signal) {}

    /// Only a flush timeout asks for one, and this ground refuses it.
    fn napi_timer(&mut self, _queue: QueueId, _at_ns: Nanos) {}
}

impl<W: Stopwatch> Observer for RealTime<'_, W> {
    #[inline]
    fn handed(&mut self, packet: &RxPacket, bytes: &mut dyn Iterator<Item = &[u8]>) {
        self.books.observations.handed(self.now_ns, packet, bytes);
    }

    #[inline]
    fn forwarded(&mut self, _packet: &RxPacket, bytes: &mut dyn Iterator<Item = &[u8]>) {
        self.books.observations.forwarded(self.now_ns, bytes);
    }

    #[inline]
    fn settled(&mut self, packet: &RxPacket, verdict: Verdict, payload_bytes: u32) {
        self.books.observations.settled(self.now_ns, self.cpu, packet, verdict, payload_bytes);
    }

    #[inline]
    fn read(&mut self, packet: &RxPacket, passage: Passage) {
        self.books.read(packet.queue, passage);
    }

    #[inline]
    fn passed(&mut self, frame: FrameId, queue: QueueId, point: Point) {
        self.books.observations.passed(self.now_ns, frame, self.cpu, queue, point);
    }

    fn event(&mut self, queue: Option<QueueId>, event: Event) {
        self.books.observations.event(self.now_ns, self.cpu, queue, event);
    }
}
