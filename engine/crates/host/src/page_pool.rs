//! Where a page goes that is released, and where the next one comes from (net/core/page_pool.c): the pool's own cache, its
//! ptr_ring, or the page allocator. The buffers themselves are [`stage::BufferPool`]'s; this decides and counts which way
//! each of them takes.

use crate::path::Host;
use stage::{BufferPool, Context, Counters, CpuId, Op, QueueId, RxPacket};

/// `PP_ALLOC_CACHE_SIZE`, `PP_ALLOC_CACHE_REFILL` (include/net/page_pool/types.h).
const CACHE_PAGES: u32 = 128;
const REFILL_PAGES: u32 = 64;

stage::counters! {
    /// One queue's page pool, by the names of `page_pool_stats`.
    pub enum PagePoolCounter in "page_pool" {
        /// Pages taken from the cache.
        AllocFast = "rx_pp_alloc_fast" : "pages",
        /// Times the page allocator was asked, for as many pages as the cache is refilled with.
        AllocSlow = "rx_pp_alloc_slow" : "calls",
        /// Times the ptr_ring was empty, so that it was.
        AllocEmpty = "rx_pp_alloc_empty" : "calls",
        /// Times the cache was refilled from the ptr_ring.
        AllocRefill = "rx_pp_alloc_refill" : "calls",
        /// Pages released into the cache.
        RecycleCached = "rx_pp_recycle_cached" : "pages",
        /// Pages that found the cache full, and took the ptr_ring.
        RecycleCacheFull = "rx_pp_recycle_cache_full" : "pages",
        /// Pages released into the ptr_ring.
        RecycleRing = "rx_pp_recycle_ring" : "pages",
        /// Pages that found it full, and went to the page allocator.
        RecycleRingFull = "rx_pp_recycle_ring_full" : "pages",
        /// Pages that someone else held when they were released, and left the pool.
        ReleasedRef = "rx_pp_recycle_released_ref" : "pages",
    }
}

/// Who releases a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The driver in its poll (`page_pool_recycle_direct`).
    Driver,
    /// A softirq, which may be the pool's own.
    Softirq,
    /// A program in a system call.
    Task,
}

/// How many pages a pool's ptr_ring holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PagePoolConfig {
    /// `page_pool_params.pool_size`.
    pub ring_pages: u32,
}

#[derive(Clone, Debug, Default)]
struct PagePool {
    cached: u32,
    in_ring: u32,
    /// The CPU that polls its queue now (`napi->list_owner`).
    owner: Option<CpuId>,
    counters: Counters<PagePoolCounter>,
}

/// A pool for each queue, or none: then every page costs what the cache's do.
#[derive(Debug)]
pub(crate) struct PagePools {
    ring_pages: u32,
    enabled: bool,
    pools: Vec<PagePool>,
}

impl PagePools {
    pub(crate) fn new(config: Option<PagePoolConfig>) -> Self {
        PagePools {
            ring_pages: config.map_or(0, |config| config.ring_pages),
            enabled: config.is_some(),
            pools: Vec::new(),
        }
    }

    /// Whether there are any.
    #[inline]
    pub(crate) fn enabled(&self) -> bool {
        self.enabled
    }

    fn of(&mut self, queue: QueueId) -> Option<&mut PagePool> {
        if !self.enabled {
            return None;
        }
        if self.pools.len() <= queue.index() {
            self.pools.resize_with(queue.index() + 1, PagePool::default);
        }
        self.pools.get_mut(queue.index())
    }

    /// A queue is polled on a CPU, or by nobody any more.
    #[inline]
    pub(crate) fn polled(&mut self, queue: QueueId, owner: Option<CpuId>) {
        if let Some(pool) = self.of(queue) {
            pool.owner = owner;
        }
    }

    /// So many pages were given to the ring of a queue (`page_pool_alloc_pages`).
    #[inline]
    pub(crate) fn allocated(&mut self, queue: QueueId, pages: u32) {
        let Some(pool) = self.of(queue) else { return };
        (0..pages).for_each(|_| pool.allocate());
    }

    /// A page of a queue's pool is released on a CPU; answers what that is beyond the cache's cost.
    #[inline]
    pub(crate) fn recycle(&mut self, queue: QueueId, cpu: CpuId, by: By) -> Option<Op> {
        let ring_pages = self.ring_pages;
        self.of(queue)?.recycle(cpu, by, ring_pages)
    }

    /// A page is mapped by a program when its skb is freed, so that it leaves its queue's pool (`page_pool_return_page`);
    /// answers what that is beyond the cache's cost.
    #[inline]
    pub(crate) fn leave(&mut self, queue: QueueId) -> Option<Op> {
        self.of(queue)?.counters.add(PagePoolCounter::ReleasedRef, 1);
        Some(Op::PageSlow)
    }

    pub(crate) fn counters(&self, queue: QueueId) -> Counters<PagePoolCounter> {
        self.pools.get(queue.index()).map_or_else(Counters::default, |pool| pool.counters.clone())
    }
}

impl PagePool {
    /// `__page_pool_get_cached`, then `__page_pool_alloc_pages_slow`.
    fn allocate(&mut self) {
        if self.cached > 0 {
            self.cached -= 1;
            return self.counters.add(PagePoolCounter::AllocFast, 1);
        }
        let filled = if self.in_ring > 0 {
            self.counters.add(PagePoolCounter::AllocRefill, 1);
            let pages = self.in_ring.min(REFILL_PAGES);
            self.in_ring -= pages;
            pages
        } else {
            self.counters.add(PagePoolCounter::AllocEmpty, 1);
            self.counters.add(PagePoolCounter::AllocSlow, 1);
            REFILL_PAGES
        };
        self.cached = filled - 1;
    }

