//! One access through the levels, and what it costs beyond an L1 hit.

use super::layout::{GROUP_LINES, Sample, WHOLE_LINES, samples};
use super::lines::{Line, Party};
use super::llc::Llc;
use super::nodes::Nodes;
use super::private::{Found, Private, Victim};
use super::{Counts, Layout};
use crate::costs::CacheCosts;
use graph::CacheConfig;
use stage::{Access, CpuId, Layer, Touch};
use stats::Picos;

/// How many accesses of the NIC are looked at ahead: a batch of frames; of more, the first.
const LOOK_AHEAD: usize = 32;

/// The caches of a host.
#[derive(Debug)]
pub(crate) struct CacheModel {
    layout: Layout,
    /// The directory: a [`Line`] each.
    lines: Vec<u32>,
    /// Versions of a line before they begin again.
    versions: u32,
    cores: Vec<Core>,
    llc: Llc,
    nodes: Nodes,
    costs: CacheCosts,
    dma: Counts,
}

/// What each CPU has of its own.
#[derive(Clone, Debug)]
struct Core {
    private: Private,
    /// By layer.
    counts: [Counts; Layer::ALL.len()],
}

/// Who makes an access, and on behalf of whom.
#[derive(Clone, Copy)]
struct Accessor {
    cpu: CpuId,
    party: Party,
    layer: Layer,
}

impl CacheModel {
    /// Cold caches for this many CPUs, at most 128.
    pub(crate) fn new(config: &CacheConfig, costs: CacheCosts, cpus: u16, layout: Layout) -> Self {
        let private = Private::new(config, layout.lines());
        CacheModel {
            lines: vec![Line::default().0; layout.lines() as usize],
            layout,
            versions: private.versions(),
            cores: vec![Core { private, counts: Default::default() }; usize::from(cpus)],
            llc: Llc::new(config.llc_bytes, config.llc_ways, config.ddio_ways),
            nodes: Nodes::new(config, cpus),
            costs,
            dma: Counts::default(),
        }
    }

    /// An access by a CPU on behalf of a layer; returns the time it stalls beyond an L1 hit.
    ///
    /// Region and length are constants where it is called, so that most of this folds there, and what is left is one
    /// call to what fits.
    #[inline(always)]
    pub(crate) fn access(&mut self, cpu: CpuId, layer: Layer, touch: &Touch) -> Picos {
        let (first, count) = self.layout.lines_of(touch);
        let by = Accessor { cpu, party: Party::of(cpu), layer };
        match (touch.access, count) {
            (Access::Read, 1) => self.access_one::<false>(by, first),
            (Access::Write, 1) => self.access_one::<true>(by, first),
            (Access::Read, 2..=WHOLE_LINES) => self.access_few::<false>(by, first, count),
            (Access::Write, 2..=WHOLE_LINES) => self.access_few::<true>(by, first, count),
            (Access::Read, _) => self.access_many::<false>(by, first, count),
            (Access::Write, _) => self.access_many::<true>(by, first, count),
        }
    }

    #[inline(never)]
    fn access_one<const WRITE: bool>(&mut self, by: Accessor, line: u32) -> Picos {
        let stall_ps = self.access_line::<WRITE>(by, Sample { line, weight: 1 });
        self.count(by, 1, stall_ps);
        stall_ps
    }

    #[inline(never)]
    fn access_few<const WRITE: bool>(&mut self, by: Accessor, first: u32, count: u32) -> Picos {
        let end = first.wrapping_add(count);
        // Most are in the L1d, from the first to the last.
        let mut next = first;
        if let (Some(core), Some(lines)) =
            (self.cores.get_mut(by.cpu.index()), self.lines.get(first as usize..end as usize))
        {
            for line in lines {
                if !core.private.answers(next, Line(*line), by.party, WRITE) {
                    break;
                }
                next = next.wrapping_add(1);
            }
        }
        let mut stall = Stall::default();
        for line in next..end {
            let sample = Sample { line, weight: 1 };
            stall.add(self.access_line::<WRITE>(by, sample), 1);
        }
        let stall_ps = stall.total_ps(&self.costs);
        self.count(by, count, stall_ps);
        stall_ps
    }

    #[inline(never)]
    fn access_many<const WRITE: bool>(&mut self, by: Accessor, first: u32, count: u32) -> Picos {
        let mut stall = Stall::default();
        for sample in samples(first, count) {
            stall.add(self.access_line::<WRITE>(by, sample), sample.weight);
        }
        let stall_ps = stall.total_ps(&self.costs);
        self.count(by, count, stall_ps);
        stall_ps
    }

