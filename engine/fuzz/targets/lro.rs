//! Large receive offload fed any segments at any time: no frame and no buffer is lost or made up, nothing is held beyond
//! its time, and every connection's bytes come as they went.

#![no_main]

use std::collections::HashMap;

use nic::lro::{Fate, LroConfig};
use nic::queue::CoalesceConfig;
use nic::rss::Lanes;
use nic::{Classified, Nic, NicConfig};
use stage::{BufferPool, FlowKey, FrameId, QueueId, RxPacket, RxQueues};
use wire::checksum::{Sum, internet};
use wire::protocol::TCP;
use wire::walk::{headers, verify_ip_checksum, verify_l4_checksum};

const QUEUE: QueueId = QueueId(0);
const IP_AT: usize = 14;
const TCP_AT: usize = 34;
const HEADER_BYTES: usize = 54;
/// From 192.0.2.1 to 198.51.100.1 port 80; lengths, identification, port, sequence, flags and checksums are set later.
const HEADER: [u8; HEADER_BYTES] = [
    2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, 1, 198,
    51, 100, 1, 0, 0, 0, 80, 0, 0, 0, 0, 0, 0, 0, 1, 0x50, 0x10, 1, 0, 0, 0, 0, 0,
];

/// By addresses and ports.
type Streams = HashMap<[u8; 12], Vec<u8>>;

/// A NIC with one queue, and both ends of what goes through it.
struct Driven {
    nic: Nic,
    buffers: BufferPool,
    now_ns: u64,
    arrived: u64,
    merged: u64,
    dropped: u64,
    taken: u64,
    /// By flow: the sequence number and identification of the segment that follows.
    next: [(u32, u16); 8],
    sent: Streams,
    received: Streams,
}

impl Driven {
    fn new(choice: u8) -> Self {
        let mut config = NicConfig {
            queues: 1,
            ring_size: if choice & 1 == 0 { 64 } else { 512 },
            buffer_bytes: if choice & 2 == 0 { 256 } else { 2048 },
            refill_batch: 1,
            coalesce: CoalesceConfig::OFF,
            ..NicConfig::default()
        };
        config.lro = Some(LroConfig {
            contexts: [1, 2, 4, 32][usize::from(choice >> 2 & 3)],
            timer_us: 10,
            max_segments: if choice & 16 == 0 { u16::MAX } else { 3 },
            max_bytes: if choice & 32 == 0 { 65_535 } else { 576 },
            trim_padding: choice & 64 != 0,
            ..LroConfig::default()
        });
        let mut buffers = config.buffer_pool(1024);
        let nic = Nic::with_hasher(config, &mut buffers, &|key| Box::new(Lanes::new(key))).unwrap();
        Driven {
            nic,
            buffers,
            now_ns: 0,
            arrived: 0,
            merged: 0,
            dropped: 0,
            taken: 0,
            next: [(0, 0); 8],
            sent: Streams::new(),
            received: Streams::new(),
        }
    }

    /// A segment of a flow: where it stands, how long it is, which byte of it is another than it should be.
    fn step(&mut self, [what, length, place, byte]: [u8; 4]) {
        self.now_ns += 300 * u64::from(what >> 6);
        self.due();
        let Some((sequence, id)) = self.next.get_mut(usize::from(what & 7)) else { return };
        let payload_bytes = usize::from(length) * 6;
        let mut frame = HEADER.to_vec();
        frame.extend((0..payload_bytes).map(|i| (*sequence as usize + i) as u8));
        put(&mut frame, IP_AT + 2, (payload_bytes + 40) as u16);
        put(&mut frame, IP_AT + 4, *id);
        put(&mut frame, TCP_AT, 1000 + u16::from(what & 7));
        put(&mut frame, TCP_AT + 4, (*sequence >> 16) as u16);
        put(&mut frame, TCP_AT + 6, *sequence as u16);
        (*sequence, *id) = (sequence.wrapping_add(payload_bytes as u32), id.wrapping_add(1));
        if what & 8 != 0
            && let Some(place) = frame.get_mut(usize::from(place))
        {
            *place = byte;
        }
        if what & 16 == 0 {
            sign(&mut frame);
        }
        self.arrive(&frame);
        if what & 32 != 0 {
            self.take();
        }
    }

