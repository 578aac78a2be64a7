//! One access through the levels, and what it costs beyond an L1 hit.

use super::layout::{Sample, rest};
use super::lines::Line;
use super::private::{Found, Private, Victim};
use super::set_associative::SetAssociative;
use super::{Counts, Layout};
use crate::costs::CacheCosts;
use graph::CacheConfig;
use stage::{Access, CpuId, Layer, Touch};
use stats::Picos;

/// The caches of a host.
#[derive(Debug)]
pub(crate) struct CacheModel {
    layout: Layout,
    lines: Vec<Line>,
    private: Vec<Private>,
    shared: Shared,
    costs: CacheCosts,
    counts: Vec<Counts>,
    dma: Counts,
}

/// The last-level cache. A line's tag is its number and one, its way is in the directory.
#[derive(Debug)]
struct Shared {
    llc: SetAssociative<u32>,
    ddio_ways: u32,
}

impl Shared {
    fn new(bytes: u32, ways: u32, ddio_ways: u32) -> Self {
        Shared { llc: SetAssociative::new(bytes, ways, ddio_ways), ddio_ways }
    }

    /// Bring a line in if it is not there; answers whether it was. `line` is the state of line `number`; of the
    /// others, the one pushed out is changed.
    #[inline]
    fn fetch(&mut self, others: &mut [Line], number: u32, line: &mut Line) -> bool {
        let hit = self.hit(number, *line);
        if !hit {
            let (way, victim) = self.llc.insert(number, number.wrapping_add(1), |_| true);
            line.enter_llc(way);
            Self::evict(others, victim);
        }
        hit
    }

    /// The NIC writes a line: where it is, or else into the NIC's share; answers whether it was there.
    #[inline]
    fn write(&mut self, others: &mut [Line], number: u32, line: &mut Line) -> bool {
        let hit = self.hit(number, *line);
        if !hit && self.ddio_ways > 0 {
            let (way, victim) = self.llc.insert_in_share(number, number.wrapping_add(1));
            line.enter_llc(way);
            Self::evict(others, victim);
        }
        hit
    }

    #[inline]
    fn hit(&mut self, number: u32, line: Line) -> bool {
        if line.is_in_llc() {
            self.llc.use_way(number, line.llc_way());
        }
        line.is_in_llc()
    }

    #[inline]
    fn evict(others: &mut [Line], tag: Option<u32>) {
        if let Some(victim) =
            tag.and_then(|tag| tag.checked_sub(1)).and_then(|number| others.get_mut(number as usize))
        {
            victim.leave_llc();
        }
    }

    /// A modified line that leaves an L2 goes to the LLC.
    #[inline]
    fn write_back(&mut self, lines: &mut [Line], cpu: u8, victim: Victim) {
        let Some(mut line) = lines.get(victim.number as usize).copied() else { return };
        if line.is_modified() && (line.last(), line.version()) == (cpu, victim.version) {
            line.clean();
            self.fetch(lines, victim.number, &mut line);
            if let Some(slot) = lines.get_mut(victim.number as usize) {
                *slot = line;
            }
        }
    }
}

impl CacheModel {
    /// Cold caches for this many CPUs, at most 128.
    pub(crate) fn new(config: &CacheConfig, costs: CacheCosts, cpus: u16, layout: Layout) -> Self {
        CacheModel {
            lines: vec![Line::UNTOUCHED; layout.lines() as usize],
            layout,
            private: vec![Private::new(config); usize::from(cpus)],
            shared: Shared::new(config.llc_bytes, config.llc_ways, config.ddio_ways),
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
        let (Some(private), Some(counts)) = (self.private.get_mut(cpu.index()), self.counts.get_mut(row))
        else {
            return 0;
        };
        let mut party = Party {
            cpu: cpu.0 as u8,
            write: touch.access == Access::Write,
            private,
            shared: &mut self.shared,
            costs: &self.costs,
            counts,
            weight: 1,
        };
        party.counts.reached[0] += u64::from(count);
        let mut stall_ps = party.access(&mut self.lines, first);
        if count > 1 {
            let mut streamed_ps = 0;
            for Sample { line, weight } in rest(first, count) {
                party.weight = u64::from(weight);
                streamed_ps += party.weight * party.access(&mut self.lines, line);
            }
            if streamed_ps > 0 {
                stall_ps += streamed_ps / self.costs.stream_divisor;
            }
        }
        counts.stall_ps += stall_ps;
        stall_ps
    }

    /// The NIC writes to memory: private copies become stale, the line lands in the LLC (in the NIC's share of it).
    #[inline]
    pub(crate) fn dma(&mut self, touch: &Touch) {
        let (first, count) = self.layout.lines_of(touch);
        let mut misses = 0;
        let samples = std::iter::once(Sample { line: first, weight: 1 }).chain(rest(first, count));
        for Sample { line: number, weight } in samples {
            let Some(mut line) = self.lines.get(number as usize).copied() else { continue };
            if !self.shared.write(&mut self.lines, number, &mut line) {
                misses += u64::from(weight);
            }
            line.overwrite();
            if let Some(slot) = self.lines.get_mut(number as usize) {
                *slot = line;
            }
        }
        self.dma.reached[2] += u64::from(count);
        self.dma.reached[3] += misses;
    }

    /// What each CPU did per layer.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (CpuId, Layer, &Counts)> + '_ {
        let layers = Layer::ALL.len();
        self.counts.iter().enumerate().filter(|(_, c)| c.reached[0] > 0).filter_map(move |(i, counts)| {
            Some((CpuId((i / layers) as u16), *Layer::ALL.get(i % layers)?, counts))
        })
    }

