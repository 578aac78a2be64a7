//! The host's receive path, in the packet's order. A frame taken by NAPI enters at [`Host::netif_receive`] and
//! leaves on a socket's receive queue, on another CPU's backlog, or dropped.

use crate::HostConfig;
use crate::busy_poll::Epoll;
use crate::forward::ForwardCounter;
use crate::gro::{Gro, GroCounter};
use crate::page_pool::{By, PagePools};
use crate::rps::{Rfs, Target};
use crate::skb::{Skb, Skbs};
use crate::socket::{Demux, FlowKey, Sockets};
use crate::softirq::{NapiId, NapiStruct, Softnet, SoftnetCounter};
use crate::steering::{Callback, SockSteeringCounter};
use crate::tcp::TcpCounter;
use crate::xdp::Xdp;
use crate::zero_copy::ZeroCopy;
use stage::{
    BufferPool, Context, Counters, CpuId, DropReason, Nanos, Op, Point, Region, RuleId, RxPacket, RxQueues,
    SocketId, Touch, Verdict,
};
use wire::protocol;
use wire::walk::{verify_ip_checksum, verify_l4_checksum};

/// The host: per-CPU softirq state, sockets, skbs.
#[derive(Debug)]
pub struct Host {
    pub(crate) config: HostConfig,
    pub(crate) softnets: Vec<Softnet>,
    pub(crate) skbs: Skbs,
    pub(crate) sockets: Sockets,
    pub(crate) batch: Vec<RxPacket>,
    /// Where flows are read and went, with RFS.
    pub(crate) rfs: Option<Rfs>,
    /// What is announced and not yet written, with the scheduler's callback.
    pub(crate) callback: Option<Callback>,
    pub(crate) sock_steering: Counters<SockSteeringCounter>,
    /// When the driver looks for old rules again, and those it found last.
    pub(crate) next_scan_ns: Nanos,
    pub(crate) expired: Vec<RuleId>,
    /// By queue; empty without GRO.
    pub(crate) gros: Vec<Option<Gro>>,
    /// By queue; empty unless a NAPI remembers something.
    pub(crate) napis: Vec<NapiStruct>,
    pub(crate) keeps_napis: bool,
    /// At the driver's hook.
    pub(crate) xdp: Option<Xdp>,
    pub(crate) pages: PagePools,
    /// Where programs map.
    pub(crate) zero_copy: Option<ZeroCopy>,
    /// By task.
    pub(crate) epolls: Vec<Epoll>,
    pub(crate) tcp_counters: Counters<TcpCounter>,
    pub(crate) forward_counters: Counters<ForwardCounter>,
    gathered: Vec<u8>,
}

impl Host {
    /// An idle host. `seed` keys the socket hash.
    pub fn new(config: HostConfig, seed: u64) -> Self {
        let steering = &config.steering;
        let queues: usize = steering.cpu_queues.iter().map(Vec::len).sum();
        let callback = steering.callback.clone();
        Host {
            softnets: (0..config.cpus).map(|_| Softnet::new(config.rps.flow_limit_buckets)).collect(),
            skbs: Skbs::new(config.cpus),
            sockets: Sockets::new(config.sockets.clone(), &config.apps, seed),
            batch: Vec::with_capacity(256),
            rfs: steering.rfs.as_ref().map(|rfs| Rfs::new(rfs, config.cpus, queues as u16)),
            callback: callback.map(|callback| Callback::new(callback, config.cpus, config.apps.count)),
            sock_steering: Counters::default(),
            next_scan_ns: 0,
            expired: Vec::new(),
            gros: Vec::new(),
            napis: Vec::new(),
            keeps_napis: config.keeps_napis(),
            xdp: Xdp::new(config.xdp.clone()),
            pages: PagePools::new(config.page_pool),
            zero_copy: config.apps.zero_copy.map(|zero_copy| ZeroCopy::new(zero_copy, config.apps.count)),
            epolls: vec![Epoll::default(); config.apps.count as usize],
            tcp_counters: Counters::default(),
            forward_counters: Counters::default(),
            gathered: Vec::new(),
            config,
        }
    }

    /// 1. `netif_receive_skb`: on this CPU, or steered to another by RPS or RFS.
    pub(crate) fn netif_receive<C: Context>(
        &mut self,
        skb: Box<Skb>,
        rx: &mut impl RxQueues,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        if self.config.rps.cpus.is_empty() && self.rfs.is_none() {
            return self.ip_receive(skb, buffers, context);
        }
        match self.rps_cpu(&skb, rx, buffers, context) {
            Some(target) => self.enqueue_to_backlog(skb, target, buffers, context),
            None => self.ip_receive(skb, buffers, context),
        }
    }

