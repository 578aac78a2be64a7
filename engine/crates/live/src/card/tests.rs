use super::*;
use crate::offers::Looked;
use crate::ports::Refused;
use nic::Classified;
use nic::rss::Table;
use stage::{DropReason, Verdict};
use wire::virtio_net::VirtioNetHeader;

/// Keeps what it is given, and refuses when told to.
#[derive(Default)]
struct Kept {
    frames: Vec<(QueueId, VirtioNetHeader, Vec<u8>)>,
    refuse: Option<Refused>,
    refusals: u32,
}

impl Outlet for Kept {
    fn write(&mut self, queue: QueueId, header: &VirtioNetHeader, pieces: &[&[u8]]) -> Result<(), Refused> {
        if let Some(refused) = self.refuse
            && self.refusals > 0
        {
            self.refusals -= 1;
            return Err(refused);
        }
        self.frames.push((queue, *header, pieces.concat()));
        Ok(())
    }
}

fn card(settings: &str, lossless: bool) -> Card {
    let document = format!("version = 1\n[observe]\nverdicts = true\n[nic]\n{settings}");
    let scenario = Scenario::parse(&document, graph::scenario::Format::Toml).unwrap();
    Card::new(scenario, &|key| Box::new(Table::new(key)), &[CpuId(1)], lossless).unwrap()
}

/// A frame of an EtherType nobody hashes, so of queue 0.
fn frame(number: u8, bytes: usize) -> Vec<u8> {
    let mut frame = vec![number; bytes];
    frame[12..14].copy_from_slice(&[0x88, 0xb5]);
    frame
}

fn receive(card: &mut Card, now_ns: Nanos, frame: &[u8]) {
    let mut looked = Looked::new();
    looked.at(&card.nic, &[frame]);
    let to = card.nic.steer(now_ns, frame, &looked.classified[0], &looked.keys[0]);
    card.receive(now_ns, now_ns, frame, &looked.classified[0], to);
}

fn outcome(card: Card) -> CardOutcome {
    let outcome = CardOutcome::new(card, 1_000, 0, false);
    assert_eq!(outcome.check_laws(), Ok(()));
    outcome
}

#[test]
fn frames_leave_as_they_came_in_pieces_of_any_number() {
    let (clock, mut kept) = (Clock::start(), Kept::default());
    let mut card = card("buffer_bytes = 256\nqueues = 2", false);
    let sent: Vec<_> =
        [60, 256, 257, 512, 9_000, 9_728].into_iter().zip(0..).map(|(n, i)| frame(i, n)).collect();
    for frame in &sent {
        receive(&mut card, 0, frame);
    }
    card.finish(&clock, &mut kept);
    let left: Vec<_> = kept.frames.iter().map(|(_, _, frame)| frame.clone()).collect();
    assert_eq!(left, sent);
    assert!(
        kept.frames
            .iter()
            .all(|(queue, header, _)| { (*queue, *header) == (QueueId(0), VirtioNetHeader::default()) })
    );
    let outcome = outcome(card);
    assert_eq!((outcome.tally().rx, outcome.tally().delivered), (6, 6));
}

#[test]
fn the_interrupt_is_waited_for() {
    let (clock, mut kept) = (Clock::start(), Kept::default());
    let mut card = card("queues = 1\ncoalesce = { rx_usecs = 50, rx_max_coalesced_frames = 3 }", false);
    receive(&mut card, 0, &frame(0, 60));
    receive(&mut card, 0, &frame(1, 60));
    assert_eq!(card.due_ns(), 50_000);
    card.step(49_999, &clock, &mut kept);
    assert_eq!(kept.frames.len(), 0);
    receive(&mut card, 49_999, &frame(2, 60));
    assert_eq!(card.due_ns(), 0);
    while card.due_ns() == 0 {
        // Frames of the future are not in the ring yet.
        card.step(clock.now_ns().max(50_000), &clock, &mut kept);
    }
    assert_eq!(kept.frames.len(), 3);
    assert_eq!(outcome(card).nic.queues()[0].counters().value(nic::NicCounter::Interrupts), 1);
}

