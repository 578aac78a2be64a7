//! Pages that hold nothing but payload are mapped, the rest is copied, and what a program has is the program's.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod ground;

use ground::{Ground, config, tcp, udp};
use host::{HostConfig, PAGE_BYTES, PagePoolConfig, PagePoolCounter, ZeroCopyConfig, ZeroCopyCounter};
use proptest::prelude::*;
use stage::{Op, QueueId};

const HEADER_BYTES: u16 = 54;

fn mapping(window_bytes: u32, keep_calls: u32) -> HostConfig {
    let mut settings = config(1);
    settings.apps.zero_copy = Some(ZeroCopyConfig { window_bytes, keep_calls });
    settings.tcp.rcvbuf_bytes = 1 << 30;
    settings
}

/// Bytes that tell where in the stream they are.
fn stream(from: usize, bytes: usize) -> Vec<u8> {
    (from..from + bytes).map(|at| (at ^ at >> 8 ^ at >> 16) as u8).collect()
}

/// Segments of one flow arrive and are taken by the stack; answers the bytes of the stream.
fn send(ground: &mut Ground, from: usize, segments: &[usize], split: bool) -> usize {
    let mut at = from;
    for bytes in segments {
        let frame = tcp(1_000 + at as u32, 0x10, &stream(at, *bytes));
        ground.arrive_split(0, 1, &frame, 1, if split { HEADER_BYTES } else { 0 });
        at += bytes;
    }
    ground.interrupt(0, 0);
    while ground.net_rx_action(0) == host::softirq::Progress::RaisedAgain {}
    at
}

/// What the program got since it was last asked, from the memory it got it in.
fn received(ground: &mut Ground) -> Vec<u8> {
    let pieces = std::mem::take(&mut ground.seen.payload);
    let bytes = |(buffer, offset, n): (_, u32, u32)| {
        ground.buffers.bytes(buffer)[offset as usize..(offset + n) as usize].to_vec()
    };
    pieces.into_iter().flat_map(bytes).collect()
}

fn count(ground: &Ground, counter: ZeroCopyCounter) -> u64 {
    ground.host.zero_copy_counters().value(counter)
}

fn charged(ground: &Ground, op: Op) -> u32 {
    ground.seen.ops.iter().filter(|(other, _)| *other == op).map(|(_, n)| n).sum()
}

/// Pages mapped of 64 segments of this size, in buffers of this size.
fn mapped_pages(mss: usize, split: bool, gro: bool, buffer_bytes: u32) -> u64 {
    let mut settings = mapping(1 << 20, 0);
    settings.gro.enabled = gro;
    let mut ground = Ground::with_buffers(settings, 1, buffer_bytes);
    let bytes = send(&mut ground, 0, &[mss; 64], split);
    ground.read_all();
    assert!(received(&mut ground) == stream(0, bytes));
    let counted = [ZeroCopyCounter::MappedBytes, ZeroCopyCounter::CopiedBytes].map(|c| count(&ground, c));
    assert_eq!(counted.iter().sum::<u64>(), bytes as u64);
    assert_eq!(u64::from(charged(&ground, Op::CopyByte)), counted[1]);
    assert_eq!((ground.buffers.owned(), ground.host.live_skbs()), (0, 0));
    count(&ground, ZeroCopyCounter::MappedPages)
}

#[test]
fn only_whole_pages_of_payload_are_mapped() {
    for gro in [false, true] {
        assert_eq!(mapped_pages(1428, true, gro, 4096), 0, "no segment fills a page");
        assert_eq!(mapped_pages(4096, true, gro, 4096), 64);
        assert_eq!(mapped_pages(8192, true, gro, 4096), 128);
        assert_eq!(mapped_pages(8948, true, gro, 4096), 128, "756 bytes of each are copied");
        assert_eq!(mapped_pages(4096, false, gro, 4096), 0, "the headers are in the way");
        assert_eq!(mapped_pages(8192, true, gro, 8192), 0, "no page of its own");
        assert_eq!(mapped_pages(4096, true, gro, 2048), 0, "half pages");
    }
    // Without split the page behind the first is whole as well, here as in Linux, where a frame is long enough.
    assert_eq!(mapped_pages(8192, false, false, 4096), 64);
}

#[test]
fn a_call_ends_where_its_window_does_or_where_it_must_copy() {
    let mut ground = Ground::with_buffers(mapping(4 * PAGE_BYTES, 0), 1, PAGE_BYTES);
    send(&mut ground, 0, &[4096; 10], true);
    ground.read_all();
    let counts = |ground: &Ground| {
        [ZeroCopyCounter::Calls, ZeroCopyCounter::Reads, ZeroCopyCounter::MappedPages]
            .map(|c| count(ground, c))
    };
    assert_eq!(counts(&ground), [3, 0, 10]);
    assert!(received(&mut ground) == stream(0, 40_960));
    let ops = [Op::MapCall, Op::MapPage, Op::UnmapCall, Op::UnmapPage].map(|op| charged(&ground, op));
    assert_eq!(ops, [3, 10, 3, 10]);
    send(&mut ground, 40_960, &[4096, 100, 4096], true);
    ground.read_all();
    assert_eq!(counts(&ground), [5, 1, 12], "the tail is read between two calls");
    assert!(received(&mut ground) == stream(40_960, 8_292));
    assert_eq!(ground.host.mapped_pages(), 0);
}

