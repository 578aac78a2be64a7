//! The document's keys and their defaults.

use super::{ForwardingSection, PagePoolSection, SteeringSection, XdpSection, ZeroCopySection};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use traffic::TrafficConfig;

section! {
    /// Which header fields are hashed, per kind of packet: `off`, `2-tuple` or `4-tuple`.
    RssFields {
        /// IPv4 that is neither TCP nor UDP, and IPv4 fragments.
        ipv4: String = "2-tuple".into(),
        /// TCP over IPv4.
        tcp4: String = "4-tuple".into(),
        /// UDP over IPv4.
        udp4: String = "4-tuple".into(),
        /// IPv6 that is neither TCP nor UDP, and IPv6 fragments.
        ipv6: String = "2-tuple".into(),
        /// TCP over IPv6.
        tcp6: String = "4-tuple".into(),
        /// UDP over IPv6.
        udp6: String = "4-tuple".into(),
    }
}

section! {
    /// An additional RSS context (`ethtool -X ... context new`): frames a rule singles out, this one or one of
    /// `steering.rules`, are spread by its own table.
    ContextSection {
        /// Its number, 1 to 64; by default, its place in the list, from 1.
        id: Option<u32> = None,
        /// Frames to this TCP or UDP port; give at most this or `vlan`.
        destination_port: Option<u16> = None,
        /// Frames with this identifier in their outermost VLAN tag.
        vlan: Option<u16> = None,
        /// Its own key; empty: the NIC's.
        key: String = String::new(),
        /// Share of its table per queue; empty: equal.
        weights: Vec<u32> = Vec::new(),
        /// Its table, entry by entry; empty: computed.
        table: Vec<u16> = Vec::new(),
    }
}

section! {
    /// Receive side scaling.
    RssSection {
        /// Toeplitz key in hexadecimal: 40 or 52 bytes.
        key: String = "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa".into(),
        /// Indirection table entries: 128, 256 or 512.
        table_entries: u32 = 128,
        /// Share of the table per queue (`ethtool -X weight`); empty: equal.
        weights: Vec<u32> = Vec::new(),
        /// The table itself, entry by entry; empty: computed.
        table: Vec<u16> = Vec::new(),
        /// Hash both directions of a flow alike (`symmetric-xor`).
        symmetric: bool = false,
        /// Hash the innermost IP header of tunnels and the one below MPLS labels.
        inner: bool = false,
        /// Which fields are hashed.
        fields: RssFields = RssFields::default(),
        /// Additional contexts; the first whose rule fits a frame is taken.
        contexts: Vec<ContextSection> = Vec::new(),
    }
}

section! {
    /// Interrupt coalescing of every queue (`ethtool -C`).
    CoalesceSection {
        /// Microseconds from a frame's arrival to the interrupt, at most.
        rx_usecs: u32 = 8,
        /// Frames that wait for an interrupt, at most; 0: as many as the time allows.
        rx_max_coalesced_frames: u32 = 32,
        /// The driver chooses both by what it measures, as Linux's net_dim does (`adaptive-rx`); in virtual time.
        adaptive_rx: bool = false,
        /// The time begins anew with each frame, not with the first (`cqe-mode-rx`); in virtual time.
        cqe_mode_rx: bool = false,
        /// Microseconds from a frame's being sent to the interrupt, at most, to 1000000, in virtual time; 0: by frames only.
        /// Frames sent share the vector of their CPU's queue.
        tx_usecs: u32 = 0,
        /// Frames sent that wait for an interrupt, at most; 0: by time only, and with neither they raise none.
        tx_max_coalesced_frames: u32 = 0,
        /// The driver chooses both by what it measures (`adaptive-tx`).
        adaptive_tx: bool = false,
    }
}

section! {
    /// Interrupt coalescing of one queue, instead of the NIC's.
    QueueCoalesceSection {
        /// Which queue.
        queue: u16 = 0,
        /// Microseconds from a frame's arrival to the interrupt, at most.
        rx_usecs: u32 = 8,
        /// Frames that wait for an interrupt, at most; 0: as many as the time allows.
        rx_max_coalesced_frames: u32 = 32,
    }
}

section! {
    /// Large receive offload: TCP segments that follow one another reach the host as one frame.
    LroSection {
        /// Whether the card merges.
        enabled: bool = false,
        /// Flows a queue may hold at once, 1 to 16384, and 65536 over all queues.
        contexts: u32 = 32,
        /// Microseconds a frame may be held, 1 to 1000000.
        timer_us: u32 = 50,
        /// Segments in a merged frame, 2 to 65535.
        max_segments: u16 = 65_535,
        /// Bytes of a merged frame behind its Ethernet header, 576 to 65535.
        max_bytes: u32 = 65_535,
        /// How flows are told apart: `connection`: no segment overtakes another of its connection; `linux`: as GRO
        /// does, by link addresses, flow label and extension headers as well.
        flows: String = "connection".into(),
        /// Which TCP timestamps merge: `equal`, as in GRO; `rising`: the merged frame has the last value.
        timestamps: String = "equal".into(),
        /// Cut link padding off and merge; else a padded frame goes alone, as in GRO.
        trim_padding: bool = false,
    }
}

