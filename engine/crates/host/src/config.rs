//! The host's settings, already validated: whoever builds them has checked every range.

use crate::forward::ForwardConfig;
use crate::page_pool::PagePoolConfig;
use crate::tcp::AckConfig;
use crate::xdp::XdpRule;
use crate::zero_copy::ZeroCopyConfig;
use stage::{Nanos, QueueId};

/// NAPI and softirq limits (Documentation/admin-guide/sysctl/net.rst).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NapiConfig {
    /// Frames one poll may take (`dev_weight`).
    pub weight_frames: u32,
    /// Frames one softirq run may take (`netdev_budget`).
    pub budget_frames: u32,
    /// Time one softirq run may take (`netdev_budget_usecs`), in nanoseconds.
    pub budget_ns: u64,
    /// Polls without a frame after which the interrupt is enabled again (`napi_defer_hard_irqs`).
    pub defer_hard_irqs: u32,
    /// How long after a poll the timer polls, where flows are held or the interrupt is deferred (`gro_flush_timeout`);
    /// 0: never.
    pub gro_flush_timeout_ns: Nanos,
    /// How long a program that prefers busy polling may leave the interrupt off once it got events
    /// (`irq_suspend_timeout`); 0: it does not.
    pub irq_suspend_timeout_ns: Nanos,
}

/// Generic receive offload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroConfig {
    /// Merge segments of a flow before the stack sees them.
    pub enabled: bool,
    /// Buckets flows are held in, a power of two (GRO_HASH_BUCKETS).
    pub buckets: u32,
    /// Flows a bucket may hold (MAX_GRO_SKBS).
    pub held_per_bucket: u32,
}

/// Receive packet steering (Documentation/networking/scaling.rst).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpsConfig {
    /// CPUs frames are spread over; empty switches RPS off.
    pub cpus: Vec<u16>,
    /// Frames a CPU's backlog may hold (`netdev_max_backlog`).
    pub max_backlog_frames: u32,
    /// Drop early from the flows that fill a backlog.
    pub flow_limit: bool,
    /// Buckets of the flow limit table (`flow_limit_table_len`), a power of two.
    pub flow_limit_buckets: u32,
}

/// Receive flow steering: frames go where their flow was last read (Documentation/networking/scaling.rst).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RfsConfig {
    /// Entries of the global table (`rps_sock_flow_entries`), a power of two.
    pub sock_flow_entries: u32,
    /// Entries of each queue's table (`rps_flow_cnt`), a power of two.
    pub flow_entries: u32,
    /// Whether the device is told (aRFS).
    pub accelerated: bool,
}

/// The scheduler tells the device where sockets are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackConfig {
    /// How long announcements are collected before the device is told.
    pub window_ns: Nanos,
    /// How long a flow stays at least before it is moved again.
    pub hysteresis_ns: Nanos,
    /// How long a flow that was refused is left alone.
    pub retry_ns: Nanos,
}

/// What the host tells the device about flows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SteeringConfig {
    /// Receive flow steering; `None`: off.
    pub rfs: Option<RfsConfig>,
    /// The scheduler's callback; `None`: off.
    pub callback: Option<CallbackConfig>,
    /// Queues whose interrupt each CPU takes (`rx_cpu_rmap`).
    pub cpu_queues: Vec<Vec<QueueId>>,
    /// How often the driver looks for rules that have had their day; 0: never.
    pub scan_interval_ns: Nanos,
    /// Rules it looks at then.
    pub scan_rules: u32,
    /// A rule the callback wrote goes when it had no frame for so long.
    pub idle_ns: Nanos,
}

/// Which frames find a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Every flow gets its own connected socket; a raw and a packet socket take the rest.
    Any,
    /// Only UDP and TCP to these destination ports.
    Ports(Vec<u16>),
}

/// Socket limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketConfig {
    /// Who is listening.
    pub accept: Accept,
    /// Receive buffer of a UDP, raw or packet socket (`net.core.rmem_default`), in bytes of truesize.
    pub rcvbuf_bytes: u32,
    /// Sockets that may exist.
    pub max_sockets: u32,
    /// SO_PRIORITY of sockets by destination port; others have 0.
    pub priorities: Vec<(u16, u8)>,
}

/// What a TCP receiver does about a hole that no sender will fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Deliver segments as they come, sequence numbers unread: for captures, whose endpoints are elsewhere.
    Ignore,
    /// Wait for the missing bytes, as TCP must.
    Wait,
    /// Open-loop traffic has no retransmissions: take the hole for lost after this many later segments.
    SkipAfter(u32),
}

/// TCP receiver settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpConfig {
    /// Receive buffer (`net.ipv4.tcp_rmem`), in bytes of truesize; also the widest window.
    pub rcvbuf_bytes: u32,
    /// Segments the out-of-order queue may hold.
    pub max_out_of_order_frames: u32,
    /// What to do about holes.
    pub gap: Gap,
    /// How data is acknowledged.
    pub ack: AckConfig,
}

/// An epoll instance that polls the device (`struct epoll_params`, include/uapi/linux/eventpoll.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusyPollConfig {
    /// How long it polls in vain (`busy_poll_usecs`), in nanoseconds; 0: once.
    pub busy_poll_ns: Nanos,
    /// Frames a poll may take (`busy_poll_budget`).
    pub budget_frames: u32,
    /// It would rather poll itself than be interrupted (`prefer_busy_poll`).
    pub prefer: bool,
}

/// The applications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppConfig {
    /// Reading tasks. Sockets are dealt to them in turn.
    pub count: u32,
    /// The first of them accept: they read a socket's first message and hand it over to one of the others.
    pub acceptors: u32,
    /// Tasks that share a socket, message by message in turn.
    pub readers_per_socket: u32,
    /// The application's work on one message, in units of `app.message`.
    pub work_per_message: u32,
    /// Bytes of a TCP socket one receive call takes, as far as they are there; 0: one message.
    pub read_bytes: u32,
    /// Payload of the answer a task sends to each message of a TCP socket; 0: it answers nothing.
    pub answer_bytes: u32,
    /// Sockets are dealt by the queue their first frame came from (SO_INCOMING_NAPI_ID), not in turn.
    pub by_napi: bool,
    /// Read TCP sockets by mapping pages; `None`: copy.
    pub zero_copy: Option<ZeroCopyConfig>,
    /// Poll the device before sleeping; `None`: sleep.
    pub busy_poll: Option<BusyPollConfig>,
}

/// Everything the host stages need to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostConfig {
    /// CPUs of the host.
    pub cpus: u16,
    /// NAPI and softirq limits.
    pub napi: NapiConfig,
    /// Generic receive offload.
    pub gro: GroConfig,
    /// Receive packet steering.
    pub rps: RpsConfig,
    /// Steering by flow.
    pub steering: SteeringConfig,
    /// Packets that are not for this host.
    pub forward: ForwardConfig,
    /// Rules of the XDP program; none: no program.
    pub xdp: Vec<XdpRule>,
    /// Page pools; `None`: every page is recycled at once.
    pub page_pool: Option<PagePoolConfig>,
    /// Socket limits.
    pub sockets: SocketConfig,
    /// TCP receiver settings.
    pub tcp: TcpConfig,
    /// The applications.
    pub apps: AppConfig,
}
