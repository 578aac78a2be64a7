//! What a host stage runs in: a meter, someone who runs CPUs and tasks, and someone who watches.

use crate::{CpuId, FrameId, Meter, Nanos, QueueId, RxPacket, Signal, Verdict};

/// A task: an application thread. Index from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u32);

/// A socket's index, from 0, in order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u32);

/// What a stage asks of whoever runs the CPUs.
pub trait Executor {
    /// The CPU the stage runs on.
    fn cpu(&self) -> CpuId;

    /// Make a sleeping task runnable. No effect on one that is awake.
    fn wake(&mut self, task: TaskId);

    /// Send an inter-processor interrupt that schedules the target's backlog.
    fn send_ipi(&mut self, target: CpuId);

    /// Deferred work of a CPU is due at a time. A ground that has none of it does nothing.
    fn defer(&mut self, _cpu: CpuId, _at_ns: Nanos) {}

    /// Send a frame out of the interface, its bytes from the first of Ethernet on. A ground where nobody listens
    /// drops it.
    fn transmit(&mut self, _frame: &[u8]) {}

    /// Have the socket's acknowledgement timer run out at `at_ns`. A ground where no peer awaits acknowledgements is
    /// not asked for any.
    fn set_timer(&mut self, _at_ns: Nanos, _socket: SocketId) {}

    /// A queue's interrupt or coalescing timer, as the device answered when it was armed.
    fn signal(&mut self, signal: Signal);

    /// Interrupt this CPU at a time to poll a queue, whatever its interrupt does (the timer of `struct napi_struct`).
    fn napi_timer(&mut self, queue: QueueId, at_ns: Nanos);
}

/// A point on the packet's way, for latency and traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Written back to the ring (NIC).
    Ring,
    /// Taken from the ring by NAPI.
    Polled,
    /// Put on another CPU's backlog.
    Backlog,
    /// Taken from the backlog.
    Unbacklogged,
    /// Accepted by IP.
    Ip,
    /// Put on the out-of-order queue.
    OutOfOrder,
    /// Handed to the interface it leaves by.
    Forwarded,
    /// Put on a socket's receive queue.
    Socket,
    /// Read by the application.
    Read,
}

impl Point {
    /// Name in traces.
    pub const fn name(self) -> &'static str {
        match self {
            Point::Ring => "ring",
            Point::Polled => "napi",
            Point::Backlog => "backlog",
            Point::Unbacklogged => "process_backlog",
            Point::Ip => "ip",
            Point::Forwarded => "ip_forward",
            Point::OutOfOrder => "tcp_out_of_order",
            Point::Socket => "socket",
            Point::Read => "app",
        }
    }
}

/// The times a frame was seen at, for the latency of each part of its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// When the sender meant to send it.
    pub sent_ns: Nanos,
    /// When it was written back to the ring.
    pub ring_ns: Nanos,
    /// When NAPI took it.
    pub polled_ns: Nanos,
    /// When it was put on its socket.
    pub socket_ns: Nanos,
    /// When the application had read it.
    pub read_ns: Nanos,
}

/// Something worth a row in the events table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// net_rx_action ran out of budget or time.
    TimeSqueeze,
    /// Softirq work was handed to ksoftirqd.
    KsoftirqdWoken,
    /// A device interrupt was taken.
    Interrupt,
    /// An inter-processor interrupt was taken.
    Ipi,
    /// A task was woken.
    Woken(TaskId),
    /// A task went to sleep.
    Slept(TaskId),
    /// A task was moved from this CPU.
    Migrated(TaskId, CpuId),
    /// This CPU was taken offline.
    Unplugged,
}

impl Event {
    /// Name in the events table.
    pub const fn name(self) -> &'static str {
        match self {
            Event::TimeSqueeze => "time_squeeze",
            Event::KsoftirqdWoken => "ksoftirqd_woken",
            Event::Interrupt => "interrupt",
            Event::Ipi => "ipi",
            Event::Woken(_) => "task_woken",
            Event::Slept(_) => "task_slept",
            Event::Migrated(..) => "task_migrated",
            Event::Unplugged => "cpu_unplugged",
        }
    }
}

/// Who watches.
pub trait Observer {
    /// The frame was handed to the host's stack: NAPI took it off its queue.
    fn handed(&mut self, packet: &RxPacket, bytes: &mut dyn Iterator<Item = &[u8]>);

    /// A frame that was received leaves by another interface, with these bytes from the first of Ethernet on. Who does
    /// not keep frames does not ask for them.
    fn forwarded(&mut self, _packet: &RxPacket, _bytes: &mut dyn Iterator<Item = &[u8]>) {}

    /// The frame has met its end. Called exactly once per frame.
    fn settled(&mut self, packet: &RxPacket, verdict: Verdict, payload_bytes: u32);

    /// The application has read the frame.
    fn read(&mut self, packet: &RxPacket, passage: Passage);

    /// The frame passed a point of its way.
    fn passed(&mut self, frame: FrameId, queue: QueueId, point: Point);

    /// Something happened on this CPU.
    fn event(&mut self, queue: Option<QueueId>, event: Event);
}

/// Everything a host stage may use.
pub trait Context: Meter + Executor + Observer {}

impl<T: Meter + Executor + Observer> Context for T {}