    /// 2. `enqueue_to_backlog`: hand the frame to another CPU, if its backlog and the flow limit allow.
    fn enqueue_to_backlog<C: Context>(
        &mut self,
        skb: Box<Skb>,
        Target { cpu: target, flow }: Target,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        let here = context.cpu();
        let max = self.config.rps.max_backlog_frames;
        let waiting = self.softnets.get(target.index()).map_or(0, |softnet| softnet.backlog.frames());
        context.op(Op::RpsEnqueue, 1);
        context.touch(Op::RpsEnqueue, Touch::write(Region::Softnet, u32::from(target.0), 0, 128));
        // The flow limit table is the enqueueing CPU's (skb_flow_limit: this_cpu_ptr).
        let limited = self.config.rps.flow_limit
            && self
                .softnets
                .get_mut(here.index())
                .is_some_and(|s| s.flow_limit.exceeds(skb.packet.hash, waiting, max));
        let reason = match (waiting > max, limited) {
            (true, _) => Some((DropReason::CpuBacklog, SoftnetCounter::Dropped)),
            (_, true) => Some((DropReason::FlowLimit, SoftnetCounter::FlowLimitCount)),
            _ => None,
        };
        if let Some((reason, counter)) = reason {
            if let Some(softnet) = self.softnets.get_mut(here.index()) {
                softnet.counters.add(counter, 1);
            }
            return self.discard(skb, reason, buffers, context);
        }
        context.passed(skb.packet.frame, skb.packet.queue, Point::Backlog);
        let Some(softnet) = self.softnets.get_mut(target.index()) else { return };
        self.skbs.push(&mut softnet.backlog, skb);
        softnet.tail += 1;
        // rps_input_queue_tail_save
        if let Some(flow) = flow.and_then(|at| self.rfs.as_mut()?.flow_mut(at)) {
            flow.last_qtail = softnet.tail;
        }
        if !softnet.backlog_scheduled {
            softnet.backlog_scheduled = true;
            if target == here {
                softnet.schedule(NapiId::Backlog);
            } else if let Some(softnet) = self.softnets.get_mut(here.index()) {
                softnet.ipi_to.push(target);
            }
        }
    }

    /// 3. IP input: what is not for this host goes on or is dropped ([`crate::forward`]); of what is, what the parser
    ///    found wrong is dropped here, by its Linux name.
    pub(crate) fn ip_receive<C: Context>(
        &mut self,
        skb: Box<Skb>,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        context.op(Op::IpReceive, 1);
        context.op(Op::IpHeader, u32::from(skb.packet.headers.ip_layers.saturating_sub(1)));
        context.touch(Op::IpReceive, Touch::read(Region::Shared, 0, 0, 128));
        if self.is_foreign(&skb.packet, buffers) {
            return self.forward(skb, buffers, context);
        }
        let fault = skb.packet.headers.fault.or_else(|| self.verify_checksums(&skb, buffers, context));
        if let Some(fault) = fault {
            return self.discard(skb, stage::drop_reason(fault), buffers, context);
        }
        context.passed(skb.packet.frame, skb.packet.queue, Point::Ip);
        self.transport_receive(skb, buffers, context);
    }

    /// Checksums the NIC has not verified are verified here (`skb_checksum_init`).
    pub(crate) fn verify_checksums<C: Context>(
        &mut self,
        skb: &Skb,
        buffers: &BufferPool,
        context: &mut C,
    ) -> Option<wire::Fault> {
        if skb.packet.checksum_good {
            return None;
        }
        let mut gathered = std::mem::take(&mut self.gathered);
        gathered.clear();
        buffers.frame(&skb.packet).for_each(|piece| gathered.extend_from_slice(piece));
        let headers = &skb.packet.headers;
        let verdict =
            verify_ip_checksum(&gathered, headers).and_then(|()| verify_l4_checksum(&gathered, headers));
        self.gathered = gathered;
        if headers.outer.is_ip() {
            context.op(Op::ChecksumByte, skb.packet.bytes);
        }
        verdict.err()
    }