section! {
    /// The network card.
    NicSection {
        /// Whether the interface is up; one that is down drops every frame that arrives (`ip link set up`).
        up: bool = true,
        /// Receive queues, 1 to 128.
        queues: u16 = 8,
        /// Descriptors per ring, 64 to 8192, a multiple of 8.
        ring_size: u32 = 1024,
        /// Bytes per buffer, 256 to 16384.
        buffer_bytes: u32 = 2048,
        /// Whether a TCP segment's headers get a buffer to themselves, so that its payload begins with a buffer
        /// (`ethtool -G tcp-data-split`).
        tcp_data_split: bool = false,
        /// Buffers in each queue's pool; 0: eight times the ring.
        buffers_per_queue: u32 = 0,
        /// Descriptors given back at once, at least.
        refill_batch: u32 = 16,
        /// Longest frame taken, in bytes without FCS.
        max_frame_bytes: u32 = 9728,
        /// Verify checksums in the NIC.
        rx_checksum: bool = true,
        /// CPU of each queue's interrupt; empty: queue i on CPU i modulo the CPUs.
        irq_cpus: Vec<u16> = Vec::new(),
        /// Receive side scaling.
        rss: RssSection = RssSection::default(),
        /// Large receive offload.
        lro: LroSection = LroSection::default(),
        /// Interrupt coalescing.
        coalesce: CoalesceSection = CoalesceSection::default(),
        /// Queues with coalescing of their own.
        queue_coalesce: Vec<QueueCoalesceSection> = Vec::new(),
    }
}

section! {
    /// NAPI and softirq limits.
    NapiSection {
        /// Frames one poll may take (`dev_weight`).
        weight_frames: u32 = 64,
        /// Frames one softirq run may take (`netdev_budget`).
        budget_frames: u32 = 300,
        /// Microseconds one softirq run may take (`netdev_budget_usecs`).
        budget_usecs: u32 = 2000,
        /// Polls without a frame after which the interrupt is enabled again (`napi_defer_hard_irqs`), up to 1000; it
        /// needs a flush timeout.
        defer_hard_irqs: u32 = 0,
        /// How long after a poll a timer polls, while the interrupt is deferred or GRO holds flows (`gro_flush_timeout`),
        /// in nanoseconds, up to a second; 0: never, and nothing is held beyond a poll.
        gro_flush_timeout_ns: u64 = 0,
        /// How long the interrupt may stay suspended while a program that prefers busy polling has events
        /// (`irq_suspend_timeout`), in nanoseconds, up to a second; it needs the two before; 0: not at all.
        irq_suspend_timeout_ns: u64 = 0,
    }
}

section! {
    /// Generic receive offload: TCP segments that follow one another go through the stack as one skb.
    GroSection {
        /// Whether the host merges.
        enabled: bool = false,
        /// Buckets flows are held in, a power of two up to 64 (the kernel has 8).
        buckets: u32 = 8,
        /// Flows a bucket may hold, 1 to 64 (the kernel has 8).
        held_per_bucket: u32 = 8,
    }
}

section! {
    /// Receive packet steering.
    RpsSection {
        /// CPUs frames are spread over; empty: off.
        cpus: Vec<u16> = Vec::new(),
        /// Frames a CPU's backlog may hold (`netdev_max_backlog`).
        max_backlog_frames: u32 = 1000,
        /// Drop early from the flows that fill a backlog.
        flow_limit: bool = false,
        /// Buckets of the flow limit table, a power of two.
        flow_limit_buckets: u32 = 4096,
    }
}

section! {
    /// SO_PRIORITY of the sockets of one destination port.
    PrioritySection {
        /// Which port.
        destination_port: u16 = 0,
        /// 0, the lowest, to 15.
        priority: u8 = 0,
    }
}

section! {
    /// A task moved by hand.
    MigrationSection {
        /// When, in nanoseconds.
        at_ns: u64 = 0,
        /// Which task.
        task: u32 = 0,
        /// Where to.
        cpu: u16 = 0,
    }
}

section! {
    /// A CPU taken offline.
    UnplugSection {
        /// When, in nanoseconds.
        at_ns: u64 = 0,
        /// Which CPU.
        cpu: u16 = 0,
    }
}

