//! One access through the levels, and what it costs beyond an L1 hit.

use super::lines::{Line, UNOWNED, line_of, tag};
use super::set_associative::SetAssociative;
use super::Layout;
use crate::costs::CacheCosts;
use graph::CacheConfig;
use stage::{Access, CpuId, Layer, Touch};
use stats::Picos;

/// Levels of the hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// First-level data cache.
    L1d,
    /// Second level, private.
    L2,
    /// Last level, shared.
    Llc,
}

impl Level {
    /// All levels, nearest first.
    pub(crate) const ALL: [Level; 3] = [Level::L1d, Level::L2, Level::Llc];

    /// Name in tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Level::L1d => "l1d",
            Level::L2 => "l2",
            Level::Llc => "llc",
        }
    }
}

/// What one CPU did on behalf of one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Accesses that reached the level.
    pub(crate) accesses: [u64; 3],
    /// Those the level could not answer.
    pub(crate) misses: [u64; 3],
    /// Lines fetched from another CPU's private cache, or taken from it.
    pub(crate) remote: u64,
    /// Time charged.
    pub(crate) stall_ps: Picos,
}

#[derive(Clone, Debug)]
struct Private {
    l1: SetAssociative,
    l2: SetAssociative,
}

/// The caches of a host.
#[derive(Debug)]
pub(crate) struct CacheModel {
    layout: Layout,
    lines: Vec<Line>,
    private: Vec<Private>,
    llc: SetAssociative,
    ddio_ways: usize,
    costs: CacheCosts,
    counts: Vec<Counts>,
    dma: Counts,
}

impl CacheModel {
    /// Cold caches for this many CPUs.
    pub(crate) fn new(config: &CacheConfig, costs: CacheCosts, cpus: u16, layout: Layout) -> Self {
        let private = Private {
            l1: SetAssociative::new(config.l1d_bytes, config.l1d_ways),
            l2: SetAssociative::new(config.l2_bytes, config.l2_ways),
        };
        CacheModel {
            lines: vec![Line::UNTOUCHED; layout.lines() as usize],
            layout,
            private: vec![private; usize::from(cpus)],
            llc: SetAssociative::new(config.llc_bytes, config.llc_ways),
            ddio_ways: config.ddio_ways as usize,
            costs,
            counts: vec![Counts::default(); usize::from(cpus) * Layer::ALL.len()],
            dma: Counts::default(),
        }
    }

    /// An access by a CPU on behalf of a layer; returns the time it stalls beyond an L1 hit.
    #[inline]
    pub(crate) fn access(&mut self, cpu: CpuId, layer: Layer, touch: &Touch) -> Picos {
        let (first, count) = self.layout.lines_of(touch);
        let row = cpu.index() * Layer::ALL.len() + layer as usize;
        let mut counts = self.counts.get(row).copied().unwrap_or_default();
        let mut stall_ps = self.access_line(cpu, first, touch.access, &mut counts);
        let mut streamed_ps = 0;
        for line in first + 1..first + count {
            streamed_ps += self.access_line(cpu, line, touch.access, &mut counts);
        }
        stall_ps += streamed_ps / self.costs.stream_divisor;
        counts.stall_ps += stall_ps;
        if let Some(slot) = self.counts.get_mut(row) {
            *slot = counts;
        }
        stall_ps
    }

