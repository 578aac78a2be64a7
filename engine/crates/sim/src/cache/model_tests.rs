//! What an access costs, by where the line lies.

use super::*;
use crate::cache::{Level, Sizes};
use stage::Region;

fn model(ddio_ways: u32) -> CacheModel {
    configured(CacheConfig { ddio_ways, ..CacheConfig::default() })
}

fn configured(config: CacheConfig) -> CacheModel {
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
    assert_eq!(read(&mut m, A, 1), costs.near.dram_ps);
    assert_eq!(read(&mut m, A, 1), 0);
    assert_eq!(read(&mut m, B, 1), costs.near.llc_ps);
}

#[test]
fn a_line_another_cpu_has_written_is_fetched_from_it() {
    let mut m = model(2);
    let costs = CacheCosts::for_test();
    write(&mut m, A, 1);
    assert_eq!(read(&mut m, B, 1), costs.near.remote_ps);
    assert_eq!(read(&mut m, B, 1), 0);
    assert_eq!(read(&mut m, A, 1), 0, "reading does not take the owner's copy away");
    assert_eq!(write(&mut m, B, 1), costs.near.llc_ps, "writing invalidates the other copy");
    assert_eq!(read(&mut m, A, 1), costs.near.remote_ps);
}

#[test]
fn what_lies_at_another_node_is_farther() {
    let mut m = configured(CacheConfig { numa_nodes: 2, ..CacheConfig::default() });
    let costs = CacheCosts::for_test();
    m.dma(&Touch::write(Region::Socket, 1, 0, 64));
    assert_eq!(read(&mut m, B, 1), costs.far.llc_ps, "the NIC's node is A's");
    assert_eq!(read(&mut m, A, 1), costs.far.llc_ps, "it has moved to B's");
    assert_eq!(read(&mut m, B, 2), costs.far.dram_ps);
    assert_eq!(write(&mut m, B, 3), costs.far.dram_ps);
    assert_eq!(read(&mut m, A, 3), costs.far.remote_ps);
    assert_eq!(read(&mut m, A, 4), costs.near.dram_ps);
    let mut other = configured(CacheConfig { numa_nodes: 2, nic_node: 1, ..CacheConfig::default() });
    other.dma(&Touch::write(Region::Socket, 1, 0, 64));
    assert_eq!(read(&mut other, B, 1), costs.near.llc_ps);
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
    assert_eq!(read(&mut m, A, 1), costs.near.llc_ps);
}

#[test]
fn a_frame_is_counted_whole_though_it_is_sampled() {
    let mut m = model(2);
    let costs = CacheCosts::for_test();
    m.dma(&Touch::write(Region::Buffer, 3, 0, 1514));
    assert_eq!((m.dma.reached[2], m.dma.reached[3]), (24, 24));
    let stall_ps = m.access(A, Layer::Copy, &Touch::read(Region::Buffer, 3, 42, 1472));
    assert_eq!(stall_ps, costs.near.llc_ps + 23 * costs.near.llc_ps / costs.stream_divisor);
    let (_, _, counts) = m.rows().next().unwrap();
    assert_eq!(counts.reached, [24, 24, 24, 0]);
    assert_eq!(m.access(A, Layer::Copy, &Touch::read(Region::Buffer, 3, 42, 1472)), 0);
}

#[test]
fn behind_a_line_that_was_read_the_next_is_waited_for_in_full() {
    let mut m = model(2);
    let costs = CacheCosts::for_test();
    m.dma(&Touch::write(Region::Buffer, 3, 0, 1514));
    m.access(A, Layer::Ip, &Touch::read(Region::Buffer, 3, 14, 20));
    let stall_ps = m.access(A, Layer::Copy, &Touch::read(Region::Buffer, 3, 42, 1472));
    assert_eq!(stall_ps, costs.near.llc_ps + 22 * costs.near.llc_ps / costs.stream_divisor);
}

#[test]
fn without_a_share_the_nic_writes_to_memory() {
    let mut m = model(0);
    m.dma(&Touch::write(Region::Socket, 1, 0, 64));
    assert_eq!(read(&mut m, A, 1), CacheCosts::for_test().near.dram_ps);
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
    assert_eq!(cost_of_reading_back(1024), costs.near.llc_ps);
    let mut small = model(2);
    small.llc = Llc::new(1 << 20, 16, 2);
    for i in 0..32_768u32 {
        small.dma(&Touch::write(Region::Buffer, i % 1024, (i / 1024) * 64, 64));
    }
    assert_eq!(small.access(A, Layer::Driver, &Touch::read(Region::Buffer, 0, 0, 64)), costs.near.dram_ps);
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
