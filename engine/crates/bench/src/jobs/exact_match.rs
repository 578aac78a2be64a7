//! The exact-match table alone: 65,536 flows, asked in random order, the hash given.

use nic::steering::{ExactMatch, FlowKey};

use crate::clock::thread_cpu_ns;
use crate::job::{Job, Sample};
use crate::workload::{BATCH_FRAMES, Workload};

/// Few enough that reading the questions costs little beside the lookups.
const QUERIES: usize = 1 << 16;

/// The table and the questions.
pub(crate) struct Lookup {
    flows: ExactMatch,
    keys: Vec<FlowKey>,
    hashes: Vec<u32>,
}

impl Lookup {
    /// The peer's questions in the peer's order.
    pub(crate) fn new(workload: &Workload) -> Result<Self, String> {
        let all: Vec<_> = workload.keys().zip(workload.hashes()).collect();
        let mut seed = 88_172_645_463_325_252_u64;
        let mut ask = || {
            // Marsaglia's xorshift64, as in the peer's header.
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            all.get((seed % all.len() as u64) as usize).copied().ok_or("no flows")
        };
        let asked: Result<Vec<_>, _> = (0..QUERIES).map(|_| ask()).collect();
        let (keys, hashes) = asked?.into_iter().unzip();
        Ok(Lookup { flows: super::nic_path::flow_table(workload)?, keys, hashes })
    }
}

impl Job for Lookup {
    fn name(&self) -> &'static str {
        "exact match/batch/65536 flows"
    }

    fn item(&self) -> &'static str {
        "lookup"
    }

    fn peer(&self) -> Option<(&'static str, &'static str)> {
        Some(("exact_match_bulk", "rte_hash_lookup_with_hash_bulk_data"))
    }

    fn unequal(&self) -> &'static str {
        "ours: 40 B keys (IPv6 fits); peer: 16 B keys"
    }

    fn sample(&mut self, passes: u32) -> Sample {
        let mut slots = [None; BATCH_FRAMES];
        let mut check = 0u64;
        let start = thread_cpu_ns();
        for _ in 0..passes {
            let batches = self.keys.chunks_exact(BATCH_FRAMES).zip(self.hashes.chunks_exact(BATCH_FRAMES));
            for (keys, hashes) in batches {
                self.flows.find_batch(keys, hashes, &mut slots);
                for slot in slots.iter().flatten() {
                    check = check.wrapping_add(u64::from(self.flows.value(*slot)));
                }
            }
        }
        Sample::new((thread_cpu_ns() - start) / (f64::from(passes) * QUERIES as f64), check)
    }
}
