//! A NIC driven by any sequence of arrivals, interrupts, takes, refills and releases: at every step no frame and no
//! buffer is lost or made up.

#![no_main]

use std::collections::VecDeque;

use fuzz::script::{Script, Step};
use nic::queue::CoalesceConfig;
use nic::rss::{Lanes, Symmetry};
use nic::{Classified, Nic, NicConfig, NicCounter};
use stage::{BufferPool, FlowKey, FrameId, QueueId, RxPacket, RxQueues, Signal};

/// A NIC, its driver's hands, and a second set of books.
struct Driven {
    nic: Nic,
    buffers: BufferPool,
    held: VecDeque<RxPacket>,
    now_ns: u64,
    arrived: u64,
    dropped: u64,
    taken: u64,
    interrupts: u64,
}

impl Driven {
    /// Six bits choose among configurations that differ in what a frame takes and when the host hears of it.
    fn new(choice: u8) -> Self {
        let queues = [1, 2, 4, 8][usize::from(choice & 3)];
        let mut config = NicConfig {
            queues,
            ring_size: 64,
            buffer_bytes: if choice & 4 == 0 { 256 } else { 512 },
            max_frame_bytes: 4096,
            refill_batch: if choice & 8 == 0 { 1 } else { 16 },
            tcp_data_split: choice & 8 != 0,
            rx_checksum: choice & 16 != 0,
            coalesce: CoalesceConfig { rx_usecs: 20, rx_max_coalesced_frames: u32::from(choice & 1) * 5 },
            ..NicConfig::default()
        };
        config.rss.inner = choice & 32 != 0;
        config.rss.symmetry = if choice & 64 != 0 { Symmetry::Xor } else { Symmetry::None };
        // Some pools are shorter than the rings.
        let mut buffers = config.buffer_pool(if choice & 128 == 0 { 96 } else { 40 });
        // Lanes: a table takes longer to build than the script takes to run.
        let nic = Nic::with_hasher(config, &mut buffers, &|key| Box::new(Lanes::new(key))).unwrap();
        let held = VecDeque::new();
        Driven { nic, buffers, held, now_ns: 0, arrived: 0, dropped: 0, taken: 0, interrupts: 0 }
    }

    fn step(&mut self, step: Step<'_>) {
        self.now_ns += 700;
        match step {
            Step::Arrive(frame) => self.arrive(frame),
            Step::Take(queue, limit) => self.take(QueueId(queue), limit),
            Step::Release(n) => {
                for packet in self.held.drain(..n.min(self.held.len())) {
                    assert!(self.buffers.release(packet.buffer) > 0, "a frame held no buffer");
                }
            }
            Step::Refill(queue) => {
                self.nic.refill(QueueId(queue), &mut self.buffers);
            }
            Step::Arm(queue) => {
                let signal = self.nic.arm(QueueId(queue), self.now_ns);
                self.hear(signal);
            }
            Step::Wait(queue, ns) => {
                self.now_ns += ns;
                let signal = self.nic.timer(QueueId(queue), self.now_ns);
                self.hear(signal);
            }
        }
    }

    fn arrive(&mut self, frame: &[u8]) {
        let (mut classified, mut key) = ([Classified::default()], [FlowKey::NONE]);
        self.nic.classify_flows(&[frame], &mut classified, &mut key);
        let ([classified], [key]) = (classified, key);
        self.arrived += 1;
        let id = FrameId(self.arrived);
        let (mut written, now_ns) = (0, self.now_ns);
        let mut dma = |_| written += 1;
        let to = self.nic.steer(now_ns, frame, &classified, &key);
        match self.nic.receive(now_ns, frame, &classified, to, id, now_ns, &mut self.buffers, &mut dma) {
            Ok(received) => {
                assert!(written >= 2, "a frame was received without a write of data and descriptor");
                self.hear(received.signal);
            }
            Err(_) => self.dropped += 1,
        }
    }

    fn take(&mut self, queue: QueueId, limit: usize) {
        let mut out = Vec::new();
        // What was written back now becomes visible now at the earliest.
        let ready = self.nic.ready(queue, self.now_ns);
        let n = self.nic.take(queue, self.now_ns, limit, &mut out);
        assert_eq!((n, n), (out.len(), ready.min(limit)));
        self.taken += n as u64;
        for packet in &out {
            assert!(packet.ready_ns <= self.now_ns && packet.queue == queue);
            let bytes: usize = self.buffers.frame(packet).map(<[u8]>::len).sum();
            assert_eq!(bytes, packet.bytes as usize, "a frame's buffers hold its bytes");
        }
        self.held.extend(out);
    }

    fn hear(&mut self, signal: Signal) {
        match signal {
            Signal::Raise(_) => self.interrupts += 1,
            Signal::Timer(timer) => assert!(timer.at_ns >= self.now_ns),
            Signal::Quiet => {}
        }
    }

    /// `rx = delivered + dropped + pending` and `allocated = free + owned`, by two sets of books.
    fn check(&self) {
        let pending = self.nic.pending();
        assert_eq!(self.arrived, self.taken + self.dropped + pending, "frames");
        assert_eq!(self.nic.total(NicCounter::Packets), self.taken + pending, "the NIC's count of frames");
        assert_eq!(self.nic.total(NicCounter::Interrupts), self.interrupts, "the NIC's count of interrupts");
        assert_eq!(self.buffers.capacity(), self.buffers.free() + self.buffers.owned(), "buffers");
    }
}

fn run(input: &[u8]) {
    let Some((&choice, rest)) = input.split_first() else { return };
    let mut driven = Driven::new(choice);
    for step in Script::new(rest) {
        driven.step(step);
        driven.check();
    }
}

fuzz::target!(run);
