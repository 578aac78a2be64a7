//! The whole receive path, in the packet's order: NIC, packet memory, host. Whoever drives it says when.

use crate::forward_settings::forward_config;
use crate::nic_settings::nic_config;
use crate::steering_settings::{host_steering, rps_cpus};
use crate::tcp_settings::ack_config;
use crate::xdp_settings::{page_pools, xdp_rules};
use crate::{Scenario, ScenarioError};
use host::{
    Accept, AppConfig, BusyPollConfig, Gap, GroConfig, Host, HostConfig, NapiConfig, RpsConfig, SocketConfig,
    TcpConfig,
};
use nic::Nic;
use nic::rss::{BoxedHash, RssKey};
use stage::{BufferPool, CpuId, QueueId, Random};

/// Builds the Toeplitz hash for a key: by table, or by the CPU's own instructions.
pub type Hasher = dyn Fn(&RssKey) -> BoxedHash;

/// NIC, packet memory and host of one scenario.
pub struct ReceivePath {
    /// Parses, hashes, queues.
    pub nic: Nic,
    /// The frames' bytes.
    pub buffers: BufferPool,
    /// NAPI, IP, sockets.
    pub host: Host,
    /// CPU of each queue's interrupt.
    irq_cpus: Vec<CpuId>,
}

impl ReceivePath {
    /// Build the path a scenario describes.
    ///
    /// # Errors
    /// Names the key the NIC refuses.
    pub fn new(scenario: &Scenario, hasher: &Hasher) -> Result<Self, ScenarioError> {
        let mut buffers = BufferPool::on_demand(
            scenario.nic.queues,
            scenario.buffers_per_queue(),
            scenario.nic.buffer_bytes,
        );
        let nic = Nic::with_hasher(nic_config(scenario)?, &mut buffers, hasher).map_err(refused_by_nic)?;
        let host = host_over(scenario);
        let irq_cpus = (0..scenario.nic.queues).map(|queue| irq_cpu_of(scenario, QueueId(queue))).collect();
        Ok(ReceivePath { nic, buffers, host, irq_cpus })
    }

    /// Let another CPU take the interrupts of a CPU's queues (`irq_migrate_all_off_this_cpu`).
    pub fn move_interrupts(&mut self, from: CpuId, to: CpuId) {
        self.irq_cpus.iter_mut().filter(|cpu| **cpu == from).for_each(|cpu| *cpu = to);
    }

    /// The CPU that takes a queue's interrupt.
    #[inline]
    pub fn irq_cpu(&self, queue: QueueId) -> CpuId {
        self.irq_cpus.get(queue.index()).copied().unwrap_or_default()
    }
}

/// The scenario's key for one of the NIC's.
pub(crate) fn refused_by_nic(error: nic::ConfigError) -> ScenarioError {
    let section = if error.key.starts_with("steering.") { "" } else { "nic." };
    ScenarioError::new(format!("{section}{}", error.key), error.value, error.allowed)
}

/// The host a scenario describes.
pub fn host_over(scenario: &Scenario) -> Host {
    let secret = Random::for_component(scenario.seed, "host.sockets").next_u64();
    Host::new(host_config(scenario), secret)
}

/// The CPU a scenario lets take a queue's interrupt.
pub fn irq_cpu_of(scenario: &Scenario, queue: QueueId) -> CpuId {
    CpuId(match scenario.nic.irq_cpus.as_slice() {
        [] => queue.0 % scenario.host.cpus,
        cpus => cpus[queue.index() % cpus.len()],
    })
}

fn host_config(scenario: &Scenario) -> HostConfig {
    let host = &scenario.host;
    HostConfig {
        cpus: host.cpus,
        napi: NapiConfig {
            weight_frames: host.napi.weight_frames,
            budget_frames: host.napi.budget_frames,
            budget_ns: u64::from(host.napi.budget_usecs) * 1_000,
            defer_hard_irqs: host.napi.defer_hard_irqs,
            gro_flush_timeout_ns: host.napi.gro_flush_timeout_ns,
            irq_suspend_timeout_ns: host.napi.irq_suspend_timeout_ns,
        },
        gro: GroConfig {
            enabled: host.gro.enabled,
            buckets: host.gro.buckets,
            held_per_bucket: host.gro.held_per_bucket,
        },
        rps: RpsConfig {
            cpus: rps_cpus(scenario),
            max_backlog_frames: host.rps.max_backlog_frames,
            flow_limit: host.rps.flow_limit,
            flow_limit_buckets: host.rps.flow_limit_buckets,
        },
        sockets: SocketConfig {
            accept: match host.sockets.accept.as_str() {
                "ports" => Accept::Ports(host.sockets.ports.clone()),
                _ => Accept::Any,
            },
            rcvbuf_bytes: host.sockets.rcvbuf_bytes,
            max_sockets: host.sockets.max_sockets,
            priorities: host.sockets.priorities.iter().map(|p| (p.destination_port, p.priority)).collect(),
        },
        tcp: TcpConfig {
            rcvbuf_bytes: host.tcp.rcvbuf_bytes,
            max_out_of_order_frames: host.tcp.max_out_of_order_frames,
            gap: match host.tcp.gap.as_str() {
                "ignore" => Gap::Ignore,
                "wait" => Gap::Wait,
                _ => Gap::SkipAfter(host.tcp.skip_after_frames),
            },
            ack: ack_config(scenario),
        },
        steering: host_steering(scenario, |queue| irq_cpu_of(scenario, queue)),
        // A scenario that was checked has no address that is none.
        forward: forward_config(scenario).unwrap_or_default(),
        xdp: xdp_rules(scenario).unwrap_or_default(),
        page_pool: page_pools(scenario),
        apps: AppConfig {
            count: scenario.app_count(),
            acceptors: host.apps.acceptors,
            readers_per_socket: host.apps.readers_per_socket,
            work_per_message: host.apps.work_per_message,
            read_bytes: host.apps.read_bytes,
            answer_bytes: host.apps.answer_bytes,
            by_napi: host.apps.by_napi,
            zero_copy: scenario.zero_copy(),
            busy_poll: scenario.busy_polls().then(|| BusyPollConfig {
                busy_poll_ns: u64::from(host.apps.busy_poll_usecs) * 1_000,
                budget_frames: host.apps.busy_poll_budget,
                prefer: host.apps.prefer_busy_poll,
            }),
        },
    }
}
