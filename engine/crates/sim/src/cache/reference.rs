//! The same model as it would be told: lists in order of use, searched. What the fast one must agree with.

use super::{CacheModel, Counts, Layout, Sizes};
use crate::costs::{CacheCosts, NodeCosts};
use graph::CacheConfig;
use proptest::prelude::*;
use stage::{Access, CpuId, Layer, Region, Touch};
use stats::Picos;
use std::collections::HashMap;

/// Sets of what is held, the most recently used first.
#[derive(Clone)]
struct Lists {
    sets: Vec<Vec<(u32, u32)>>,
    ways: usize,
}

impl Lists {
    fn new(bytes: u32, ways: u32) -> Self {
        let sets = 1 << (bytes / 64 / ways).ilog2();
        Lists { sets: vec![Vec::new(); sets], ways: ways as usize }
    }

    fn set(&mut self, line: u32) -> &mut Vec<(u32, u32)> {
        let sets = self.sets.len();
        &mut self.sets[line as usize % sets]
    }

    fn hit(&mut self, copy: (u32, u32)) -> bool {
        let set = self.set(copy.0);
        let found = set.iter().position(|held| *held == copy);
        if let Some(at) = found {
            set[..=at].rotate_right(1);
        }
        found.is_some()
    }

    /// Into the last `share` ways. Ways that hold nothing hold (`u32::MAX`, 0).
    fn insert(&mut self, copy: (u32, u32), share: usize) -> (u32, u32) {
        let ways = self.ways;
        let set = self.set(copy.0);
        set.resize(ways, (u32::MAX, 0));
        let victim = set.pop().unwrap();
        set.insert(ways - share, copy);
        victim
    }

    fn renew(&mut self, line: u32, old: u32, new: u32) {
        self.set(line).iter_mut().filter(|held| **held == (line, old)).for_each(|held| held.1 = new);
    }
}

#[derive(Clone, Copy, Default)]
struct State {
    version: u32,
    last: Option<usize>,
    modified: bool,
    shared: bool,
}

struct Reference {
    costs: CacheCosts,
    states: HashMap<u32, State>,
    private: Vec<(Lists, Lists)>,
    llc: Lists,
    ddio_ways: usize,
    /// CPUs of a node, and the NIC's node.
    node: (usize, usize),
}

impl Reference {
    fn new(config: &CacheConfig, cpus: usize) -> Self {
        let private =
            (Lists::new(config.l1d_bytes, config.l1d_ways), Lists::new(config.l2_bytes, config.l2_ways));
        Reference {
            costs: CacheCosts::for_test(),
            states: HashMap::new(),
            private: vec![private; cpus],
            llc: Lists::new(config.llc_bytes, config.llc_ways),
            ddio_ways: config.ddio_ways as usize,
            node: (cpus / usize::from(config.numa_nodes), usize::from(config.nic_node)),
        }
    }

    /// What a line costs that was accessed last by `last`.
    fn costs(&self, cpu: usize, last: Option<usize>) -> NodeCosts {
        let (cpus, nic) = self.node;
        let lies = last.map_or(nic, |last| last / cpus);
        if lies == cpu / cpus { self.costs.near } else { self.costs.far }
    }

    fn bring_to_llc(&mut self, line: u32) -> bool {
        let hit = self.llc.hit((line, 0));
        if !hit {
            self.llc.insert((line, 0), self.llc.ways);
        }
        hit
    }

    fn access(&mut self, cpu: usize, line: u32, write: bool) -> Picos {
        let mut state = self.states.get(&line).copied().unwrap_or_default();
        let copy = (line, state.version);
        let mut stall_ps = 0;
        let mut victim = None;
        if self.private[cpu].0.hit(copy) {
            // A reader that need not leave its L1 is not noted: the line lies where it was.
            if !write {
                return 0;
            }
        } else {
            if self.private[cpu].1.hit(copy) {
                stall_ps = self.costs.l2_ps;
            } else {
                let in_llc = self.bring_to_llc(line);
                let costs = self.costs(cpu, state.last);
                stall_ps = if in_llc { costs.llc_ps } else { costs.dram_ps };
                if state.modified && state.last != Some(cpu) {
                    stall_ps = costs.remote_ps;
                    state.modified = false;
                }
                let l2 = &mut self.private[cpu].1;
                victim = Some(l2.insert(copy, l2.ways));
            }
            let l1 = &mut self.private[cpu].0;
            l1.insert(copy, l1.ways);
        }
        state.shared |= state.last.is_some_and(|last| last != cpu);
        state.last = Some(cpu);
        if write {
            if state.shared {
                stall_ps = if stall_ps == 0 { self.costs.near.llc_ps } else { stall_ps };
                state.version += 1;
                self.private[cpu].0.renew(line, copy.1, state.version);
                self.private[cpu].1.renew(line, copy.1, state.version);
            }
            state.shared = false;
            state.modified = true;
        }
        self.states.insert(line, state);
        if let Some((victim, version)) = victim
            && let Some(state) = self.states.get_mut(&victim)
            && state.modified
            && (state.last, state.version) == (Some(cpu), version)
        {
            state.modified = false;
            self.bring_to_llc(victim);
        }
        stall_ps
    }

    fn dma(&mut self, line: u32) {
        if !self.llc.hit((line, 0)) && self.ddio_ways > 0 {
            self.llc.insert((line, 0), self.ddio_ways);
        }
        let state = self.states.entry(line).or_default();
        *state = State { version: state.version + 1, ..State::default() };
    }
}

proptest! {
    /// Caches so small that everything is pushed out again and again.
    #[test]
    fn costs_what_the_plain_model_costs(
        steps in prop::collection::vec((0usize..5, 0u32..160, 0u8..8), 0..3000),
        ways in (1u32..=4, 1u32..=8, 1u32..=16),
        ddio_ways in 0u32..=4,
        versions in 1u32..40,
        (numa_nodes, nic_node) in prop::sample::select(vec![(1, 0), (2, 0), (2, 1), (4, 3)]),
    ) {
        let config = CacheConfig {
            l1d_bytes: 64 * 4 * ways.0, l1d_ways: ways.0,
            l2_bytes: 64 * 8 * ways.1, l2_ways: ways.1,
            llc_bytes: 64 * 8 * ways.2, llc_ways: ways.2,
            ddio_ways: ddio_ways.min(ways.2),
            numa_nodes,
            nic_node,
            ..CacheConfig::default()
        };
        let layout = Layout::new(|_| Sizes { instances: 160, bytes: 64 });
        let mut fast = CacheModel::new(&config, CacheCosts::for_test(), 4, layout).with_versions(versions);
        let mut plain = Reference::new(&config, 4);
        for (who, line, what) in steps {
            let access = if what < 5 { Access::Read } else { Access::Write };
            // The first region begins at line 0.
            let touch = Touch { region: Region::ALL[0], instance: line, offset: 0, bytes: 64, access };
            if who == 4 {
                plain.dma(line);
                fast.dma(&touch);
            } else {
                let expected_ps = plain.access(who, line, access == Access::Write);
                prop_assert_eq!(fast.access(CpuId(who as u16), Layer::Ip, &touch), expected_ps);
            }
        }
        let total = |count: fn(&Counts) -> u64| fast.rows().map(|(_, _, counts)| count(counts)).sum::<u64>();
        prop_assert!(total(|c| c.reached[3]) <= total(|c| c.reached[2]));
    }
}