section! {
    /// Sockets.
    SocketsSection {
        /// `any`: every flow finds a socket of its own; `ports`: only UDP and TCP to `ports`.
        accept: String = "any".into(),
        /// Destination ports that are listened on, with `accept = "ports"`.
        ports: Vec<u16> = Vec::new(),
        /// Receive buffer of a socket other than TCP, in bytes of truesize (`net.core.rmem_default`).
        rcvbuf_bytes: u32 = 212_992,
        /// Sockets that may exist.
        max_sockets: u32 = 65_536,
        /// Sockets that matter more than others, by destination port; others have priority 0.
        priorities: Vec<PrioritySection> = Vec::new(),
    }
}

section! {
    /// How TCP receivers acknowledge.
    AckSection {
        /// `delayed`: every second frame; `one_per_frame`: every frame, however many segments were merged into it;
        /// `expand`: the host makes one template for a frame, the driver an acknowledgement for every
        /// `expand_segments` segments; `linux`: as Linux decides. What is not in order is acknowledged at once.
        policy: String = "delayed".into(),
        /// Microseconds one may be delayed, 1 to 500000; `linux` has its own times.
        delay_us: u32 = 40_000,
        /// Segments per acknowledgement of `expand`, 1 to 1024.
        expand_segments: u32 = 2,
    }
}

section! {
    /// TCP receivers.
    TcpSection {
        /// Receive buffer in bytes of truesize (`net.ipv4.tcp_rmem`, maximum), and the widest window.
        rcvbuf_bytes: u32 = 6_291_456,
        /// Segments an out-of-order queue may hold.
        max_out_of_order_frames: u32 = 4096,
        /// `skip`: a hole is given up after `skip_after_frames` later segments, since open-loop traffic has no
        /// retransmissions; `wait`: as TCP does; `ignore`: segments are delivered as they come, for captures, whose
        /// endpoints are elsewhere.
        gap: String = "skip".into(),
        /// Later segments after which a hole is given up.
        skip_after_frames: u32 = 3,
        /// Acknowledgements.
        ack: AckSection = AckSection::default(),
    }
}

section! {
    /// The applications that read the sockets.
    AppsSection {
        /// Reading tasks; 0: one per CPU.
        count: u32 = 0,
        /// CPUs of the tasks, in turn; empty: task i on CPU i modulo the CPUs.
        cpus: Vec<u16> = Vec::new(),
        /// Whether a task stays on its CPU; otherwise the scheduler may move it when it wakes.
        pinned: bool = true,
        /// Tasks that accept: the first ones. They read a socket's first message and hand it over to one of the others.
        acceptors: u32 = 0,
        /// Tasks that share a socket, and read it message by message in turn.
        readers_per_socket: u32 = 1,
        /// Moves of a task per second, pinned or not: which task and where to is drawn.
        migrations_per_second: u64 = 0,
        /// Moves at given times.
        migrations: Vec<MigrationSection> = Vec::new(),
        /// The application's own work on a message, in units of the cost row `app.message`.
        work_per_message: u32 = 1,
        /// Bytes of a TCP socket a receive call takes, as far as they are there, up to 16777216; 0: one message.
        read_bytes: u32 = 0,
        /// Reading by mapping.
        zero_copy: ZeroCopySection = ZeroCopySection::default(),
        /// Payload of the answer to each message of a TCP socket, to 1448 bytes, for senders of requests; 0: none.
        answer_bytes: u32 = 0,
        /// Sockets are dealt by the queue their first frame came from (SO_INCOMING_NAPI_ID), not in turn.
        by_napi: bool = false,
        /// Microseconds epoll polls the device in vain before the task sleeps, up to 1000000 (`epoll_params`); 0: only
        /// if busy polling is preferred, and then once.
        busy_poll_usecs: u32 = 0,
        /// Frames such a poll may take, 1 to 4096.
        busy_poll_budget: u32 = 8,
        /// Tasks would rather poll than be interrupted.
        prefer_busy_poll: bool = false,
    }
}

section! {
    /// Caches of the host, for the cache model.
    CacheConfig {
        /// Whether memory is modelled; without, every access is an L1 hit.
        enabled: bool = true,
        /// First-level data cache per CPU.
        l1d_bytes: u32 = 32_768,
        /// Its ways, 1 to 16.
        l1d_ways: u32 = 8,
        /// Second-level cache per CPU.
        l2_bytes: u32 = 1_048_576,
        /// Its ways, 1 to 16.
        l2_ways: u32 = 16,
        /// Last-level cache, shared; of several NUMA nodes, all theirs together.
        llc_bytes: u32 = 33_554_432,
        /// Its ways, 1 to 16.
        llc_ways: u32 = 16,
        /// Ways the NIC's writes may fill (DDIO); 0: they go to memory.
        ddio_ways: u32 = 2,
        /// NUMA nodes, a divisor of `host.cpus`: the first CPUs are on node 0, and so on.
        numa_nodes: u16 = 1,
        /// The node the NIC is attached to, into whose last-level cache it writes.
        nic_node: u16 = 0,
    }
}