    /// `page_pool_put_unrefed_netmem`.
    fn recycle(&mut self, cpu: CpuId, by: By, ring_pages: u32) -> Option<Op> {
        let direct = by == By::Driver || by == By::Softirq && self.owner == Some(cpu);
        if direct && self.cached < CACHE_PAGES {
            self.cached += 1;
            self.counters.add(PagePoolCounter::RecycleCached, 1);
            return None;
        }
        self.counters.add(PagePoolCounter::RecycleCacheFull, u64::from(direct));
        if self.in_ring < ring_pages {
            self.in_ring += 1;
            self.counters.add(PagePoolCounter::RecycleRing, 1);
            return Some(Op::PageRing);
        }
        self.counters.add(PagePoolCounter::RecycleRingFull, 1);
        Some(Op::PageSlow)
    }
}

impl Host {
    /// Give a frame's pages back to their pool, and its buffers.
    #[inline]
    pub(crate) fn release_pages<C: Context>(
        &mut self,
        packet: &RxPacket,
        by: By,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        if self.pages.enabled() {
            for _ in buffers.chain(packet.buffer) {
                if let Some(op) = self.pages.recycle(packet.queue, context.cpu(), by) {
                    context.op(op, 1);
                }
            }
        }
        buffers.release(packet.buffer);
    }

    /// What a queue's page pool counted; zeros without one.
    pub fn page_pool_counters(&self, queue: QueueId) -> Counters<PagePoolCounter> {
        self.pages.counters(queue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PagePoolCounter::{AllocEmpty, AllocFast, AllocRefill, AllocSlow};
    use PagePoolCounter::{RecycleCacheFull, RecycleCached, RecycleRing, RecycleRingFull};
    use proptest::prelude::*;

    const Q: QueueId = QueueId(1);

    fn pools(ring_pages: u32) -> PagePools {
        let mut pools = PagePools::new(Some(PagePoolConfig { ring_pages }));
        pools.polled(Q, Some(CpuId(2)));
        pools
    }

    fn counts<const N: usize>(pools: &PagePools, counters: [PagePoolCounter; N]) -> [u64; N] {
        counters.map(|counter| pools.counters(Q).value(counter))
    }

    #[test]
    fn a_page_goes_where_its_pool_is_polled_or_to_the_ring() {
        let mut pools = pools(8);
        assert_eq!(pools.recycle(Q, CpuId(2), By::Softirq), None);
        assert_eq!(pools.recycle(Q, CpuId(3), By::Softirq), Some(Op::PageRing), "another CPU's softirq");
        assert_eq!(pools.recycle(Q, CpuId(2), By::Task), Some(Op::PageRing), "a task, also on that CPU");
        pools.polled(Q, None);
        assert_eq!(pools.recycle(Q, CpuId(2), By::Softirq), Some(Op::PageRing), "nobody polls");
        assert_eq!(pools.recycle(Q, CpuId(3), By::Driver), None);
        assert_eq!(counts(&pools, [RecycleCached, RecycleRing]), [2, 3]);
        pools.allocated(Q, 5);
        assert_eq!(counts(&pools, [AllocFast, AllocRefill, AllocSlow]), [4, 1, 0]);
        pools.allocated(Q, 65);
        assert_eq!(counts(&pools, [AllocFast, AllocRefill, AllocSlow, AllocEmpty]), [67, 1, 2, 2]);
    }

    #[test]
    fn what_is_full_passes_on() {
        let mut pools = pools(2);
        (0..CACHE_PAGES).for_each(|_| assert_eq!(pools.recycle(Q, CpuId(2), By::Driver), None));
        let beyond = [(); 3].map(|()| pools.recycle(Q, CpuId(2), By::Driver));
        assert_eq!(beyond, [Some(Op::PageRing), Some(Op::PageRing), Some(Op::PageSlow)]);
        assert_eq!(counts(&pools, [RecycleCacheFull, RecycleRingFull]), [3, 1]);
        assert_eq!(
            (pools.leave(Q), counts(&pools, [PagePoolCounter::ReleasedRef])),
            (Some(Op::PageSlow), [1])
        );
    }

    #[test]
    fn without_a_pool_nothing_is_counted() {
        let mut pools = PagePools::new(None);
        pools.allocated(Q, 3);
        assert_eq!((pools.recycle(Q, CpuId(0), By::Task), pools.leave(Q)), (None, None));
        assert_eq!(counts(&pools, [AllocFast, AllocSlow, RecycleRing]), [0; 3]);
    }

    proptest! {
        /// Every page has one way in and one way out, and what the pool has is what came less what went.
        #[test]
        fn pages_are_conserved(steps in prop::collection::vec((0u8..4, 1u32..50), 1..60), ring in 0u32..70) {
            let mut pools = pools(ring);
            let (mut taken, mut given) = (0, 0);
            for (step, n) in steps {
                let by = [By::Driver, By::Softirq, By::Task].get(usize::from(step));
                match by {
                    Some(by) => (0..n).for_each(|_| { pools.recycle(Q, CpuId(2), *by); given += 1; }),
                    None => { pools.allocated(Q, n); taken += u64::from(n); }
                }
            }
            let [fast, refill, slow] = counts(&pools, [AllocFast, AllocRefill, AllocSlow]);
            let [cached, in_ring, full] = counts(&pools, [RecycleCached, RecycleRing, RecycleRingFull]);
            prop_assert_eq!(fast + refill + slow, taken);
            prop_assert_eq!(cached + in_ring + full, given);
            let pool = pools.of(Q).unwrap();
            prop_assert!(pool.cached <= CACHE_PAGES && pool.in_ring <= ring);
            let has = u64::from(pool.cached + pool.in_ring);
            prop_assert_eq!(has + taken, cached + in_ring + slow * u64::from(REFILL_PAGES));
        }
    }
}