    fn arrive(&mut self, frame: &[u8]) {
        let mut classified = [Classified::default()];
        self.nic.classify(&[frame], &mut classified);
        let (now_ns, id) = (self.now_ns, FrameId(self.arrived));
        self.arrived += 1;
        let [classified] = &classified;
        let to = self.nic.steer(now_ns, frame, classified, &FlowKey::NONE);
        let buffers = &mut self.buffers;
        match self.nic.receive(now_ns, frame, classified, to, id, now_ns, buffers, &mut |_| {}) {
            Ok(received) => {
                self.merged += u64::from(received.fate == Fate::Merged);
                note(&mut self.sent, frame);
            }
            Err(_) => self.dropped += 1,
        }
        self.due();
    }

    fn due(&mut self) {
        if self.nic.lro_deadline_ns(QUEUE).is_some_and(|due_ns| due_ns <= self.now_ns) {
            self.nic.lro_timer(QUEUE, self.now_ns, &mut self.buffers, &mut |_| {});
        }
        assert!(self.nic.lro_deadline_ns(QUEUE).is_none_or(|due_ns| due_ns > self.now_ns), "held too long");
    }

    fn take(&mut self) {
        let mut out: Vec<RxPacket> = Vec::new();
        self.nic.take(QUEUE, self.now_ns, usize::MAX, &mut out);
        for packet in out {
            let frame = self.buffers.frame(&packet).collect::<Vec<_>>().concat();
            if packet.is_merged() {
                assert_eq!(
                    headers(&frame),
                    packet.headers,
                    "what the card says of a merged frame stands in it"
                );
            }
            note(&mut self.received, &frame);
            self.taken += 1;
            assert!(self.buffers.release(packet.buffer) > 0, "a frame held no buffer");
        }
        self.nic.refill(QUEUE, &mut self.buffers);
    }

    fn check(&self) {
        let ended = self.taken + self.dropped + self.merged;
        assert_eq!(self.arrived, ended + self.nic.pending(), "frames");
        assert_eq!(self.buffers.capacity(), self.buffers.free() + self.buffers.owned(), "buffers");
    }
}

/// The payload of a sound segment belongs to its connection's stream.
fn note(streams: &mut Streams, frame: &[u8]) {
    let headers = headers(frame);
    let sound = headers.fault.is_none()
        && headers.protocol() == TCP
        && headers.ip_layers == 1
        && !headers.is_fragment()
        && verify_ip_checksum(frame, &headers).is_ok()
        && verify_l4_checksum(frame, &headers).is_ok();
    let at = headers.payload_at();
    if sound
        && let Some(addresses) = frame.get(IP_AT + 12..).and_then(|rest| rest.first_chunk::<8>())
        && let Some(ports) = headers.l4_at().and_then(|at| frame.get(at..)?.first_chunk::<4>())
        && let Some(payload) = frame.get(at..at + headers.payload_len_bytes())
    {
        let mut connection = [0; 12];
        connection[..8].copy_from_slice(addresses);
        connection[8..].copy_from_slice(ports);
        streams.entry(connection).or_default().extend(payload);
    }
}

fn put(frame: &mut [u8], at: usize, value: u16) {
    if let Some(place) = frame.get_mut(at..at + 2) {
        place.copy_from_slice(&value.to_be_bytes());
    }
}

/// Checksums that are right for what the frame says now, as far as its headers lie where they should.
fn sign(frame: &mut [u8]) {
    put(frame, IP_AT + 10, 0);
    let ip = internet(&frame[IP_AT..TCP_AT]);
    put(frame, IP_AT + 10, ip);
    put(frame, TCP_AT + 16, 0);
    let (source, destination) = ([26, 27, 28, 29].map(|at| frame[at]), [30, 31, 32, 33].map(|at| frame[at]));
    let tcp = &frame[TCP_AT..];
    let sum = Sum::pseudo_v4(source, destination, TCP, tcp.len() as u16).add_bytes(tcp).checksum();
    put(frame, TCP_AT + 16, sum);
}

fn run(input: &[u8]) {
    let Some((&choice, steps)) = input.split_first() else { return };
    let mut driven = Driven::new(choice);
    for step in steps.as_chunks().0 {
        driven.step(*step);
        driven.check();
    }
    driven.now_ns += 10_000;
    driven.due();
    driven.take();
    driven.check();
    assert!(driven.sent == driven.received, "a connection's bytes come as they went");
}

fuzz::target!(run);
