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

/// What was done on one CPU for one queue: one entry per operation, in `Op::ALL` order.
pub type Page = [Entry; Op::COUNT];

/// All entries of a run.
#[derive(Clone, Debug)]
pub struct Ledger {
    pages: Vec<Page>,
    queues: usize,
}

impl Ledger {
    /// An empty ledger for this many CPUs and queues.
    pub fn new(cpus: u16, queues: u16) -> Self {
        let queues = usize::from(queues) + 1;
        Ledger { pages: vec![[Entry::default(); Op::COUNT]; usize::from(cpus) * queues], queues }
    }

    /// Number of the page of one CPU and queue.
    #[inline]
    pub fn page(&self, cpu: CpuId, queue: Option<QueueId>) -> usize {
        cpu.index() * self.queues + queue.map_or(0, |q| q.index() + 1)
    }

    /// A page by its number.
    #[inline]
    pub fn page_mut(&mut self, number: usize) -> Option<&mut Page> {
        self.pages.get_mut(number)
    }

    /// Lines with something on them, ordered by CPU, queue, operation.
    pub fn rows(&self) -> impl Iterator<Item = LedgerRow> + '_ {
        self.pages.iter().enumerate().flat_map(|(number, page)| {
            let (cpu, slot) = (CpuId((number / self.queues) as u16), number % self.queues);
            let queue = slot.checked_sub(1).map(|q| QueueId(q as u16));
            let written = Op::ALL.iter().zip(page).filter(|(_, e)| e.count > 0 || e.cache_ps > 0);
            written.map(move |(op, entry)| LedgerRow { op: *op, cpu, queue, entry: *entry })
        })
    }

    /// Everything charged to one CPU.
    pub fn busy_ps(&self, cpu: CpuId) -> Picos {
        self.rows().filter(|row| row.cpu == cpu).map(|row| row.entry.op_ps + row.entry.cache_ps).sum()
    }
}
