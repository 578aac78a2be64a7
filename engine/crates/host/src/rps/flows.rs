//! The tables of receive flow steering (include/net/rps.h): where flows were last read, and where they went.

use crate::RfsConfig;
use stage::{CpuId, RuleId};

/// `RPS_NO_FILTER`, and the CPU of a flow that never went anywhere.
const NO_CPU: u32 = u32::MAX;

/// Where a queue's flow goes (`struct rps_dev_flow`). Flows of one slot share it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DevFlow {
    cpu: u32,
    /// The backlog's tail behind the last frame that went there.
    pub(crate) last_qtail: u64,
    /// The flow's rule in the device, and the hash it was written for.
    pub(crate) filter: Option<RuleId>,
    pub(crate) hash: u32,
}

impl DevFlow {
    const UNSET: DevFlow = DevFlow { cpu: NO_CPU, last_qtail: 0, filter: None, hash: 0 };

    pub(crate) fn cpu(&self) -> Option<CpuId> {
        (self.cpu != NO_CPU).then_some(CpuId(self.cpu as u16))
    }

    pub(crate) fn set_cpu(&mut self, cpu: CpuId) {
        self.cpu = u32::from(cpu.0);
    }
}

/// A slot of a queue's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlowSlot {
    pub(crate) queue: u16,
    pub(crate) slot: u32,
}

/// Both tables.
#[derive(Debug)]
pub(crate) struct Rfs {
    pub(crate) accelerated: bool,
    /// Upper bits of the hash with the CPU below (`rps_sock_flow_table`).
    sock_flows: Box<[u32]>,
    /// Bits that hold a CPU.
    cpu_mask: u32,
    /// By queue.
    dev_flows: Vec<Box<[DevFlow]>>,
    flow_entries: u32,
}

impl Rfs {
    pub(crate) fn new(config: &RfsConfig, cpus: u16, queues: u16) -> Self {
        let flows = || vec![DevFlow::UNSET; config.flow_entries as usize].into_boxed_slice();
        Rfs {
            accelerated: config.accelerated,
            // RPS_NO_CPU: an entry that is no CPU's.
            sock_flows: vec![NO_CPU; config.sock_flow_entries as usize].into_boxed_slice(),
            // roundup_pow_of_two(nr_cpu_ids) - 1; one more bit, or the last CPU would look like none.
            cpu_mask: (u32::from(cpus) + 1).next_power_of_two() - 1,
            dev_flows: (0..queues).map(|_| flows()).collect(),
            flow_entries: config.flow_entries,
        }
    }

    fn entry(&self, hash: u32) -> usize {
        hash as usize & self.sock_flows.len().wrapping_sub(1)
    }

    /// Byte offset of a hash's entry in the global table.
    pub(crate) fn sock_flow_at(&self, hash: u32) -> u32 {
        4 * self.entry(hash) as u32
    }

    /// A flow is read on this CPU (`rps_record_sock_flow`); whether that is news.
    pub(crate) fn record(&mut self, hash: u32, cpu: CpuId) -> bool {
        let new = (hash & !self.cpu_mask) | u32::from(cpu.0);
        let at = self.entry(hash);
        self.sock_flows.get_mut(at).is_some_and(|entry| std::mem::replace(entry, new) != new)
    }

    /// Where a flow was last read, unless another of its entry was read since.
    pub(crate) fn desired(&self, hash: u32) -> Option<CpuId> {
        let entry = *self.sock_flows.get(self.entry(hash))?;
        let known = entry != NO_CPU && (entry ^ hash) & !self.cpu_mask == 0;
        known.then_some(CpuId((entry & self.cpu_mask) as u16))
    }

    /// A hash's slot in a queue's table.
    pub(crate) fn slot(&self, queue: u16, hash: u32) -> FlowSlot {
        FlowSlot { queue, slot: hash & self.flow_entries.wrapping_sub(1) }
    }

    pub(crate) fn flow(&self, at: FlowSlot) -> Option<&DevFlow> {
        self.dev_flows.get(usize::from(at.queue))?.get(at.slot as usize)
    }

    pub(crate) fn flow_mut(&mut self, at: FlowSlot) -> Option<&mut DevFlow> {
        self.dev_flows.get_mut(usize::from(at.queue))?.get_mut(at.slot as usize)
    }

    /// How many frames a CPU may have handled since a flow's last one for the flow to count as active
    /// (`rps_may_expire_flow`: 10 × mask).
    pub(crate) fn active_frames(&self) -> u64 {
        10 * u64::from(self.flow_entries.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_knows_whose_it_is() {
        let config = RfsConfig { sock_flow_entries: 256, flow_entries: 16, accelerated: false };
        let mut rfs = Rfs::new(&config, 8, 1);
        assert_eq!(rfs.desired(0x1234_5678), None);
        assert!(rfs.record(0x1234_5678, CpuId(7)));
        assert!(!rfs.record(0x1234_5678, CpuId(7)));
        assert_eq!(rfs.desired(0x1234_5678), Some(CpuId(7)));
        assert_eq!(rfs.desired(0x1234_5478), None, "another bucket");
        assert_eq!(rfs.desired(0x9934_5678), None, "another flow of the bucket");
        assert!(rfs.record(0x9934_5678, CpuId(0)));
        assert_eq!(rfs.desired(0x1234_5678), None);
        assert_eq!(rfs.desired(0x9934_5678), Some(CpuId(0)));
    }

    #[test]
    fn the_last_cpu_is_not_taken_for_none() {
        let config = RfsConfig { sock_flow_entries: 1, flow_entries: 16, accelerated: false };
        let mut rfs = Rfs::new(&config, 128, 1);
        rfs.record(u32::MAX, CpuId(127));
        assert_eq!(rfs.desired(u32::MAX), Some(CpuId(127)));
    }
}