    #[inline(always)]
    fn count(&mut self, by: Accessor, accesses: u32, stall_ps: Picos) {
        if let Some(core) = self.cores.get_mut(by.cpu.index()) {
            let counts = &mut core.counts[by.layer as usize];
            counts.reached[0] += u64::from(accesses);
            counts.stall_ps += stall_ps;
        }
    }

    /// Access one line; returns the stall.
    #[inline(always)]
    fn access_line<const WRITE: bool>(&mut self, by: Accessor, sample: Sample) -> Picos {
        let number = sample.line;
        let (Some(line), Some(core)) =
            (self.lines.get(number as usize).copied().map(Line), self.cores.get_mut(by.cpu.index()))
        else {
            return 0;
        };
        if core.private.answers(number, line, by.party, WRITE) {
            0
        } else if line.is_last(by.party) || line.is_shared() {
            self.access_near(by, sample, line, WRITE)
        } else {
            // Only the last CPU can have a valid copy.
            self.access_far(by, sample, line, WRITE)
        }
    }

    /// An access to a line of which this CPU may have a copy.
    #[inline(never)]
    fn access_near(&mut self, by: Accessor, sample: Sample, mut line: Line, write: bool) -> Picos {
        let (number, weight) = (sample.line, u64::from(sample.weight));
        let Some(Core { private, counts }) = self.cores.get_mut(by.cpu.index()) else { return 0 };
        let mine = line.is_last(by.party);
        let found;
        (found, line) = if mine { private.look(number, line) } else { private.search(number, line, write) };
        let mut stall_ps = match found {
            // A shared line is read by many in turn: nothing is noted, so that whoever is last stays so.
            Found::L1d if !write => return 0,
            Found::L1d => 0,
            Found::L2 => {
                counts[by.layer as usize].reached[1] += weight;
                self.costs.l2_ps
            }
            Found::Nowhere => return self.access_far(by, sample, line, write),
        };
        line.accessed_by(by.party);
        if write && !line.is_modified() {
            let version = line.version();
            let begins_again = self.become_owner(by, weight, &mut line, &mut stall_ps);
            if begins_again {
                self.forget(number, Some((by.cpu, version)));
            }
            if let Some(core) = self.cores.get_mut(by.cpu.index()) {
                core.private.modify(number, line, version);
            }
        }
        if let Some(slot) = self.lines.get_mut(number as usize) {
            *slot = line.0;
        }
        stall_ps
    }

    /// An access to a line of which this CPU has no valid copy.
    #[inline(never)]
    fn access_far(&mut self, by: Accessor, sample: Sample, mut line: Line, write: bool) -> Picos {
        let (number, weight) = (sample.line, u64::from(sample.weight));
        let Some(core) = self.cores.get_mut(by.cpu.index()) else { return 0 };
        let counts = &mut core.counts[by.layer as usize];
        counts.reached[1] += weight;
        counts.reached[2] += weight;
        let in_llc = self.llc.fetch(&mut self.lines, number, &mut line);
        let costs = self.costs.of_node(self.nodes.is_far(by.party, line));
        let mut stall_ps = if line.is_modified() && !line.is_last(by.party) {
            // The last CPU writes back: the data is in the LLC from here on.
            line.clean();
            counts.remote += weight;
            costs.remote_ps
        } else if in_llc {
            costs.llc_ps
        } else {
            counts.reached[3] += weight;
            costs.dram_ps
        };
        line.accessed_by(by.party);
        if write && !line.is_modified() && self.become_owner(by, weight, &mut line, &mut stall_ps) {
            self.forget(number, None);
        }
        let Some(core) = self.cores.get_mut(by.cpu.index()) else { return 0 };
        let victim;
        (line, victim) = core.private.fetch(number, line);
        if let Some(slot) = self.lines.get_mut(number as usize) {
            *slot = line.0;
        }
        if let Some(victim) = victim {
            self.write_back(by.party, victim);
        }
        stall_ps
    }

    /// The CPU writes a line that it accessed last: its copy becomes the only one. Answers whether versions begin
    /// again.
    #[inline(always)]
    fn become_owner(&mut self, by: Accessor, weight: u64, line: &mut Line, stall_ps: &mut Picos) -> bool {
        let mut begins_again = false;
        if line.is_shared() {
            // Invalidate the other copies: a round trip through the shared level, unless it was just paid for.
            if *stall_ps == 0 {
                *stall_ps = self.costs.near.llc_ps;
                if let Some(core) = self.cores.get_mut(by.cpu.index()) {
                    core.counts[by.layer as usize].remote += weight;
                }
            }
            begins_again = line.renew(self.versions);
        }
        line.modify();
        begins_again
    }

