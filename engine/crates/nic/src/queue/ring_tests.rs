use super::*;
use proptest::prelude::*;
use stage::{FrameId, HashType};
use std::collections::VecDeque;

const SIZE: u32 = 64;
const BUFFER_BYTES: u32 = 256;

fn packet(id: u64, bytes: usize, ready_ns: Nanos) -> RxPacket {
    RxPacket {
        frame: FrameId(id),
        buffer: BufferId(0),
        slot: 0,
        bytes: bytes as u32,
        queue: QueueId(0),
        segments: 1,
        gso_bytes: 0,
        split_bytes: 0,
        hash: id as u32,
        hash_type: HashType::None,
        checksum_good: false,
        by_rule: false,
        sent_ns: ready_ns,
        ready_ns,
        headers: wire::walk::Headers::default(),
    }
}

fn content(id: u64, bytes: usize) -> Vec<u8> {
    (0..bytes).map(|i| (id as usize * 31 + i) as u8).collect()
}

fn filled(buffers_per_queue: u32) -> (Ring, BufferPool) {
    let mut buffers = BufferPool::new(1, buffers_per_queue, BUFFER_BYTES);
    let mut ring = Ring::new(QueueId(0), SIZE, 16, BUFFER_BYTES);
    ring.refill(&mut buffers);
    (ring, buffers)
}

fn write_reporting(
    ring: &mut Ring,
    buffers: &mut BufferPool,
    id: u64,
    bytes: usize,
    now_ns: Nanos,
    dma: &mut impl FnMut(Touch),
) -> Result<u32, DropReason> {
    write_split(ring, buffers, id, bytes, 0, now_ns, dma)
}

fn write_split(
    ring: &mut Ring,
    buffers: &mut BufferPool,
    id: u64,
    bytes: usize,
    split_bytes: u16,
    now_ns: Nanos,
    dma: &mut impl FnMut(Touch),
) -> Result<u32, DropReason> {
    let written = ring.write(now_ns, &content(id, bytes), split_bytes, id as u32, buffers, dma)?;
    *ring.push().unwrap() = RxPacket {
        split_bytes,
        buffer: written.buffer,
        slot: written.slot,
        ready_ns: written.ready_ns,
        ..packet(id, bytes, now_ns)
    };
    Ok(written.descriptors)
}

fn write(
    ring: &mut Ring,
    buffers: &mut BufferPool,
    id: u64,
    bytes: usize,
    now_ns: Nanos,
) -> Result<u32, DropReason> {
    write_reporting(ring, buffers, id, bytes, now_ns, &mut |_| {})
}

#[test]
fn a_long_frame_takes_a_chain_of_buffers_and_reports_its_dma() {
    let (mut ring, mut buffers) = filled(SIZE);
    write(&mut ring, &mut buffers, 0, 60, 5).unwrap();
    let mut touches = Vec::new();
    write_reporting(&mut ring, &mut buffers, 1, 600, 5, &mut |touch| touches.push(touch)).unwrap();
    let places: Vec<_> = touches.iter().map(|t| (t.region, t.offset, t.bytes)).collect();
    assert_eq!(
        places,
        [
            (Region::Buffer, 0, 256),
            (Region::Ring, 16, 16),
            (Region::Buffer, 0, 256),
            (Region::Ring, 32, 16),
            (Region::Buffer, 0, 88),
            (Region::Ring, 48, 16),
        ]
    );
    let flags: Vec<_> = ring.descriptors()[..5].iter().map(|d| d.flags).collect();
    assert_eq!(flags, [DONE | END_OF_PACKET, DONE, DONE, DONE | END_OF_PACKET, 0]);

    let mut out = Vec::new();
    assert_eq!(ring.take(5, 64, &mut out), 2);
    assert_eq!(buffers.frame(&out[1]).collect::<Vec<_>>().concat(), content(1, 600));
    assert_eq!((ring.posted(), ring.vacant()), (SIZE - 4, 4));
    assert_eq!(buffers.release(out[1].buffer), 3);
}

#[test]
fn a_host_that_takes_nothing_misses_frames() {
    let (mut ring, mut buffers) = filled(2 * SIZE);
    for id in 0..u64::from(SIZE) {
        write(&mut ring, &mut buffers, id, 60, 0).unwrap();
    }
    assert_eq!(write(&mut ring, &mut buffers, 99, 60, 0), Err(DropReason::RxMissed));
    // Taken and not refilled is the host's doing as well.
    ring.take(0, 64, &mut Vec::new());
    assert_eq!(write(&mut ring, &mut buffers, 99, 60, 0), Err(DropReason::RxMissed));
    assert_eq!(ring.refill(&mut buffers), SIZE);
    assert_eq!(write(&mut ring, &mut buffers, 99, 60, 0), Ok(1));
}

#[test]
fn an_empty_pool_is_a_want_of_buffers_until_it_has_some() {
    let (mut ring, mut buffers) = filled(SIZE);
    let mut out = Vec::new();
    for id in 0..u64::from(SIZE) {
        write(&mut ring, &mut buffers, id, 60, 0).unwrap();
    }
    ring.take(0, 64, &mut out);
    assert_eq!((ring.refill(&mut buffers), ring.unfilled()), (0, SIZE));
    assert_eq!(write(&mut ring, &mut buffers, 99, 60, 0), Err(DropReason::RxNoBuffer));
    for packet in &out[..20] {
        buffers.release(packet.buffer);
    }
    assert_eq!((ring.refill(&mut buffers), ring.unfilled()), (20, SIZE - 20));
    assert_eq!(write(&mut ring, &mut buffers, 99, 60, 0), Ok(1));
}