section! {
    /// The host.
    HostSection {
        /// CPUs, 1 to 128.
        cpus: u16 = 8,
        /// CPUs taken offline; one must remain.
        unplug: Vec<UnplugSection> = Vec::new(),
        /// CPUs look at their queues themselves and take no interrupts: rings, then applications, in turn. The engine's
        /// own host in real time always does.
        polling: bool = false,
        /// This host's addresses, or networks as in 10.0.0.0/8. Packets to others are forwarded, or dropped. Empty: every
        /// address is its own.
        addresses: Vec<String> = Vec::new(),
        /// What becomes of packets to others.
        forwarding: ForwardingSection = ForwardingSection::default(),
        /// The XDP program.
        xdp: XdpSection = XdpSection::default(),
        /// Page pools.
        page_pool: PagePoolSection = PagePoolSection::default(),
        /// NAPI and softirq limits.
        napi: NapiSection = NapiSection::default(),
        /// Generic receive offload.
        gro: GroSection = GroSection::default(),
        /// Receive packet steering.
        rps: RpsSection = RpsSection::default(),
        /// Sockets.
        sockets: SocketsSection = SocketsSection::default(),
        /// TCP receivers.
        tcp: TcpSection = TcpSection::default(),
        /// Applications.
        apps: AppsSection = AppsSection::default(),
        /// Caches.
        cache: CacheConfig = CacheConfig::default(),
    }
}

/// A row that replaces one of the cost table's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CostOverride {
    /// Operation, as `napi.poll`; or what an access beyond L1 or a wait costs, as `memory.llc`, `latency.irq`.
    pub op: String,
    /// Nanoseconds per unit, access or wait.
    pub ns: f64,
    /// Where the number is from; a row without a source is refused.
    pub source: String,
}

section! {
    /// What is recorded besides the counts.
    ObserveSection {
        /// Width of a bin of the timeline, in nanoseconds.
        bin_ns: u64 = 100_000,
        /// Rows the events table may have; what exceeds it is counted.
        max_events: u32 = 100_000,
        /// Keep each frame's verdict.
        verdicts: bool = false,
        /// Keep the bytes of each frame handed to the host.
        frames: bool = false,
        /// Frames to follow through every stage.
        trace_frames: Vec<u64> = Vec::new(),
    }
}

section! {
    /// What an administrator changes at a time, all of it or none.
    ControlStep {
        /// When, in nanoseconds from the start; a frame that arrives then still finds everything as it was.
        at_ns: u64 = 0,
        /// Keys and their new values: `nic.coalesce.rx_usecs = 100`.
        settings: Vec<String> = Vec::new(),
    }
}

/// A whole experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Version of the document's format: 1.
    pub version: u32,
    /// What the user calls it.
    #[serde(default)]
    pub name: String,
    /// Seed of everything that is drawn.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// How long frames are offered, in nanoseconds.
    #[serde(default = "default_duration_ns")]
    pub duration_ns: u64,
    /// How long the host may go on afterwards; the run ends sooner when nothing is left to do.
    #[serde(default)]
    pub drain_ns: u64,
    /// The frames.
    #[serde(default)]
    pub traffic: TrafficConfig,
    /// The card.
    #[serde(default)]
    pub nic: NicSection,
    /// The host.
    #[serde(default)]
    pub host: HostSection,
    /// Who decides which queue and CPU a flow goes to.
    #[serde(default)]
    pub steering: SteeringSection,
    /// What is changed while it runs.
    #[serde(default)]
    pub control: Vec<ControlStep>,
    /// Rows that replace the cost table's.
    #[serde(default)]
    pub costs: Vec<CostOverride>,
    /// What is recorded.
    #[serde(default)]
    pub observe: ObserveSection,
}

fn default_seed() -> u64 {
    1
}

fn default_duration_ns() -> u64 {
    10_000_000
}

impl Default for Scenario {
    fn default() -> Self {
        Scenario {
            version: 1,
            name: String::new(),
            seed: default_seed(),
            duration_ns: default_duration_ns(),
            drain_ns: 0,
            traffic: TrafficConfig::default(),
            nic: NicSection::default(),
            host: HostSection::default(),
            steering: SteeringSection::default(),
            control: Vec::new(),
            costs: Vec::new(),
            observe: ObserveSection::default(),
        }
    }
}
