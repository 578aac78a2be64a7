//! The ledger: what every (layer, op, cpu, queue) cost. Its sum is the CPUs' busy time, to the picosecond.

use crate::Picos;
use stage::{CpuId, Op, QueueId};

/// What one kind of work on one CPU for one queue came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Units done.
    pub count: u64,
    /// Time charged for the work itself.
    pub op_ps: Picos,
    /// Time charged for waiting on memory beyond the first-level cache.
    pub cache_ps: Picos,
}

/// A line of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// What was done.
    pub op: Op,
    /// Where.
    pub cpu: CpuId,
    /// For which queue, if for one.
    pub queue: Option<QueueId>,
    /// What it came to.
    pub entry: Entry,
}

/// All entries of a run.
#[derive(Clone, Debug)]
pub struct Ledger {
    entries: Vec<Entry>,
    queues: usize,
}

impl Ledger {
    /// An empty ledger for this many CPUs and queues.
    pub fn new(cpus: u16, queues: u16) -> Self {
        let queues = usize::from(queues) + 1;
        Ledger { entries: vec![Entry::default(); usize::from(cpus) * queues * Op::COUNT], queues }
    }

    /// The page of one CPU and queue: one entry per operation, in `Op::ALL` order.
    #[inline]
    pub fn page_mut(&mut self, cpu: CpuId, queue: Option<QueueId>) -> &mut [Entry] {
        let slot = queue.map_or(0, |q| q.index() + 1);
        let start = (cpu.index() * self.queues + slot) * Op::COUNT;
        self.entries.get_mut(start..start + Op::COUNT).unwrap_or_default()
    }

    /// Lines with something on them, ordered by CPU, queue, operation.
    pub fn rows(&self) -> impl Iterator<Item = LedgerRow> + '_ {
        self.entries.iter().enumerate().filter(|(_, e)| e.count > 0 || e.cache_ps > 0).filter_map(
            |(i, entry)| {
                let (page, op) = (i / Op::COUNT, i % Op::COUNT);
                let slot = page % self.queues;
                Some(LedgerRow {
                    op: *Op::ALL.get(op)?,
                    cpu: CpuId((page / self.queues) as u16),
                    queue: slot.checked_sub(1).map(|q| QueueId(q as u16)),
                    entry: *entry,
                })
            },
        )
    }

    /// Everything charged to one CPU.
    pub fn busy_ps(&self, cpu: CpuId) -> Picos {
        self.rows().filter(|row| row.cpu == cpu).map(|row| row.entry.op_ps + row.entry.cache_ps).sum()
    }
}