    #[inline]
    fn access_line(&mut self, cpu: CpuId, number: u32, access: Access, counts: &mut Counts) -> Picos {
        let me = cpu.0;
        let (Some(line), Some(private)) =
            (self.lines.get_mut(number as usize), self.private.get_mut(cpu.index()))
        else {
            return 0;
        };
        let key = tag(number, line.version);
        let mut stall_ps = 0;
        counts.accesses[0] += 1;
        if !private.l1.hit(number, key) {
            counts.misses[0] += 1;
            counts.accesses[1] += 1;
            if private.l2.hit(number, key) {
                stall_ps = self.costs.l2_ps;
                private.l1.insert(number, key);
            } else {
                counts.misses[1] += 1;
                counts.accesses[2] += 1;
                let held_elsewhere = line.owner != UNOWNED && line.owner != me;
                if held_elsewhere {
                    counts.remote += 1;
                    stall_ps = self.costs.remote_ps;
                    // The owner writes back: the data is in the LLC from here on.
                    line.owner = UNOWNED;
                    line.shared = true;
                    if !self.llc.hit(number, u64::from(number) + 1) {
                        self.llc.insert(number, u64::from(number) + 1);
                    }
                } else if self.llc.hit(number, u64::from(number) + 1) {
                    stall_ps = self.costs.llc_ps;
                } else {
                    counts.misses[2] += 1;
                    stall_ps = self.costs.dram_ps;
                    self.llc.insert(number, u64::from(number) + 1);
                }
                private.l1.insert(number, key);
                let victim = line_of(private.l2.insert(number, key));
                if victim != number {
                    self.write_back(cpu, victim);
                }
            }
        }
        let Some(line) = self.lines.get_mut(number as usize) else { return stall_ps };
        if line.last != me {
            line.shared |= line.last != UNOWNED;
            line.last = me;
        }
        if access == Access::Write {
            if line.shared {
                // Invalidate the other copies: a round trip through the shared level, unless it was just paid for.
                if stall_ps == 0 {
                    counts.remote += 1;
                    stall_ps = self.costs.llc_ps;
                }
                line.version = line.version.wrapping_add(1).max(1);
                line.shared = false;
                let renewed = tag(number, line.version);
                if let Some(private) = self.private.get_mut(cpu.index()) {
                    private.l1.renew(number, key, renewed);
                    private.l2.renew(number, key, renewed);
                }
            }
            line.owner = me;
        }
        stall_ps
    }

    /// A modified line that leaves its L2 goes to the LLC.
    fn write_back(&mut self, cpu: CpuId, victim: u32) {
        if let Some(line) = self.lines.get_mut(victim as usize)
            && line.owner == cpu.0
        {
            line.owner = UNOWNED;
            if !self.llc.hit(victim, u64::from(victim) + 1) {
                self.llc.insert(victim, u64::from(victim) + 1);
            }
        }
    }

    /// The NIC writes to memory: private copies become stale, the line lands in the LLC (in the NIC's share of it).
    #[inline]
    pub(crate) fn dma(&mut self, touch: &Touch) {
        let (first, count) = self.layout.lines_of(touch);
        for number in first..first + count {
            self.dma.accesses[2] += 1;
            if !self.llc.hit(number, u64::from(number) + 1) {
                self.dma.misses[2] += 1;
                if self.ddio_ways > 0 {
                    self.llc.insert_in_share(number, u64::from(number) + 1, self.ddio_ways);
                }
            }
            if let Some(line) = self.lines.get_mut(number as usize) {
                *line = Line { version: line.version.wrapping_add(1).max(1), ..Line::UNTOUCHED };
            }
        }
    }