#[test]
fn a_full_ring_and_a_refusal_are_drops_with_their_reasons() {
    let clock = Clock::start();
    let reason = DropReason::DevReady;
    let mut kept = Kept { refuse: Some(Refused { reason, gone: true }), refusals: 2, ..Kept::default() };
    let mut card = card("queues = 1\nring_size = 64\ncoalesce = { rx_usecs = 1000000 }", false);
    for number in 0..70 {
        receive(&mut card, 0, &frame(number, 60));
    }
    card.finish(&clock, &mut kept);
    assert!(card.gone());
    let outcome = outcome(card);
    let tally = outcome.tally();
    assert_eq!((tally.rx, tally.delivered), (70, 62));
    assert_eq!((tally.dropped(DropReason::RxMissed), tally.dropped(reason)), (6, 2));
    assert_eq!(outcome.observations().frames[1].verdict, Verdict::Dropped(reason));
}

#[test]
fn without_loss_a_kernel_that_is_behind_is_asked_again() {
    let clock = Clock::start();
    let refuse = Some(Refused { reason: DropReason::RxMissed, gone: false });
    for (lossless, delivered) in [(true, 1), (false, 0)] {
        let mut kept = Kept { refuse, refusals: 3, ..Kept::default() };
        let mut card = card("queues = 1", lossless);
        receive(&mut card, 0, &frame(0, 60));
        card.finish(&clock, &mut kept);
        assert_eq!(outcome(card).tally().delivered, delivered);
    }
}

#[test]
fn what_a_kernel_cannot_honour_is_refused_by_its_key() {
    for (document, key) in [
        ("version = 1\n[host.rps]\ncpus = [1]", "host.rps.cpus"),
        ("version = 1\n[steering]\nmode = \"callback\"", "steering.mode"),
        ("version = 1\n[[costs]]\nop = \"napi.poll\"\nns = 1.0\nsource = \"x\"", "costs"),
    ] {
        let scenario = Scenario::parse(document, graph::scenario::Format::Toml).unwrap();
        let refused = Card::new(scenario, &|key| Box::new(Table::new(key)), &[], false).err().unwrap();
        assert_eq!(refused.key, key);
    }
}

/// 10.78.0.2:20000 to 10.78.0.1:5001, eight bytes of payload.
const SEGMENT: [u8; 62] = [
    2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 48, 0, 1, 0x40, 0, 64, 6, 0x26, 0x32, 10, 78, 0, 2,
    10, 78, 0, 1, 0x4e, 0x20, 0x13, 0x89, 0, 0, 3, 0xe9, 0, 0, 0, 1, 0x50, 0x18, 0xff, 0xff, 0xaa, 0xaa, 0,
    0, 1, 2, 3, 4, 5, 6, 7, 8,
];

#[test]
fn a_merged_frame_leaves_with_a_header_that_says_so() {
    let payload: Vec<u8> = (1..=8 * 40).map(|i| i as u8).collect();
    let whole = [&SEGMENT[..54], payload.as_slice()].concat();
    let mut kept = Kept::default();
    let mut buffers = BufferPool::new(1, 16, 64);
    let mut packet =
        RxPacket { segments: 40, gso_bytes: 8, bytes: whole.len() as u32, ..RxPacket::default() };
    packet.headers = wire::walk::headers(&SEGMENT).lengthened(8 * 39);
    let mut last = None;
    for piece in whole.chunks(64) {
        let buffer = buffers.allocate(QueueId(0)).unwrap();
        buffers.bytes_mut(buffer)[..piece.len()].copy_from_slice(piece);
        match last.replace(buffer) {
            None => packet.buffer = buffer,
            Some(before) => buffers.link(before, buffer),
        }
    }
    hand_over::write(&packet, &buffers, &mut Vec::new(), &mut kept).unwrap();
    let (_, header, left) = &kept.frames[0];
    assert_eq!(header.bytes(), [1, 1, 54, 0, 8, 0, 34, 0, 16, 0]);
    assert_eq!(left[54..], payload);
    assert_eq!(left[16..18], (whole.len() as u16 - 14).to_be_bytes());
    assert_eq!(wire::walk::verify_ip_checksum(left, &wire::walk::headers(left)), Ok(()));
    // What is in the NIC's buffers is as it came.
    assert_eq!(buffers.frame(&packet).collect::<Vec<_>>().concat(), whole);

    // In a tunnel it is one long packet.
    packet.headers.ip_layers = 2;
    hand_over::write(&packet, &buffers, &mut Vec::new(), &mut kept).unwrap();
    assert_eq!(kept.frames[1], (QueueId(0), VirtioNetHeader::default(), whole));

    (packet.headers.ip_layers, packet.gso_bytes) = (1, 0);
    let refused = hand_over::write(&packet, &buffers, &mut Vec::new(), &mut kept).unwrap_err();
    assert_eq!(refused, Refused { reason: DropReason::DevHdr, gone: false });
}

