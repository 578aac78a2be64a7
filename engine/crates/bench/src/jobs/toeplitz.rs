//! Toeplitz over the 12 bytes of an IPv4 flow, alone.

use nic::rss::{BoxedHash, HashInput, Lanes, RssKey, Table};

use crate::clock::thread_cpu_ns;
use crate::job::{Job, Sample};
use crate::workload::{BATCH_FRAMES, Workload};

const INPUTS: usize = 4096;

/// One implementation over the same inputs.
pub(crate) struct Toeplitz {
    name: &'static str,
    peer: (&'static str, &'static str),
    unequal: &'static str,
    hash: BoxedHash,
    inputs: Vec<HashInput>,
    one_by_one: bool,
}

impl Toeplitz {
    /// The portable form for single packets.
    pub(crate) fn table(workload: &Workload) -> Self {
        Toeplitz {
            name: "toeplitz/table/12",
            peer: ("toeplitz_table", "rte_softrss_be"),
            unequal: "ours: 12 KiB of tables stay in L1; peer: input already in CPU order",
            hash: Box::new(Table::new(&RssKey::MICROSOFT)),
            inputs: workload.inputs().take(INPUTS).collect(),
            one_by_one: true,
        }
    }

    /// The fastest form for batches that this CPU has.
    pub(crate) fn bulk(workload: &Workload) -> Self {
        let (hash, unequal): (BoxedHash, _) = match live::Gfni::new(&RssKey::MICROSOFT) {
            Some(gfni) => {
                (Box::new(gfni), "ours: inputs 64 B apart, of any length; peer: 16 B apart, of one length")
            }
            None => (Box::new(Lanes::new(&RssKey::MICROSOFT)), "ours: no GFNI on this CPU, portable lanes"),
        };
        Toeplitz {
            name: "toeplitz/batch/12",
            peer: ("toeplitz_bulk", "rte_thash_gfni_bulk"),
            unequal,
            hash,
            inputs: workload.inputs().take(INPUTS).collect(),
            one_by_one: false,
        }
    }
}

impl Job for Toeplitz {
    fn name(&self) -> &'static str {
        self.name
    }

    fn item(&self) -> &'static str {
        "hash"
    }

    fn peer(&self) -> Option<(&'static str, &'static str)> {
        Some(self.peer)
    }

    fn unequal(&self) -> &'static str {
        self.unequal
    }

    fn sample(&mut self, passes: u32) -> Sample {
        let mut check = 0u64;
        let mut hashes = [0; BATCH_FRAMES];
        let start = thread_cpu_ns();
        for _ in 0..passes {
            if self.one_by_one {
                for input in &self.inputs {
                    check = check.wrapping_add(u64::from(self.hash.hash(input)));
                }
            } else {
                for batch in self.inputs.chunks_exact(BATCH_FRAMES) {
                    self.hash.hash_batch(batch, &mut hashes);
                    check = hashes.iter().fold(check, |sum, hash| sum.wrapping_add(u64::from(*hash)));
                }
            }
        }
        let ns = thread_cpu_ns() - start;
        Sample::new(ns / (f64::from(passes) * INPUTS as f64), check)
    }
}
