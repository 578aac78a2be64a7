//! A ground to stand the host on: queues that are lists, a meter that counts, a clock that each operation moves.

use host::forward::ForwardConfig;
use host::{
    Accept, AckConfig, AppConfig, Gap, GroConfig, Host, HostConfig, NapiConfig, RpsConfig, SocketConfig,
    SteeringConfig, TcpConfig,
};
use stage::{
    BufferId, BufferPool, CpuId, DropReason, Errno, Event, Executor, FrameId, HashType, Meter, Nanos,
    Observer, OldRule, Op, Passage, Point, QueueId, Region, RuleId, RxPacket, RxQueues, Signal, SocketId,
    SteerRequest, SteeringError, TaskId, Touch, Verdict, Written,
};
use std::collections::VecDeque;

pub struct Queues {
    pub waiting: Vec<VecDeque<RxPacket>>,
    pub armed: Vec<bool>,
    pub starved: bool,
    /// Rules the device wrote, in order; it refuses what is beyond `rules_max`.
    pub rules: Vec<SteerRequest>,
    pub rules_max: usize,
    /// What the device says it put out for the next rule.
    pub evicts: Option<RuleId>,
}

impl RxQueues for Queues {
    fn take(&mut self, queue: QueueId, _now_ns: Nanos, limit: usize, out: &mut Vec<RxPacket>) -> usize {
        let queue = &mut self.waiting[queue.index()];
        let n = limit.min(queue.len());
        out.extend(queue.drain(..n));
        n
    }
    fn ready(&self, queue: QueueId, _now_ns: Nanos) -> usize {
        self.waiting[queue.index()].len()
    }
    fn refill(&mut self, _queue: QueueId, _buffers: &mut BufferPool) -> u32 {
        0
    }
    fn starved(&self, _queue: QueueId) -> bool {
        self.starved
    }
    fn arm(&mut self, queue: QueueId, _now_ns: Nanos) -> Signal {
        self.armed[queue.index()] = true;
        Signal::Quiet
    }
    fn timer(&mut self, _queue: QueueId, _now_ns: Nanos) -> Signal {
        Signal::Quiet
    }
    fn steer_flow(&mut self, _now_ns: Nanos, request: &SteerRequest) -> Result<Written, SteeringError> {
        if self.rules.len() >= self.rules_max {
            return Err(SteeringError::new(Errno::ENOSPC, "rules", self.rules.len() as u64, "fewer"));
        }
        let known = self.rules.iter().position(|rule| rule.key == request.key);
        let place = known.unwrap_or(self.rules.len()) as u32;
        self.rules.push(*request);
        Ok(Written { rule: RuleId { place, serial: place }, evicted: self.evicts.take() })
    }
    fn expire_flows(
        &mut self,
        _now_ns: Nanos,
        _limit: usize,
        may_expire: &mut dyn FnMut(OldRule) -> bool,
    ) -> usize {
        let old = |(place, rule): (usize, &SteerRequest)| OldRule {
            rule: RuleId { place: place as u32, serial: place as u32 },
            queue: rule.queue,
            hash: rule.hash,
            idle_since_ns: 0,
        };
        self.rules.iter().enumerate().map(old).filter(|old| may_expire(*old)).count();
        self.rules.len()
    }
}

#[derive(Default)]
pub struct Recorder {
    pub cpu: CpuId,
    pub now_ns: Nanos,
    pub ns_per_op: Nanos,
    pub woken: Vec<TaskId>,
    pub ipis: Vec<CpuId>,
    pub napi_timers: Vec<(QueueId, Nanos)>,
    pub settled: Vec<(u64, Verdict)>,
    pub read: Vec<u64>,
    pub events: Vec<Event>,
    pub deferred: Vec<(CpuId, Nanos)>,
    pub sent: Vec<Vec<u8>>,
    pub forwarded: Vec<Vec<u8>>,
    pub sent_at_ns: Vec<Nanos>,
    pub timers: Vec<(Nanos, SocketId)>,
    /// Payload as it reaches the programs: buffer, offset, bytes.
    pub payload: Vec<(BufferId, u32, u32)>,
    pub ops: Vec<(Op, u32)>,
}

impl Meter for Recorder {
    fn op(&mut self, op: Op, n: u32) {
        self.ops.push((op, n));
        self.now_ns += self.ns_per_op * u64::from(n.min(1));
    }
    fn touch(&mut self, op: Op, touch: Touch) {
        let buffer = BufferId(touch.instance);
        match (op, touch.region) {
            (Op::CopyByte, Region::Buffer) => self.payload.push((buffer, touch.offset, touch.bytes)),
            (Op::MapPage, _) => self.payload.push((buffer, 0, host::PAGE_BYTES)),
            _ => {}
        }
    }
    fn queue(&mut self, _queue: Option<QueueId>) {}
    fn now_ns(&self) -> Nanos {
        self.now_ns
    }
}