    /// 4. Transport input: find the socket, then UDP, TCP or a raw socket's queue.
    fn transport_receive<C: Context>(&mut self, skb: Box<Skb>, buffers: &mut BufferPool, context: &mut C) {
        let headers = &skb.packet.headers;
        let key = FlowKey::of(headers, buffers.bytes(skb.packet.buffer));
        context.op(Op::SocketLookup, 1);
        context.touch(Op::SocketLookup, Touch::read(Region::SocketTable, self.sockets.bucket(&key), 0, 8));
        let socket = match self.sockets.demux(key, context.cpu(), skb.packet.queue) {
            Demux::Socket(socket) => socket,
            Demux::None(reason) => return self.discard(skb, reason, buffers, context),
        };
        context.touch(Op::SocketLookup, Touch::read(Region::Socket, socket.0, 0, 64));
        context.branch(Op::SocketChange, socket.0);
        if self.sockets.came(socket, skb.packet.frame) {
            self.sock_steering.add(SockSteeringCounter::Overtaken, 1);
        }
        match (key.protocol(), key.is_connected()) {
            (protocol::TCP, true) => self.tcp_receive(socket, skb, buffers, context),
            (protocol::UDP, true) => {
                context.op(Op::UdpReceive, 1);
                self.datagram_receive(socket, skb, buffers, context);
            }
            _ => self.datagram_receive(socket, skb, buffers, context),
        }
    }

    /// 5. A datagram joins its socket's receive queue, if the receive buffer has room (`__udp_enqueue_schedule_skb`).
    fn datagram_receive<C: Context>(
        &mut self,
        socket: SocketId,
        mut skb: Box<Skb>,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        skb.payload_bytes = skb.packet.headers.payload_len_bytes() as u32;
        let limit = self.sockets.rcvbuf_bytes();
        if self.sockets.at(socket).is_some_and(|s| s.queued_bytes + skb.truesize_bytes() > limit) {
            self.sockets.dropped(socket);
            return self.discard(skb, DropReason::SocketRcvbuff, buffers, context);
        }
        self.deliver(socket, skb, context);
    }

    /// 6. On the receive queue: the frame's verdict is `delivered`, and its reader is woken.
    pub(crate) fn deliver<C: Context>(&mut self, socket: SocketId, mut skb: Box<Skb>, context: &mut C) {
        context.op(Op::SocketEnqueue, 1);
        context.touch(Op::SocketEnqueue, Touch::write(Region::Socket, socket.0, 128, 128));
        context.touch(Op::SocketEnqueue, Touch::write(Region::Skb, skb.id.0, 0, 64));
        skb.passage.socket_ns = context.now_ns();
        context.passed(skb.packet.frame, skb.packet.queue, Point::Socket);
        context.settled(&skb.packet, Verdict::Delivered, skb.payload_bytes);
        let queue = skb.packet.queue;
        if let Some(reader) = self.sockets.enqueue(socket, skb, &mut self.skbs, context.cpu()) {
            context.wake(reader);
        }
        self.note_napi(socket, queue);
    }

    /// The end of a frame that goes no further.
    pub(crate) fn discard<C: Context>(
        &mut self,
        skb: Box<Skb>,
        reason: DropReason,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        context.settled(&skb.packet, Verdict::Dropped(reason), 0);
        self.free(skb, By::Softirq, buffers, context);
    }

    /// Release the skb and its buffers. The allocator writes its free list's link into the skb.
    pub(crate) fn free<C: Context>(
        &mut self,
        mut skb: Box<Skb>,
        by: By,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        while let Some(fragment) = self.skbs.pop(&mut skb.fragments) {
            self.free_one(fragment, by, buffers, context);
        }
        self.free_one(skb, by, buffers, context);
    }

    fn free_one<C: Context>(&mut self, skb: Box<Skb>, by: By, buffers: &mut BufferPool, context: &mut C) {
        context.op(Op::SkbFree, 1);
        context.touch(Op::SkbFree, Touch::write(Region::Skb, skb.id.0, 128, 8));
        for buffer in buffers.chain(skb.packet.buffer) {
            context.touch(Op::SkbFree, Touch::write(Region::Page, buffer.0, 0, 64));
        }
        self.release_pages(&skb.packet, by, buffers, context);
        self.skbs.free(skb);
    }

