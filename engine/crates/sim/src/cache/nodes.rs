//! NUMA nodes: which CPU is on which, and so where a line lies. No line says it itself: it lies where it was last
//! accessed, and what a device wrote at the device's node.

use super::lines::{Line, Party};
use graph::CacheConfig;
use stage::CpuId;

/// The node of each party.
#[derive(Debug)]
pub(super) struct Nodes([u8; Party::COUNT]);

impl Nodes {
    /// CPUs in equal parts, in the order of their numbers; the NIC where the configuration says.
    pub(super) fn new(config: &CacheConfig, cpus: u16) -> Self {
        let mut nodes = [0; Party::COUNT];
        for (party, node) in (0..cpus)
            .map(|cpu| (Party::of(CpuId(cpu)), node_of(cpu, cpus, config.numa_nodes)))
            .chain([(Party::DEVICE, config.nic_node)])
        {
            if let Some(place) = nodes.get_mut(party.index()) {
                *place = node as u8;
            }
        }
        Nodes(nodes)
    }

    /// Whether a line lies at another node than the party.
    #[inline(always)]
    pub(super) fn is_far(&self, party: Party, line: Line) -> bool {
        self.0.get(party.index()) != self.0.get(line.last().index())
    }
}

fn node_of(cpu: u16, cpus: u16, nodes: u16) -> u16 {
    (u32::from(cpu) * u32::from(nodes) / u32::from(cpus.max(1))) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpus_are_divided_in_the_order_of_their_numbers() {
        let parts = |cpus, nodes| (0..cpus).map(|cpu| node_of(cpu, cpus, nodes)).collect::<Vec<_>>();
        assert_eq!(parts(4, 2), [0, 0, 1, 1]);
        assert_eq!(parts(6, 3), [0, 0, 1, 1, 2, 2]);
        assert_eq!(parts(3, 1), [0; 3]);
    }
}
