//! The ring between threads, alone: bursts of 32 records of 16 bytes.

use std::sync::Barrier;
use std::thread;

use live::spsc::{Consumer, Producer, ring};

use crate::clock::{pin, thread_cpu_ns, wall_ns};
use crate::job::{Job, Sample};
use crate::machine::Machine;
use crate::workload::BATCH_FRAMES;

type Record = [u64; 2];

const RING_RECORDS: usize = 1024;
const RECORDS_PER_PASS: u64 = 4096;

/// Records numbered as the peer numbers them.
fn number(records: &mut [Record], first: u64) {
    for (record, i) in records.iter_mut().zip(first..) {
        *record = [i & 0xffff_ffff | 1 << 32, 0];
    }
}

fn sum(records: &[Record]) -> u64 {
    records.iter().fold(0, |sum: u64, [word, _]| sum.wrapping_add((word & 0xffff_ffff) + (word >> 32)))
}

/// Push a burst, pop it, on the same core.
pub(crate) struct OneCore {
    producer: Producer<Record>,
    consumer: Consumer<Record>,
}

impl OneCore {
    /// An empty ring.
    pub(crate) fn new() -> Self {
        let (producer, consumer) = ring(RING_RECORDS);
        OneCore { producer, consumer }
    }
}

impl Job for OneCore {
    fn name(&self) -> &'static str {
        "ring/one core/32"
    }

    fn item(&self) -> &'static str {
        "record"
    }

    fn peer(&self) -> Option<(&'static str, &'static str)> {
        Some(("ring_one_core", "rte_ring SPSC, 16-byte elements"))
    }

    fn unequal(&self) -> &'static str {
        "nothing beyond the language"
    }

    fn sample(&mut self, passes: u32) -> Sample {
        let (mut records, mut taken) = ([[0; 2]; BATCH_FRAMES], [[0; 2]; BATCH_FRAMES]);
        let items = u64::from(passes) * RECORDS_PER_PASS;
        let mut check = 0u64;
        let start = thread_cpu_ns();
        for first in (0..items).step_by(BATCH_FRAMES) {
            number(&mut records, first);
            self.producer.push_burst(&records);
            let n = self.consumer.pop_burst(&mut taken);
            check = check.wrapping_add(sum(taken.get(..n).unwrap_or_default()));
        }
        Sample::new((thread_cpu_ns() - start) / items as f64, check)
    }
}

/// From one core to another, wall time.
pub(crate) struct TwoCores {
    core: usize,
    other: Option<usize>,
}

impl TwoCores {
    /// Between the machine's two chosen cores.
    pub(crate) fn new(machine: &Machine) -> Self {
        TwoCores { core: machine.core, other: machine.other }
    }
}

impl Job for TwoCores {
    fn name(&self) -> &'static str {
        "ring/two cores/32"
    }

    fn item(&self) -> &'static str {
        "record"
    }

    fn peer(&self) -> Option<(&'static str, &'static str)> {
        self.other.map(|_| ("ring_two_cores", "rte_ring SPSC, 16-byte elements"))
    }

    fn unequal(&self) -> &'static str {
        "wall time; the peer's includes waking its thread"
    }

    fn sample(&mut self, passes: u32) -> Sample {
        let (mut producer, mut consumer) = ring(RING_RECORDS);
        let items = u64::from(passes) * RECORDS_PER_PASS;
        // The thread starts on this core and has to leave it before the clock starts.
        let there = Barrier::new(2);
        thread::scope(|scope| {
            let drained = scope.spawn(|| {
                // Where it fails both share a core: slower, not wrong.
                pin(self.other.unwrap_or(self.core));
                there.wait();
                drain(&mut consumer, items)
            });
            there.wait();
            let start = wall_ns();
            feed(&mut producer, items);
            let check = drained.join().unwrap_or_default();
            Sample::new((wall_ns() - start) / items as f64, check)
        })
    }
}

fn feed(producer: &mut Producer<Record>, items: u64) {
    let mut records = [[0; 2]; BATCH_FRAMES];
    for first in (0..items).step_by(BATCH_FRAMES) {
        number(&mut records, first);
        let mut left = records.as_slice();
        while !left.is_empty() {
            let n = producer.push_burst(left);
            left = left.get(n..).unwrap_or_default();
            if n == 0 {
                std::hint::spin_loop();
            }
        }
    }
}

fn drain(consumer: &mut Consumer<Record>, items: u64) -> u64 {
    let mut taken = [[0; 2]; BATCH_FRAMES];
    let (mut check, mut done) = (0u64, 0);
    while done < items {
        let n = consumer.pop_burst(&mut taken);
        check = check.wrapping_add(sum(taken.get(..n).unwrap_or_default()));
        done += n as u64;
        if n == 0 {
            std::hint::spin_loop();
        }
    }
    check
}