    /// A device interrupt arrived for this queue: `napi_schedule` on this CPU.
    pub fn hard_interrupt<C: Context>(&mut self, queue: stage::QueueId, context: &mut C) {
        context.queue(Some(queue));
        context.op(Op::HardIrq, 1);
        context.touch(Op::HardIrq, Touch::write(Region::Napi, u32::from(queue.0), 0, 64));
        if self.keeps_napis {
            if self.config.gro.enabled {
                self.gro_begin(queue);
            }
            if !self.napi_begin(queue).is_none_or(NapiStruct::schedule) {
                return;
            }
        }
        if let Some(softnet) = self.softnets.get_mut(context.cpu().index()) {
            softnet.schedule(NapiId::Queue(queue));
        }
    }

    /// An inter-processor interrupt arrived: schedule this CPU's backlog (`rps_trigger_softirq`).
    pub fn ipi<C: Context>(&mut self, context: &mut C) {
        let cpu = context.cpu();
        context.queue(None);
        context.op(Op::Ipi, 1);
        context.touch(Op::Ipi, Touch::write(Region::Softnet, u32::from(cpu.0), 0, 64));
        if let Some(softnet) = self.softnets.get_mut(cpu.index()) {
            softnet.counters.add(SoftnetCounter::ReceivedRps, 1);
            softnet.schedule(NapiId::Backlog);
        }
    }

    /// Whether a run of net_rx_action is going on there.
    pub fn softirq_running(&self, cpu: CpuId) -> bool {
        self.softnets.get(cpu.index()).is_some_and(Softnet::running)
    }

    /// Frames inside the host that have no verdict yet: held by GRO, on backlogs and out-of-order queues.
    pub fn pending_frames(&self) -> u64 {
        let held: u64 = self.gros.iter().flatten().map(|gro| u64::from(gro.held())).sum();
        let backlogs: u64 = self.softnets.iter().map(|s| u64::from(s.backlog.frames())).sum();
        held + backlogs + self.sockets.out_of_order_frames()
    }

    /// The same, by hardware queue.
    pub fn pending_frames_of(&self, queue: stage::QueueId) -> u64 {
        let backlogs = self.softnets.iter().flat_map(|s| self.skbs.iter(&s.backlog));
        let waiting = self.sockets.iter().flat_map(|s| self.skbs.iter(&s.tcp.out_of_order));
        let held =
            self.gros.get(queue.index()).and_then(Option::as_ref).map_or(0, |gro| u64::from(gro.held()));
        held + backlogs.chain(waiting).filter(|skb| skb.packet.queue == queue).count() as u64
    }

    /// What GRO counted on a queue; zeros without it.
    pub fn gro_counters(&self, queue: stage::QueueId) -> Counters<GroCounter> {
        let gro = self.gros.get(queue.index()).and_then(Option::as_ref);
        gro.map_or_else(Counters::default, |gro| gro.counters().clone())
    }

    /// What was counted of steering by where sockets are read.
    pub fn sock_steering(&self) -> &Counters<SockSteeringCounter> {
        &self.sock_steering
    }

    /// What TCP receivers counted.
    pub fn tcp_counters(&self) -> &Counters<TcpCounter> {
        &self.tcp_counters
    }

    /// Per-CPU softirq state, for the counters.
    pub fn softnets(&self) -> &[Softnet] {
        &self.softnets
    }

    /// The sockets, for the flows table.
    pub fn sockets(&self) -> &Sockets {
        &self.sockets
    }

    /// Give back every buffer still held; for the end of a run, when the buffer law is checked.
    pub fn release_all(&mut self, buffers: &mut BufferPool) {
        let Host { softnets, skbs, sockets, gros, zero_copy, .. } = self;
        if let Some(zero_copy) = zero_copy {
            zero_copy.release_all(buffers);
        }
        let mut release = |skbs: &mut Skbs, mut skb: Box<Skb>| {
            while let Some(fragment) = skbs.pop(&mut skb.fragments) {
                buffers.release(fragment.packet.buffer);
                skbs.free(fragment);
            }
            buffers.release(skb.packet.buffer);
            skbs.free(skb);
        };
        let backlogs = softnets.iter_mut().map(|s| &mut s.backlog);
        let queues = sockets.iter_mut().flat_map(|s| [&mut s.receive_queue, &mut s.tcp.out_of_order]);
        for queue in backlogs.chain(queues) {
            while let Some(skb) = skbs.pop(queue) {
                release(skbs, skb);
            }
        }
        for gro in gros.iter_mut().flatten() {
            while let Some(skb) = gro.give_up() {
                release(skbs, skb);
            }
        }
    }

    /// Skbs allocated and not freed: each waits on a queue.
    pub fn live_skbs(&self) -> u64 {
        self.skbs.live()
    }
}
