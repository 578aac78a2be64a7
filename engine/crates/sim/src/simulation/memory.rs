//! How large each region is, for the cache model.

use crate::cache::{Layout, Sizes};
use graph::Scenario;
use graph::scenario::Mode;
use stage::Region;

/// Instances and bytes of each region, as the scenario has them.
pub(super) fn layout(scenario: &Scenario) -> Layout {
    let (nic, host) = (&scenario.nic, &scenario.host);
    let buffers = u32::from(nic.queues) * scenario.buffers_per_queue();
    let sockets = host.sockets.max_sockets;
    let rfs = matches!(scenario.steering.mode, Mode::Rfs | Mode::Arfs);
    Layout::new(|region| {
        let (instances, bytes) = match region {
            Region::Ring => (nic.queues.into(), nic.ring_size * 16),
            Region::Buffer => (buffers, nic.buffer_bytes),
            Region::Page => (buffers, 64),
            Region::Skb => (buffers, 256),
            Region::Napi => (nic.queues.into(), 512),
            Region::Softnet => (host.cpus.into(), 512),
            Region::RpsTable => (host.cpus.into(), 4096),
            Region::SocketTable => (sockets * 2, 8),
            Region::Socket => (sockets, 1024),
            Region::Task => (scenario.app_count(), 65_536 + 256),
            Region::Shared => (1, 4096),
            Region::SockFlow => (1, if rfs { 4 * scenario.steering.rfs.sock_flow_entries } else { 64 }),
            Region::DevFlow => {
                (nic.queues.into(), if rfs { 16 * scenario.steering.rfs.flow_entries } else { 64 })
            }
        };
        Sizes { instances, bytes }
    })
}
