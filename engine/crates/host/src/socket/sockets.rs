//! The sockets of the host and the tasks that read them.

use super::readers::Readers;
use super::table::SocketTable;
use super::{FlowKey, SocketSteering};
use crate::skb::{Skb, SkbQueue, Skbs};
use crate::tcp::Receiver;
use crate::{Accept, AppConfig, SocketConfig};
use stage::{CpuId, DropReason, FrameId, Nanos, QueueId, SocketId, TaskId};
use std::collections::VecDeque;

/// A socket.
#[derive(Debug)]
pub struct Socket {
    /// The flow it is connected to.
    pub key: FlowKey,
    /// Who reads it next.
    pub reader: TaskId,
    /// SO_PRIORITY.
    pub priority: u8,
    /// RSS hash of its last frame.
    pub hash: u32,
    /// Frames that a rule of the device's flow table sent.
    pub by_rule_frames: u64,
    /// How its flow is steered.
    pub steering: SocketSteering,
    /// Frames waiting to be read.
    pub receive_queue: SkbQueue,
    /// Their truesize (`sk_rmem_alloc`).
    pub queued_bytes: u32,
    /// TCP state; idle for other protocols.
    pub tcp: Receiver,
    /// Frames accepted.
    pub delivered_frames: u64,
    /// Transport payload accepted, in bytes.
    pub delivered_bytes: u64,
    /// Frames refused.
    pub dropped_frames: u64,
    /// Frames that arrived before an earlier one of the same flow (by frame number).
    pub reordered_frames: u64,
    /// Times the flow changed its hardware queue.
    pub queue_moves: u64,
    /// Hardware queue of the last frame.
    pub last_queue: Option<QueueId>,
    /// CPU that put the last frame on the queue.
    pub last_cpu: CpuId,
    /// When the first frame was accepted.
    pub first_ns: Option<Nanos>,
    /// When the last frame was accepted.
    pub last_ns: Nanos,
    newest_frame: u64,
    on_ready_list: bool,
    /// Messages read.
    messages: u64,
}

/// A frame for a reader.
#[derive(Debug)]
pub struct Taken {
    /// Whose.
    pub socket: SocketId,
    /// The frame.
    pub skb: Box<Skb>,
    /// Who reads the socket from now on, if that changes.
    pub next_reader: Option<NextReader>,
}

/// The next reader of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextReader {
    /// Which task.
    pub task: TaskId,
    /// It sleeps, and there is something for it.
    pub asleep: bool,
    /// The socket was accepted by the one before.
    pub accepted: bool,
}

/// Who takes a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demux {
    /// This socket.
    Socket(SocketId),
    /// Nobody, and why.
    None(DropReason),
}

/// All sockets, and per reader the list of those with something to read (as epoll keeps it).
#[derive(Debug)]
pub struct Sockets {
    config: SocketConfig,
    readers: Readers,
    by_napi: bool,
    /// By task: the sockets it reads.
    of_reader: Vec<Vec<SocketId>>,
    table: SocketTable,
    sockets: Vec<Socket>,
    ready: Vec<VecDeque<SocketId>>,
    asleep: Vec<bool>,
}

impl Sockets {
    pub(crate) fn new(config: SocketConfig, apps: &AppConfig, seed: u64) -> Self {
        let readers = apps.count;
        Sockets {
            config,
            readers: Readers::new(apps),
            by_napi: apps.by_napi,
            of_reader: (0..readers).map(|_| Vec::new()).collect(),
            table: SocketTable::new(seed),
            sockets: Vec::new(),
            ready: (0..readers).map(|_| VecDeque::new()).collect(),
            asleep: vec![true; readers as usize],
        }
    }

    pub(crate) fn rcvbuf_bytes(&self) -> u32 {
        self.config.rcvbuf_bytes
    }

    /// The hash bucket a flow's lookup reads.
    pub(crate) fn bucket(&self, key: &FlowKey) -> u32 {
        self.table.home(key) as u32
    }