#[test]
fn pages_are_the_programs_until_they_are_unmapped_and_leave_their_pool() {
    let mut settings = mapping(2 * PAGE_BYTES, 1);
    settings.page_pool = Some(PagePoolConfig { ring_pages: 64 });
    let mut ground = Ground::with_buffers(settings, 1, PAGE_BYTES);
    let at = send(&mut ground, 0, &[4096, 4096], true);
    ground.read_all();
    assert_eq!((ground.host.mapped_pages(), ground.buffers.owned()), (2, 2));
    let at = send(&mut ground, at, &[4096], true);
    ground.read_all();
    assert_eq!(
        (ground.host.mapped_pages(), ground.buffers.owned()),
        (1, 1),
        "the first call's went with the second"
    );
    send(&mut ground, at, &[100], true);
    ground.read_all();
    assert_eq!(ground.host.mapped_pages(), 1, "a call that maps nothing unmaps nothing");
    let pool = ground.host.page_pool_counters(QueueId(0));
    assert_eq!(pool.value(PagePoolCounter::ReleasedRef), 3);
    assert_eq!(charged(&ground, Op::PageSlow), 3);
    ground.host.release_all(&mut ground.buffers);
    assert_eq!((ground.host.mapped_pages(), ground.buffers.owned()), (0, 0));
}

#[test]
fn what_is_not_tcp_is_copied_as_ever() {
    let mut ground = Ground::with_buffers(mapping(1 << 20, 0), 1, PAGE_BYTES);
    ground.receive(0, 1, &udp(7));
    ground.read_all();
    assert_eq!((charged(&ground, Op::CopyByte), charged(&ground, Op::MapCall)), (18, 0));
}

#[test]
fn of_a_segment_that_was_received_in_part_the_rest_is_mapped() {
    let mut ground = Ground::with_buffers(mapping(1 << 20, 0), 1, PAGE_BYTES);
    send(&mut ground, 0, &[5_000], true);
    // Its first page and more were there before.
    send(&mut ground, 0, &[12_288], true);
    ground.read_all();
    assert!(received(&mut ground) == stream(0, 12_288));
    assert_eq!(count(&ground, ZeroCopyCounter::MappedPages), 2);
}

#[test]
fn of_a_segment_that_was_received_in_part_the_rest_is_copied() {
    for split in [false, true] {
        let mut ground = Ground::with_buffers(config(1), 1, 512);
        send(&mut ground, 0, &[700], split);
        send(&mut ground, 0, &[2_000], split);
        ground.read_all();
        assert!(received(&mut ground) == stream(0, 2_000));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever arrives, however long pages are kept: every byte is mapped or copied, once and in order, and every
    /// buffer is free, waits to be read, or is a program's.
    #[test]
    fn bytes_and_buffers_are_conserved(
        rounds in prop::collection::vec(
            (prop::collection::vec(prop_oneof![Just(4096usize), Just(8192), Just(1428), 1usize..9_000], 0..6), 0usize..8, any::<bool>()),
            1..30,
        ),
        window_pages in 1u32..6, keep_calls in 0u32..5, gro: bool,
    ) {
        let mut settings = mapping(window_pages * PAGE_BYTES, keep_calls);
        settings.gro.enabled = gro;
        let mut ground = Ground::with_buffers(settings, 1, PAGE_BYTES);
        let (mut sent, mut got) = (0, Vec::new());
        for (segments, reads, split) in rounds {
            sent = send(&mut ground, sent, &segments, split);
            for _ in 0..reads {
                ground.read_on(0, 0);
            }
            got.extend(received(&mut ground));
            let mapped = ground.host.mapped_pages();
            prop_assert!(mapped <= u64::from(window_pages * (keep_calls + 1)));
            prop_assert_eq!(count(&ground, ZeroCopyCounter::MappedPages) - count(&ground, ZeroCopyCounter::UnmappedPages), mapped);
            let (capacity, free) = (ground.buffers.capacity(), ground.buffers.free());
            prop_assert_eq!(capacity, free + ground.buffers.owned());
            if ground.host.live_skbs() == 0 {
                prop_assert_eq!(ground.buffers.owned(), mapped);
            }
        }
        ground.read_all();
        got.extend(received(&mut ground));
        prop_assert!(got == stream(0, sent));
        let counted = [ZeroCopyCounter::MappedBytes, ZeroCopyCounter::CopiedBytes].map(|c| count(&ground, c));
        prop_assert_eq!(counted.iter().sum::<u64>(), sent as u64);
        prop_assert_eq!(ground.buffers.owned(), ground.host.mapped_pages());
        ground.host.release_all(&mut ground.buffers);
        prop_assert_eq!(ground.buffers.owned(), 0);
    }
}
