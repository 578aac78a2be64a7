//! The cost table in the form the meter uses: picoseconds by index.

use graph::CostTable;
use stage::Op;
use stats::Picos;

/// Stalls beyond L1, in picoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CacheCosts {
    pub(crate) l2_ps: Picos,
    /// Of lines at the CPU's own node.
    pub(crate) near: NodeCosts,
    /// Of lines at another one.
    pub(crate) far: NodeCosts,
    pub(crate) stream_divisor: u64,
}

/// Stalls beyond the CPU's own caches, in picoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeCosts {
    pub(crate) llc_ps: Picos,
    pub(crate) dram_ps: Picos,
    pub(crate) remote_ps: Picos,
}

fn picos(ns: f64) -> Picos {
    (ns * 1_000.0).round() as Picos
}

impl CacheCosts {
    pub(crate) fn of(table: &CostTable) -> Self {
        let memory = &table.memory;
        CacheCosts {
            l2_ps: picos(memory.l2_ns),
            near: NodeCosts {
                llc_ps: picos(memory.llc_ns),
                dram_ps: picos(memory.dram_ns),
                remote_ps: picos(memory.remote_ns),
            },
            far: NodeCosts {
                llc_ps: picos(memory.far_llc_ns),
                dram_ps: picos(memory.far_dram_ns),
                remote_ps: picos(memory.far_remote_ns),
            },
            stream_divisor: memory.stream_divisor.max(1),
        }
    }

    /// Those of lines at another node, or at the CPU's own.
    #[inline(always)]
    pub(crate) fn of_node(&self, far: bool) -> NodeCosts {
        if far { self.far } else { self.near }
    }

    #[cfg(test)]
    pub(crate) fn for_test() -> Self {
        CacheCosts {
            l2_ps: 3_000,
            near: NodeCosts { llc_ps: 26_000, dram_ps: 90_000, remote_ps: 120_000 },
            far: NodeCosts { llc_ps: 86_000, dram_ps: 140_000, remote_ps: 180_000 },
            stream_divisor: 8,
        }
    }
}

/// Picoseconds per unit of each operation.
pub(crate) fn op_costs(table: &CostTable) -> [Picos; Op::COUNT] {
    let mut costs = [0; Op::COUNT];
    for (cost, row) in costs.iter_mut().zip(&table.rows) {
        *cost = picos(row.ns);
    }
    costs
}