    /// A modified line that leaves an L2 goes to the LLC.
    #[inline(never)]
    fn write_back(&mut self, party: Party, victim: Victim) {
        let Some(mut line) = self.lines.get(victim.number as usize).copied().map(Line) else { return };
        if line.is_modified() && line.is_last(party) && line.version() == victim.version {
            line.clean();
            self.llc.fetch(&mut self.lines, victim.number, &mut line);
            if let Some(slot) = self.lines.get_mut(victim.number as usize) {
                *slot = line.0;
            }
        }
    }

    /// Versions of a line begin again: no copy of an earlier round may be taken for a new one. The copies that a CPU
    /// has of one version may stay.
    #[cold]
    fn forget(&mut self, number: u32, but: Option<(CpuId, u32)>) {
        for (core, cpu) in self.cores.iter_mut().zip(0..) {
            let kept = but.filter(|(kept, _)| *kept == CpuId(cpu)).map(|(_, version)| version);
            core.private.forget(number, kept);
        }
    }

    /// The NIC writes to memory: private copies become stale, the line lands in the LLC (in the NIC's share of it).
    #[inline]
    pub(crate) fn dma(&mut self, touch: &Touch) {
        let (first, count) = self.layout.lines_of(touch);
        let mut misses = 0;
        if count <= WHOLE_LINES {
            for line in first..first.wrapping_add(count) {
                misses += self.overwrite(Sample { line, weight: 1 });
            }
        } else {
            for sample in samples(first, count) {
                misses += self.overwrite(sample);
            }
        }
        self.dma.reached[2] += u64::from(count);
        self.dma.reached[3] += misses;
    }

    /// The NIC writes a line; returns for how many lines the LLC did not have theirs.
    #[inline(always)]
    fn overwrite(&mut self, Sample { line: number, weight }: Sample) -> u64 {
        let Some(mut line) = self.lines.get(number as usize).copied().map(Line) else { return 0 };
        let hit = self.llc.write(&mut self.lines, number, &mut line);
        let begins_again = line.overwrite(self.versions);
        if let Some(slot) = self.lines.get_mut(number as usize) {
            *slot = line.0;
        }
        if begins_again {
            self.forget(number, None);
        }
        if hit { 0 } else { u64::from(weight) }
    }

    /// The NIC is about to write there, and there: load what the model will have to look at, all at once, so that the
    /// real machine waits for its memory once and not for each. Nothing changes.
    pub(crate) fn look_ahead(&self, touches: &[Touch]) {
        let ends = |touch: &Touch| {
            let (first, count) = self.layout.lines_of(touch);
            [first, first + count / 2, first + count - 1]
                .map(|line| line | if line == first { 0 } else { GROUP_LINES - 1 })
        };
        let state = |line: u32| self.lines.get(line as usize).copied().unwrap_or(0);
        let mut seen = 0;
        let mut pushed_out = [0; 3 * LOOK_AHEAD];
        for (out, line) in pushed_out.iter_mut().zip(touches.iter().flat_map(ends)) {
            seen |= state(line);
            *out = self.llc.next_pushed_out(line).unwrap_or(0);
        }
        for line in pushed_out {
            seen |= state(line);
        }
        std::hint::black_box(seen);
    }

    /// What each CPU did per layer.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (CpuId, Layer, &Counts)> + '_ {
        self.cores.iter().zip(0..).flat_map(|(core, cpu)| {
            let rows = Layer::ALL.iter().zip(&core.counts).filter(|(_, counts)| counts.reached[0] > 0);
            rows.map(move |(layer, counts)| (CpuId(cpu), *layer, counts))
        })
    }

    /// What the NIC's writes did.
    pub(crate) fn dma_counts(&self) -> &Counts {
        &self.dma
    }

    /// So that versions begin again soon.
    #[cfg(test)]
    pub(super) fn with_versions(mut self, versions: u32) -> Self {
        self.versions = self.versions.min(versions);
        self
    }
}

/// What several lines stall together.
#[derive(Clone, Copy, Default)]
struct Stall {
    first_ps: Picos,
    streamed_ps: Picos,
}

impl Stall {
    /// A line stalls so long, and with it so many.
    #[inline(always)]
    fn add(&mut self, line_ps: Picos, lines: u32) {
        if line_ps == 0 {
            return;
        }
        let mut behind = u64::from(lines);
        // Only what is waited for tells the prefetcher of a stream: often not its first line, which is a header's.
        if self.first_ps == 0 {
            self.first_ps = line_ps;
            behind -= 1;
        }
        self.streamed_ps += behind * line_ps;
    }

    #[inline(always)]
    fn total_ps(self, costs: &CacheCosts) -> Picos {
        if self.streamed_ps == 0 {
            self.first_ps
        } else {
            self.first_ps + self.streamed_ps / costs.stream_divisor
        }
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
