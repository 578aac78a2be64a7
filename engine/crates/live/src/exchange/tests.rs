use super::{HostView, Memory, exchange};
use stage::{BufferId, BufferPool, DropReason, FrameId, HashType, QueueId, RxPacket};
use std::thread;

const RING: u32 = 16;
const BUFFER_BYTES: u32 = 64;
const Q: QueueId = QueueId(0);

fn packet(id: u64, bytes: usize) -> RxPacket {
    RxPacket {
        frame: FrameId(id),
        buffer: BufferId(u32::MAX),
        slot: 0,
        bytes: bytes as u32,
        queue: Q,
        segments: 1,
        gso_bytes: 0,
        // Some frames' first bytes lie alone.
        split_bytes: if id.is_multiple_of(3) && bytes > 20 { 20 } else { 0 },
        hash: 0,
        hash_type: HashType::None,
        checksum_good: true,
        by_rule: false,
        sent_ns: 0,
        ready_ns: 0,
        headers: Default::default(),
    }
}

/// 1 to 200 bytes that only this frame has: one to four buffers.
fn content(id: u64) -> Vec<u8> {
    (0..1 + id % 200).map(|i| (id.wrapping_mul(31) + i) as u8).collect()
}

#[test]
fn buffers_are_posted_filled_collected_and_posted_again() {
    let memory = Memory::new(4, BUFFER_BYTES);
    let mut pool = BufferPool::over(Box::new(HostView(memory.clone())), 1, 4, BUFFER_BYTES);
    let (mut nic, mut host) = exchange(&memory, RING);
    assert_eq!(nic.room(1, 0), Err(DropReason::RxMissed));
    assert_eq!(host.post(RING, Q, &mut pool), 4);
    assert_eq!(nic.room(64 * 4, 0), Ok(()));
    assert_eq!(nic.room(64 * 4 + 1, 0), Err(DropReason::RxNoBuffer), "the pool had no more");
    assert_eq!(nic.write(&[7; 100], packet(1, 100)), 2);
    let mut frames = Vec::new();
    assert_eq!(
        (host.look(8, &mut pool), host.take(8, &mut frames)),
        (0, (0, 0)),
        "written is not handed over"
    );
    nic.publish();
    assert_eq!(host.take(8, &mut frames), (0, 0), "only what was seen is taken");
    assert_eq!((host.look(1, &mut pool), host.ready()), (1, 1));
    assert_eq!((host.take(0, &mut frames), host.take(8, &mut frames)), ((0, 0), (1, 2)));
    let frame = frames.pop().unwrap();
    assert_eq!(pool.frame(&frame).collect::<Vec<_>>().concat(), [7; 100]);
    assert!(pool.bytes(BufferId(3)).is_empty(), "the NIC's buffers are not shown");
    assert_eq!(pool.release(frame.buffer), 2);
    assert_eq!(nic.into_buffers(), 2);
    assert_eq!((pool.owned(), pool.free()), (2, 2));
}

#[test]
fn no_byte_is_lost_or_seen_by_both_while_two_threads_turn_few_buffers_over() {
    const FRAMES: u64 = 60_000;
    let memory = Memory::new(24, BUFFER_BYTES);
    let mut pool = BufferPool::over(Box::new(HostView(memory.clone())), 1, 24, BUFFER_BYTES);
    let (mut nic, mut host) = exchange(&memory, RING);
    host.post(RING, Q, &mut pool);
    let writer = thread::spawn(move || {
        for id in 0..FRAMES {
            let frame = content(id);
            while nic.room(frame.len(), packet(id, frame.len()).split_bytes).is_err() {
                nic.publish();
                thread::yield_now();
            }
            nic.write(&frame, packet(id, frame.len()));
            if id % 5 == 0 {
                nic.publish();
            }
        }
        nic.publish();
        nic
    });
    let (mut expected, mut vacant, mut frames) = (0, 0, Vec::new());
    while expected < FRAMES {
        host.look(3, &mut pool);
        host.take(2, &mut frames);
        for frame in frames.drain(..) {
            let seen = pool.frame(&frame).collect::<Vec<_>>().concat();
            assert_eq!((frame.frame.0, &seen), (expected, &content(expected)));
            vacant += pool.release(frame.buffer);
            expected += 1;
        }
        vacant -= host.post(vacant, Q, &mut pool);
        thread::yield_now();
    }
    assert_eq!(writer.join().unwrap().into_buffers(), u64::from(RING - vacant));
}