impl Executor for Recorder {
    fn cpu(&self) -> CpuId {
        self.cpu
    }
    fn wake(&mut self, task: TaskId) {
        self.woken.push(task);
    }
    fn send_ipi(&mut self, target: CpuId) {
        self.ipis.push(target);
    }
    fn defer(&mut self, cpu: CpuId, at_ns: Nanos) {
        self.deferred.push((cpu, at_ns));
    }
    fn signal(&mut self, _signal: Signal) {}
    fn napi_timer(&mut self, queue: QueueId, at_ns: Nanos) {
        self.napi_timers.push((queue, at_ns));
    }
    fn transmit(&mut self, frame: &[u8]) {
        self.sent.push(frame.to_vec());
        self.sent_at_ns.push(self.now_ns);
    }
    fn set_timer(&mut self, at_ns: Nanos, socket: SocketId) {
        self.timers.push((at_ns, socket));
    }
}

impl Observer for Recorder {
    fn handed(&mut self, _packet: &RxPacket, _bytes: &mut dyn Iterator<Item = &[u8]>) {}
    fn forwarded(&mut self, _packet: &RxPacket, bytes: &mut dyn Iterator<Item = &[u8]>) {
        self.forwarded.push(bytes.flatten().copied().collect());
    }
    fn settled(&mut self, packet: &RxPacket, verdict: Verdict, _payload_bytes: u32) {
        self.settled.push((packet.frame.0, verdict));
    }
    fn read(&mut self, packet: &RxPacket, _passage: Passage) {
        self.read.push(packet.frame.0);
    }
    fn passed(&mut self, _frame: FrameId, _queue: QueueId, _point: Point) {}
    fn event(&mut self, _queue: Option<QueueId>, event: Event) {
        self.events.push(event);
    }
}

pub fn config(cpus: u16) -> HostConfig {
    HostConfig {
        cpus,
        napi: NapiConfig {
            weight_frames: 64,
            budget_frames: 300,
            budget_ns: 2_000_000,
            defer_hard_irqs: 0,
            gro_flush_timeout_ns: 0,
            irq_suspend_timeout_ns: 0,
        },
        gro: GroConfig { enabled: false, buckets: 8, held_per_bucket: 8 },
        rps: RpsConfig {
            cpus: Vec::new(),
            max_backlog_frames: 1000,
            flow_limit: false,
            flow_limit_buckets: 4096,
        },
        sockets: SocketConfig {
            accept: Accept::Any,
            rcvbuf_bytes: 1 << 30,
            max_sockets: 1000,
            priorities: Vec::new(),
        },
        steering: SteeringConfig::default(),
        forward: ForwardConfig::default(),
        xdp: Vec::new(),
        page_pool: None,
        tcp: TcpConfig {
            rcvbuf_bytes: 1 << 20,
            max_out_of_order_frames: 4096,
            gap: Gap::Wait,
            ack: AckConfig::default(),
        },
        apps: AppConfig {
            count: 1,
            acceptors: 0,
            readers_per_socket: 1,
            work_per_message: 1,
            answer_bytes: 0,
            read_bytes: 0,
            by_napi: false,
            zero_copy: None,
            busy_poll: None,
        },
    }
}

/// Host, memory, queues, and who watches.
pub struct Ground {
    pub host: Host,
    pub buffers: BufferPool,
    pub queues: Queues,
    pub seen: Recorder,
    frames: u64,
}

impl Ground {
    pub fn new(config: HostConfig, queues: u16) -> Self {
        Self::with_buffers(config, queues, 2048)
    }

    pub fn with_buffers(config: HostConfig, queues: u16, buffer_bytes: u32) -> Self {
        let buffers = BufferPool::new(queues, 8192 * 2048 / buffer_bytes, buffer_bytes);
        Ground {
            host: Host::new(config, 7),
            buffers,
            queues: Queues {
                waiting: (0..queues).map(|_| VecDeque::new()).collect(),
                armed: vec![false; queues.into()],
                starved: false,
                rules: Vec::new(),
                rules_max: usize::MAX,
                evicts: None,
            },
            seen: Recorder { ns_per_op: 100, ..Recorder::default() },
            frames: 0,
        }
    }

    /// A frame in a queue's ring; returns its number.
    pub fn arrive(&mut self, queue: u16, hash: u32, frame: &[u8]) -> u64 {
        self.arrive_merged(queue, hash, frame, 1)
    }

    /// The same for a frame merged from so many.
    pub fn arrive_merged(&mut self, queue: u16, hash: u32, frame: &[u8], segments: u16) -> u64 {
        self.arrive_split(queue, hash, frame, segments, 0)
    }