    /// What the NIC's writes did.
    pub(crate) fn dma_counts(&self) -> &Counts {
        &self.dma
    }
}

/// A CPU that makes an access, and what it may reach.
struct Party<'a> {
    cpu: u8,
    write: bool,
    private: &'a mut Private,
    shared: &'a mut Shared,
    costs: &'a CacheCosts,
    counts: &'a mut Counts,
    /// Lines the one accessed stands for.
    weight: u64,
}

impl Party<'_> {
    /// Access one line; returns the stall.
    #[inline]
    fn access(&mut self, lines: &mut [Line], number: u32) -> Picos {
        let Some(line) = lines.get(number as usize).copied() else { return 0 };
        if line.is_settled_for(self.cpu, self.write) && self.private.is_in_l1(number, line) {
            return 0;
        }
        self.access_anew(lines, number, line)
    }

    /// The same where more changes than the order of use in the L1d.
    #[inline(never)]
    fn access_anew(&mut self, lines: &mut [Line], number: u32, mut line: Line) -> Picos {
        let mine = line.last() == self.cpu;
        let found = if mine {
            self.private.look(number, &mut line)
        } else if line.is_shared() {
            match self.private.search(number, &mut line, self.write) {
                // A shared line is read by many in turn: nothing is noted, so that whoever is last stays so.
                Found::L1d if !self.write => return 0,
                found => found,
            }
        } else {
            // Only the last CPU can have a valid copy.
            Found::Nowhere
        };
        let mut victim = None;
        let mut stall_ps = match found {
            Found::L1d => 0,
            Found::L2 => {
                self.counts.reached[1] += self.weight;
                self.costs.l2_ps
            }
            Found::Nowhere => {
                let stall_ps = self.fetch(lines, number, &mut line);
                victim = self.private.fetch(number, &mut line);
                stall_ps
            }
        };
        if !mine {
            line.accessed_by(self.cpu);
        }
        if self.write && !line.is_modified() {
            let version = line.version();
            if line.is_shared() {
                // Invalidate the other copies: a round trip through the shared level, unless it was just paid for.
                if stall_ps == 0 {
                    self.counts.remote += self.weight;
                    stall_ps = self.costs.llc_ps;
                }
                line.renew();
            }
            line.modify();
            self.private.modify(number, line, version);
        }
        if let Some(slot) = lines.get_mut(number as usize) {
            *slot = line;
        }
        if let Some(victim) = victim {
            self.shared.write_back(lines, self.cpu, victim);
        }
        stall_ps
    }

    /// Fetch a line from beyond the private caches; returns the stall.
    #[inline]
    fn fetch(&mut self, lines: &mut [Line], number: u32, line: &mut Line) -> Picos {
        self.counts.reached[1] += self.weight;
        self.counts.reached[2] += self.weight;
        let in_llc = self.shared.fetch(lines, number, line);
        if line.is_modified() && line.last() != self.cpu {
            // The last CPU writes back: the data is in the LLC from here on.
            line.clean();
            self.counts.remote += self.weight;
            self.costs.remote_ps
        } else if in_llc {
            self.costs.llc_ps
        } else {
            self.counts.reached[3] += self.weight;
            self.costs.dram_ps
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{Level, Sizes};
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
    fn a_frame_is_counted_whole_though_it_is_sampled() {
        let mut m = model(2);
        let costs = CacheCosts::for_test();
        m.dma(&Touch::write(Region::Buffer, 3, 0, 1514));
        assert_eq!((m.dma.reached[2], m.dma.reached[3]), (24, 24));
        let stall_ps = m.access(A, Layer::Copy, &Touch::read(Region::Buffer, 3, 42, 1472));
        assert_eq!(stall_ps, costs.llc_ps + 23 * costs.llc_ps / costs.stream_divisor);
        let (_, _, counts) = m.rows().next().unwrap();
        assert_eq!(counts.reached, [24, 24, 24, 0]);
        assert_eq!(m.access(A, Layer::Copy, &Touch::read(Region::Buffer, 3, 42, 1472)), 0);
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
        small.shared = Shared::new(1 << 20, 16, 2);
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
            let touch =
                Touch::write(Region::ALL[(i % 11) as usize], i.wrapping_mul(2_654_435_761) % 5000, 0, 200);
            m.access(cpu, Layer::ALL[(i % 13) as usize], &touch);
        }
        for (_, _, counts) in m.rows() {
            assert!(Level::ALL.iter().all(|level| counts.misses(*level) <= counts.accesses(*level)));
        }
    }
}