    /// Find the flow's socket, or open one if the host accepts the flow.
    pub(crate) fn demux(&mut self, key: FlowKey, cpu: CpuId, queue: QueueId) -> Demux {
        if let Some(socket) = self.table.find(&key) {
            return Demux::Socket(socket);
        }
        if let Accept::Ports(ports) = &self.config.accept {
            if !key.is_connected() {
                return Demux::None(DropReason::IpNoproto);
            }
            if !ports.contains(&key.destination_port()) {
                return Demux::None(DropReason::NoSocket);
            }
        }
        if self.sockets.len() as u64 >= u64::from(self.config.max_sockets) {
            return Demux::None(DropReason::SocketTableFull);
        }
        let id = SocketId(self.sockets.len() as u32);
        self.table.insert(key, id);
        let port = key.destination_port();
        let priority = self.config.priorities.iter().find(|(own, _)| *own == port && key.is_connected());
        let dealt = if self.by_napi { SocketId(queue.0.into()) } else { id };
        for reader in self.readers.of(dealt) {
            if let Some(sockets) = self.of_reader.get_mut(reader.0 as usize) {
                sockets.push(id);
            }
        }
        self.sockets.push(Socket {
            key,
            reader: self.readers.first(dealt),
            priority: priority.map_or(0, |(_, priority)| *priority),
            hash: 0,
            by_rule_frames: 0,
            steering: SocketSteering::default(),
            receive_queue: SkbQueue::default(),
            queued_bytes: 0,
            tcp: Receiver::default(),
            delivered_frames: 0,
            delivered_bytes: 0,
            dropped_frames: 0,
            reordered_frames: 0,
            queue_moves: 0,
            last_queue: None,
            last_cpu: cpu,
            first_ns: None,
            last_ns: 0,
            newest_frame: 0,
            on_ready_list: false,
            messages: 0,
        });
        Demux::Socket(id)
    }

    /// The socket.
    pub fn at(&self, socket: SocketId) -> Option<&Socket> {
        self.sockets.get(socket.0 as usize)
    }

    pub(crate) fn at_mut(&mut self, socket: SocketId) -> Option<&mut Socket> {
        self.sockets.get_mut(socket.0 as usize)
    }