    /// The same for a frame whose first bytes, unless 0, have a buffer to themselves.
    pub fn arrive_split(&mut self, queue: u16, hash: u32, frame: &[u8], segments: u16, split: u16) -> u64 {
        let id = QueueId(queue);
        let mut last: Option<BufferId> = None;
        let (mut rest, mut room) =
            (frame, if split > 0 { split.into() } else { self.buffers.buffer_bytes() });
        let mut first = BufferId(u32::MAX);
        while last.is_none() || !rest.is_empty() {
            let (piece, behind) = rest.split_at(room.min(rest.len()));
            let buffer: BufferId = self.buffers.allocate(id).unwrap();
            self.buffers.bytes_mut(buffer)[..piece.len()].copy_from_slice(piece);
            match last.replace(buffer) {
                Some(before) => self.buffers.link(before, buffer),
                None => first = buffer,
            }
            (rest, room) = (behind, self.buffers.buffer_bytes());
        }
        let frame_id = self.frames;
        self.frames += 1;
        self.queues.waiting[id.index()].push_back(RxPacket {
            frame: FrameId(frame_id),
            buffer: first,
            slot: 0,
            bytes: frame.len() as u32,
            queue: id,
            segments,
            gso_bytes: if segments > 1 { gso_bytes(frame, segments) } else { 0 },
            split_bytes: split,
            hash,
            hash_type: HashType::L4,
            checksum_good: true,
            by_rule: false,
            sent_ns: 0,
            ready_ns: 0,
            headers: wire::walk::headers(frame),
        });
        frame_id
    }

    pub fn interrupt(&mut self, cpu: u16, queue: u16) {
        self.seen.cpu = CpuId(cpu);
        self.host.hard_interrupt(QueueId(queue), &mut self.seen);
    }

    /// One run of net_rx_action on a CPU.
    pub fn net_rx_action(&mut self, cpu: u16) -> host::softirq::Progress {
        self.seen.cpu = CpuId(cpu);
        loop {
            let progress = self.host.net_rx_step(&mut self.queues, &mut self.buffers, &mut self.seen);
            if progress != host::softirq::Progress::More {
                return progress;
            }
        }
    }

    pub fn counter(&self, cpu: usize, counter: host::softirq::SoftnetCounter) -> u64 {
        self.host.softnets()[cpu].counters.value(counter)
    }

    pub fn read_all(&mut self) {
        while self.host.app_step(TaskId(0), &mut self.buffers, &mut self.seen) == host::app::AppStep::Read {}
    }

    /// One receive call of a task on a CPU.
    pub fn read_on(&mut self, cpu: u16, task: u32) -> host::app::AppStep {
        self.seen.cpu = CpuId(cpu);
        self.host.app_step(TaskId(task), &mut self.buffers, &mut self.seen)
    }

    /// A task on CPU 0 reads until it sleeps, polling where it may; answers how often it polled.
    pub fn read_or_poll(&mut self, task: u32) -> usize {
        let mut polls = 0;
        loop {
            let step = if self.host.busy_polls(TaskId(task)) {
                polls += 1;
                self.host.busy_poll_step(TaskId(task), &mut self.queues, &mut self.buffers, &mut self.seen)
            } else {
                self.host.app_step(TaskId(task), &mut self.buffers, &mut self.seen)
            };
            if step == host::app::AppStep::Sleep {
                return polls;
            }
        }
    }

    /// All deferred work of a CPU that is due.
    pub fn work(&mut self, cpu: u16) -> host::steering::WorkStep {
        self.seen.cpu = CpuId(cpu);
        loop {
            let step = self.host.work_step(&mut self.queues, &mut self.seen);
            if step != host::steering::WorkStep::More {
                return step;
            }
        }
    }

    /// A frame arrives and is taken as far as CPU 0 takes it.
    pub fn receive(&mut self, queue: u16, hash: u32, frame: &[u8]) {
        self.arrive(queue, hash, frame);
        self.interrupt(0, queue);
        while self.net_rx_action(0) == host::softirq::Progress::RaisedAgain {}
    }

    pub fn steering(&self, counter: host::steering::SockSteeringCounter) -> u64 {
        self.host.sock_steering().value(counter)
    }

    pub fn drops(&self, reason: DropReason) -> usize {
        self.seen.settled.iter().filter(|(_, verdict)| *verdict == Verdict::Dropped(reason)).count()
    }
}

/// Payload of each of the segments a TCP frame was merged from.
fn gso_bytes(frame: &[u8], segments: u16) -> u16 {
    (frame.len() as u16 - 54).div_ceil(segments)
}

/// A UDP frame over IPv4 from this port.
pub fn udp(source_port: u16) -> Vec<u8> {
    let mut frame = header(17, 8 + 18);
    frame.extend_from_slice(&source_port.to_be_bytes());
    frame.extend_from_slice(&[0x13, 0x88, 0, 26, 0, 0]);
    frame.extend_from_slice(&[0xa5; 18]);
    frame
}

/// A TCP segment with these bytes.
pub fn tcp(sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(6, 20 + payload.len() as u16);
    frame.extend_from_slice(&[0x9c, 0x41, 0x13, 0x88]);
    frame.extend_from_slice(&sequence.to_be_bytes());
    frame.extend_from_slice(&[0, 0, 0, 1, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    frame.extend_from_slice(payload);
    frame
}

fn header(protocol: u8, ip_payload_bytes: u16) -> Vec<u8> {
    let mut frame = vec![0, 0, 0x5e, 0, 0x53, 1, 0, 0, 0x5e, 0, 0x53, 2, 8, 0, 0x45, 0];
    frame.extend_from_slice(&(20 + ip_payload_bytes).to_be_bytes());
    frame.extend_from_slice(&[0, 1, 0x40, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1]);
    frame
}