    /// What each CPU did per layer.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (CpuId, Layer, &Counts)> + '_ {
        let layers = Layer::ALL.len();
        self.counts.iter().enumerate().filter(|(_, c)| c.accesses[0] > 0).filter_map(move |(i, counts)| {
            Some((CpuId((i / layers) as u16), *Layer::ALL.get(i % layers)?, counts))
        })
    }

    /// What the NIC's writes did.
    pub(crate) fn dma_counts(&self) -> &Counts {
        &self.dma
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Sizes;
    use stage::Region;

    fn model(ddio_ways: u32) -> CacheModel {
        let config = CacheConfig { ddio_ways, ..CacheConfig::default() };
        let layout = Layout::new(|_| Sizes { instances: 1024, bytes: 2048 });
        CacheModel::new(&config, CacheCosts::for_test(), 2, layout)
    }

    const A: CpuId = CpuId(0);
    const B: CpuId = CpuId(1);

    fn read(m: &mut CacheModel, cpu: CpuId, instance: u32) -> Picos {
        m.access(cpu, Layer::Ip, &Touch::read(Region::Socket, instance, 0, 8))
    }

    fn write(m: &mut CacheModel, cpu: CpuId, instance: u32) -> Picos {
        m.access(cpu, Layer::Ip, &Touch::write(Region::Socket, instance, 0, 8))
    }

    #[test]
    fn first_from_memory_then_free() {
        let mut m = model(2);
        let costs = CacheCosts::for_test();
        assert_eq!(read(&mut m, A, 1), costs.dram_ps);
        assert_eq!(read(&mut m, A, 1), 0);
        assert_eq!(read(&mut m, B, 1), costs.llc_ps);
    }

    #[test]
    fn a_line_another_cpu_has_written_is_fetched_from_it() {
        let mut m = model(2);
        let costs = CacheCosts::for_test();
        write(&mut m, A, 1);
        assert_eq!(read(&mut m, B, 1), costs.remote_ps);
        assert_eq!(read(&mut m, B, 1), 0);
        assert_eq!(read(&mut m, A, 1), 0, "reading does not take the owner's copy away");
        assert_eq!(write(&mut m, B, 1), costs.llc_ps, "writing invalidates the other copy");
        assert_eq!(read(&mut m, A, 1), costs.remote_ps);
    }

    #[test]
    fn writing_ones_own_line_is_free() {
        let mut m = model(2);
        write(&mut m, A, 1);
        assert_eq!(write(&mut m, A, 1), 0);
    }

    #[test]
    fn what_the_nic_writes_is_read_from_the_llc_and_stale_copies_are_not() {
        let mut m = model(2);
        let costs = CacheCosts::for_test();
        read(&mut m, A, 1);
        m.dma(&Touch::write(Region::Socket, 1, 0, 64));
        assert_eq!(read(&mut m, A, 1), costs.llc_ps);
    }

    #[test]
    fn without_a_share_the_nic_writes_to_memory() {
        let mut m = model(0);
        m.dma(&Touch::write(Region::Socket, 1, 0, 64));
        assert_eq!(read(&mut m, A, 1), CacheCosts::for_test().dram_ps);
    }

    #[test]
    fn a_ring_larger_than_the_share_is_read_from_memory() {
        let costs = CacheCosts::for_test();
        let cost_of_reading_back = |buffers: u32| {
            let mut m = model(2);
            for i in 0..buffers {
                m.dma(&Touch::write(Region::Buffer, i % 1024, (i / 1024) * 64, 64));
            }
            m.access(A, Layer::Driver, &Touch::read(Region::Buffer, 0, 0, 64))
        };
        // 2 of 16 ways of 32 MiB hold 65,536 lines; the layout's buffers have 32,768.
        assert_eq!(cost_of_reading_back(1024), costs.llc_ps);
        let mut small = model(2);
        small.llc = SetAssociative::new(1 << 20, 16);
        for i in 0..32_768u32 {
            small.dma(&Touch::write(Region::Buffer, i % 1024, (i / 1024) * 64, 64));
        }
        assert_eq!(small.access(A, Layer::Driver, &Touch::read(Region::Buffer, 0, 0, 64)), costs.dram_ps);
    }

    #[test]
    fn misses_never_exceed_accesses_and_levels_feed_each_other() {
        let mut m = model(2);
        for i in 0..50_000u32 {
            let cpu = CpuId((i % 2) as u16);
            let touch = Touch::write(Region::ALL[(i % 11) as usize], i.wrapping_mul(2_654_435_761) % 5000, 0, 200);
            m.access(cpu, Layer::ALL[(i % 13) as usize], &touch);
        }
        for (_, _, counts) in m.rows() {
            assert!((0..3).all(|l| counts.misses[l] <= counts.accesses[l]));
            assert_eq!(counts.misses[0], counts.accesses[1]);
            assert_eq!(counts.misses[1], counts.accesses[2]);
        }
    }
}