#[test]
fn the_pool_is_to_blame_only_if_it_could_have_helped() {
    let (mut ring, mut buffers) = filled(SIZE);
    for id in 0..u64::from(SIZE) - 1 {
        write(&mut ring, &mut buffers, id, 60, 0).unwrap();
    }
    ring.take(0, 64, &mut Vec::new());
    ring.refill(&mut buffers);
    assert_eq!((ring.posted(), ring.unfilled()), (1, SIZE - 1));
    let whole_ring = (SIZE * BUFFER_BYTES) as usize;
    assert_eq!(write(&mut ring, &mut buffers, 99, whole_ring, 0), Err(DropReason::RxNoBuffer));
    assert_eq!(write(&mut ring, &mut buffers, 99, whole_ring + 1, 0), Err(DropReason::RxMissed));
}

#[test]
fn refill_waits_for_its_batch() {
    let (mut ring, mut buffers) = filled(2 * SIZE);
    for id in 0..16 {
        write(&mut ring, &mut buffers, id, 60, 0).unwrap();
    }
    ring.take(0, 15, &mut Vec::new());
    assert_eq!((ring.refill(&mut buffers), ring.vacant()), (0, 15));
    ring.take(0, 1, &mut Vec::new());
    assert_eq!((ring.refill(&mut buffers), ring.vacant()), (16, 0));
}

#[test]
fn a_frame_is_not_seen_before_its_time_nor_before_the_one_ahead() {
    let (mut ring, mut buffers) = filled(SIZE);
    write(&mut ring, &mut buffers, 0, 60, 100).unwrap();
    write(&mut ring, &mut buffers, 1, 60, 50).unwrap();
    let mut out = Vec::new();
    assert_eq!((ring.ready(99), ring.take(99, 64, &mut out)), (0, 0));
    assert_eq!((ring.ready(100), ring.take(100, 64, &mut out)), (2, 2));
}

#[derive(Clone, Debug)]
enum Step {
    Write(usize, u16),
    Take(usize),
    Refill,
    Release(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (61usize..1200, prop_oneof![2 => Just(0u16), 1 => 1u16..=60]).prop_map(|(bytes, split)| Step::Write(bytes, split)),
        2 => (0usize..40).prop_map(Step::Take),
        2 => Just(Step::Refill),
        2 => (0usize..40).prop_map(Step::Release),
    ];
    prop::collection::vec(step, 0..300)
}

/// Headers of their own, and the rest.
fn needed(bytes: usize, split_bytes: u16) -> u32 {
    let rest = bytes - usize::from(split_bytes);
    u32::from(split_bytes > 0) + rest.div_ceil(BUFFER_BYTES as usize) as u32
}

proptest! {
    #[test]
    fn the_ring_is_a_queue_that_loses_and_invents_nothing(steps in steps(), pool in 16u32..160) {
        let (mut ring, mut buffers) = filled(pool);
        // What the ring should hold, and the descriptors in each state.
        let mut model: VecDeque<(u64, usize)> = VecDeque::new();
        let (mut posted, mut vacant) = (ring.posted(), ring.vacant());
        prop_assert_eq!(posted, pool.min(SIZE));
        let mut held: Vec<RxPacket> = Vec::new();
        for (now, step) in steps.into_iter().enumerate() {
            let now = now as Nanos;
            match step {
                Step::Write(bytes, split) => {
                    let needed = needed(bytes, split);
                    let written = write_split(&mut ring, &mut buffers, now, bytes, split, now, &mut |_| {});
                    prop_assert_eq!(written.ok(), (posted >= needed).then_some(needed));
                    if written.is_ok() {
                        model.push_back((now, bytes));
                        posted -= needed;
                    }
                }
                Step::Take(limit) => {
                    let mut out = Vec::new();
                    let taken = ring.take(now, limit, &mut out);
                    prop_assert_eq!((taken, out.len()), (limit.min(model.len()), taken));
                    for packet in &out {
                        let (id, bytes) = model.pop_front().unwrap();
                        prop_assert_eq!((packet.frame.0, packet.bytes as usize), (id, bytes));
                        let gathered = buffers.frame(packet).collect::<Vec<_>>().concat();
                        prop_assert_eq!(gathered, content(id, bytes));
                        vacant += needed(bytes, packet.split_bytes);
                        prop_assert_eq!(buffers.chain(packet.buffer).count() as u32, needed(bytes, packet.split_bytes));
                    }
                    held.extend(out);
                }
                Step::Refill => {
                    let expected = if vacant < 16 { 0 } else { vacant.min(buffers.free() as u32) };
                    prop_assert_eq!(ring.refill(&mut buffers), expected);
                    posted += expected;
                    vacant -= expected;
                }
                Step::Release(count) => {
                    for packet in held.drain(..count.min(held.len())) {
                        prop_assert_eq!(buffers.release(packet.buffer), packet.buffers(BUFFER_BYTES));
                    }
                }
            }
            prop_assert_eq!((ring.posted(), ring.vacant(), ring.waiting()), (posted, vacant, model.len()));
            prop_assert_eq!(buffers.capacity(), buffers.free() + buffers.owned());
        }
    }
}
