//! The NIC's flow table as a frame meets it: 65,536 rules, every frame a hit, the hash given; fresh, and after a
//! million rules have come and gone.

use nic::steering::{FlowKey, QueueProgress, Slot, SteeringConfig, SteeringTable};
use stage::{Nanos, QueueId, RuleId, SteerRequest};

use super::nic_path::QUEUES;
use crate::clock::thread_cpu_ns;
use crate::job::{Job, Sample};
use crate::workload::{BATCH_FRAMES, FLOWS, FRAME_BYTES, Workload};

/// Few enough that reading the questions costs little beside the lookups.
const QUERIES: usize = 1 << 16;

/// Rules that came and went before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Churn {
    /// None.
    None,
    /// A million.
    Million,
}

impl Churn {
    fn rules(self) -> u32 {
        match self {
            Churn::None => 0,
            Churn::Million => 1_000_000,
        }
    }
}

/// The table and the questions.
pub(crate) struct Hit {
    churn: Churn,
    table: SteeringTable,
    keys: Vec<FlowKey>,
    hashes: Vec<u32>,
    /// The flows' numbers from 1, which the peer keeps in its table.
    numbers: Vec<u64>,
}

/// Queues on which nothing is under way.
struct Idle;

impl QueueProgress for Idle {
    fn written(&self, _queue: QueueId) -> u64 {
        0
    }
    fn done(&self, _queue: QueueId, _now_ns: Nanos) -> u64 {
        0
    }
    fn hold(&mut self, _queue: QueueId, _other: QueueId, _mark: u64) -> bool {
        true
    }
}

impl Hit {
    /// A rule for each flow of the workload; the peer's questions in the peer's order.
    pub(crate) fn new(workload: &Workload, churn: Churn) -> Result<Self, String> {
        let config = SteeringConfig { capacity_rules: FLOWS as u32, ..SteeringConfig::default() };
        let mut table = SteeringTable::new(config, QUEUES as u16).map_err(|error| error.to_string())?;
        let all: Vec<_> = workload.keys().zip(workload.hashes()).collect();
        let mut rules = Vec::with_capacity(all.len());
        for flow in &all {
            rules.push(insert(&mut table, *flow)?);
        }
        let mut seed = 88_172_645_463_325_252_u64;
        let mut any = || xorshift(&mut seed, all.len());
        for n in 0..churn.rules() {
            let at = any();
            let (Some(rule), Some(flow)) = (rules.get_mut(at), all.get(at)) else { continue };
            table.remove(0, *rule, &Idle).map_err(|error| error.to_string())?;
            let passing = (FlowKey::ipv4([9; 8], n.to_be_bytes(), 6), n.wrapping_mul(0x9e37_79b9));
            let passing = insert(&mut table, passing)?;
            table.remove(0, passing, &Idle).map_err(|error| error.to_string())?;
            *rule = insert(&mut table, *flow)?;
        }
        // The questions of the row without a table of rules.
        seed = 88_172_645_463_325_252;
        let mut any = || xorshift(&mut seed, all.len());
        let (mut keys, mut hashes, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        for at in (0..QUERIES).map(|_| any()) {
            let (key, hash) = all.get(at).copied().ok_or("no flows")?;
            keys.push(key);
            hashes.push(hash);
            numbers.push(at as u64 + 1);
        }
        Ok(Hit { churn, table, keys, hashes, numbers })
    }
}

/// Marsaglia's xorshift64, as in the peer's header.
fn xorshift(seed: &mut u64, below: usize) -> usize {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    (*seed % below as u64) as usize
}

fn insert(table: &mut SteeringTable, (key, hash): (FlowKey, u32)) -> Result<RuleId, String> {
    let request =
        SteerRequest { key, hash, queue: QueueId(hash as u16 % QUEUES as u16), priority: 0, rate_fps: 0 };
    table.insert(0, &request, &Idle).map_err(|error| error.to_string())
}

impl Job for Hit {
    fn name(&self) -> &'static str {
        match self.churn {
            Churn::None => "steering/hit in a batch/65536 rules",
            Churn::Million => "steering/hit in a batch/65536 rules after 1,000,000 others",
        }
    }

    fn item(&self) -> &'static str {
        "frame"
    }

    fn peer(&self) -> Option<(&'static str, &'static str)> {
        Some(("exact_match_bulk", "rte_hash_lookup_with_hash_bulk_data"))
    }

    fn unequal(&self) -> &'static str {
        "ours: 40 B keys, counts frame and bytes of each rule, chooses the queue; peer: 16 B keys, finds"
    }

    fn sample(&mut self, passes: u32) -> Sample {
        let mut slots: [Option<Slot>; BATCH_FRAMES] = [None; BATCH_FRAMES];
        let mut check = 0u64;
        let start = thread_cpu_ns();
        for _ in 0..passes {
            let batches = self.keys.chunks_exact(BATCH_FRAMES).zip(self.hashes.chunks_exact(BATCH_FRAMES));
            for ((keys, hashes), numbers) in batches.zip(self.numbers.chunks_exact(BATCH_FRAMES)) {
                self.table.find_batch(keys, hashes, &mut slots);
                for ((key, slot), number) in keys.iter().zip(slots).zip(numbers) {
                    let bytes = FRAME_BYTES as u32;
                    let to = self.table.choose_found(0, key, slot, bytes, QueueId(0), &mut Idle);
                    // Its queue is used: a wrong one, or none, is missing in the check.
                    let right = to.is_some_and(|queue| usize::from(queue.0) < QUEUES);
                    check = check.wrapping_add(if right { *number } else { 0 });
                }
            }
        }
        Sample::new((thread_cpu_ns() - start) / (f64::from(passes) * QUERIES as f64), check)
    }
}