    /// The sockets a task reads.
    pub(crate) fn of_reader(&self, reader: TaskId) -> &[SocketId] {
        self.of_reader.get(reader.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// All sockets in order of creation.
    pub fn iter(&self) -> impl Iterator<Item = &Socket> {
        self.sockets.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Socket> {
        self.sockets.iter_mut()
    }

    /// A frame has come to its socket; whether a later one of its flow did before.
    #[inline]
    pub(crate) fn came(&mut self, id: SocketId, frame: FrameId) -> bool {
        let Some(socket) = self.sockets.get_mut(id.0 as usize) else { return false };
        let overtaken = frame.0 + 1 < socket.newest_frame;
        socket.newest_frame = socket.newest_frame.max(frame.0 + 1);
        socket.reordered_frames += u64::from(overtaken);
        overtaken
    }

    pub(crate) fn dropped(&mut self, socket: SocketId) {
        if let Some(socket) = self.at_mut(socket) {
            socket.dropped_frames += 1;
        }
    }

    pub(crate) fn out_of_order_frames(&self) -> u64 {
        self.sockets.iter().map(|s| u64::from(s.tcp.out_of_order.frames())).sum()
    }

    /// Put a frame on its socket's queue; answers the reader if it sleeps and must be woken.
    pub(crate) fn enqueue(
        &mut self,
        id: SocketId,
        skb: Box<Skb>,
        skbs: &mut Skbs,
        cpu: CpuId,
    ) -> Option<TaskId> {
        let socket = self.sockets.get_mut(id.0 as usize)?;
        if socket.last_queue.is_some_and(|queue| queue != skb.packet.queue) {
            socket.queue_moves += 1;
        }
        socket.last_queue = Some(skb.packet.queue);
        socket.hash = skb.packet.hash;
        socket.by_rule_frames += u64::from(skb.packet.by_rule);
        socket.last_cpu = cpu;
        socket.delivered_frames += 1;
        socket.delivered_bytes += u64::from(skb.payload_bytes);
        socket.first_ns.get_or_insert(skb.passage.socket_ns);
        socket.last_ns = skb.passage.socket_ns;
        socket.queued_bytes += skb.truesize_bytes();
        skbs.push(&mut socket.receive_queue, skb);
        let reader = socket.reader;
        if !socket.on_ready_list {
            socket.on_ready_list = true;
            self.ready.get_mut(reader.0 as usize)?.push_back(id);
        }
        let asleep = self.asleep.get_mut(reader.0 as usize)?;
        std::mem::replace(asleep, false).then_some(reader)
    }

    /// The next frame for a reader: its ready sockets in turn. `None` puts the reader to sleep.
    pub(crate) fn next_for(&mut self, reader: TaskId, skbs: &mut Skbs) -> Option<Taken> {
        while let Some(id) = self.ready.get_mut(reader.0 as usize)?.pop_front() {
            let Some(socket) = self.sockets.get_mut(id.0 as usize) else { continue };
            let Some(skb) = skbs.pop(&mut socket.receive_queue) else {
                socket.on_ready_list = false;
                continue;
            };
            socket.queued_bytes -= skb.truesize_bytes();
            socket.messages += 1;
            socket.on_ready_list = !socket.receive_queue.is_empty();
            let waiting = socket.on_ready_list;
            let next = if self.readers.are_fixed() { reader } else { self.readers.next(id, socket.messages) };
            socket.reader = next;
            if waiting {
                self.ready.get_mut(next.0 as usize)?.push_back(id);
            }
            let next_reader = (next != reader).then(|| self.pass_on(id, reader, next, waiting));
            return Some(Taken { socket: id, skb, next_reader });
        }
        if let Some(asleep) = self.asleep.get_mut(reader.0 as usize) {
            *asleep = true;
        }
        None
    }

    /// Whether a reader has a socket with something to read (`ep_events_available`).
    pub(crate) fn has_ready(&self, reader: TaskId) -> bool {
        self.ready.get(reader.0 as usize).is_some_and(|ready| !ready.is_empty())
    }

    /// The socket a reader reads next, if it has anything.
    pub(crate) fn first_ready(&self, reader: TaskId) -> Option<SocketId> {
        let id = *self.ready.get(reader.0 as usize)?.front()?;
        self.at(id).filter(|socket| !socket.receive_queue.is_empty()).map(|_| id)
    }

    /// A reader that found nothing stays awake, or goes to sleep after all.
    pub(crate) fn set_asleep(&mut self, reader: TaskId, sleeps: bool) {
        if let Some(asleep) = self.asleep.get_mut(reader.0 as usize) {
            *asleep = sleeps;
        }
    }

    /// A socket's next message is for another task.
    fn pass_on(&mut self, id: SocketId, from: TaskId, to: TaskId, waiting: bool) -> NextReader {
        let accepted = self.readers.accepts(from);
        if accepted {
            let sockets = |task: TaskId| task.0 as usize;
            if let Some(own) = self.of_reader.get_mut(sockets(from))
                && let Some(at) = own.iter().rposition(|other| *other == id)
            {
                own.swap_remove(at);
            }
            for reader in self.readers.workers(id) {
                if let Some(own) = self.of_reader.get_mut(sockets(reader)) {
                    own.push(id);
                }
            }
        }
        let asleep = self.asleep.get_mut(to.0 as usize).filter(|_| waiting);
        let asleep = asleep.is_some_and(|asleep| std::mem::replace(asleep, false));
        NextReader { task: to, asleep, accepted }
    }
}