/// The same segment `number` segments later, its checksum right.
fn segment(number: u8) -> Vec<u8> {
    let mut frame = SEGMENT.to_vec();
    frame[41] = 8 * number;
    frame[19] += number;
    frame[47] = if number == 2 { 0x18 } else { 0x10 };
    frame[24..26].fill(0);
    let ip = wire::checksum::internet(&frame[14..34]);
    frame[24..26].copy_from_slice(&ip.to_be_bytes());
    frame[50..52].fill(0);
    let addresses: Vec<u8> = frame[26..34].to_vec();
    let sum = wire::checksum::Sum::new().add_bytes(&addresses).add_u16(6).add_u16(28).add_bytes(&frame[34..]);
    frame[50..52].copy_from_slice(&sum.checksum().to_be_bytes());
    frame
}

#[test]
fn segments_are_merged_on_their_way_to_the_kernel_and_held_no_longer_than_they_may() {
    let (clock, mut kept) = (Clock::start(), Kept::default());
    let mut card = card(
        "queues = 1\ncoalesce = { rx_usecs = 0, rx_max_coalesced_frames = 1 }\nlro = { enabled = true, timer_us = 50 }",
        false,
    );
    for number in 0..3 {
        receive(&mut card, 0, &segment(number));
    }
    receive(&mut card, 10_000, &segment(3));
    // The driver's clock is behind nothing that follows.
    while clock.now_ns() < 100_000 {}
    while card.due_ns() < 60_000 {
        card.step(59_999, &clock, &mut kept);
    }
    assert_eq!((card.due_ns(), kept.frames.len()), (60_000, 1));
    while kept.frames.len() < 2 {
        card.step(80_000, &clock, &mut kept);
    }
    let seen: Vec<_> = kept.frames.iter().map(|(_, header, frame)| (header.gso_bytes, frame.len())).collect();
    assert_eq!(seen, [(8, 54 + 24), (0, 62)]);
    assert_eq!(kept.frames[1].2, segment(3));
    let outcome = outcome(card);
    assert_eq!((outcome.tally().rx, outcome.tally().delivered, outcome.tally().consumed), (4, 2, 2));
}

#[test]
fn a_ring_full_of_what_is_held_loses_nothing_where_nothing_may_be_lost() {
    let (clock, mut kept) = (Clock::start(), Kept::default());
    let mut card = card("queues = 1\nring_size = 64\nlro = { enabled = true, contexts = 100 }", true);
    for port in 0..200 {
        let mut frame = segment(0);
        frame[35] = port;
        // The source port and the checksum: what one gains, the other loses.
        let sum = u16::from_be_bytes([frame[50], frame[51]]);
        let sum = wire::checksum::Sum::new().add_u16(!sum).add_u16(!0x20).add_u16(u16::from(port)).checksum();
        frame[50..52].copy_from_slice(&sum.to_be_bytes());
        card.make_room(frame.len(), &Classified::default(), QueueId(0), &clock, &mut kept);
        receive(&mut card, 0, &frame);
    }
    card.finish(&clock, &mut kept);
    let outcome = outcome(card);
    assert_eq!((outcome.tally().delivered, kept.frames.len()), (200, 200));
}
