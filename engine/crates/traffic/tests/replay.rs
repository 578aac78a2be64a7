//! Captures as a source: their own times, another load, pass after pass.
// Clippy sees tests in #[test] functions only, not in what they share.
#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use std::collections::HashSet;
use traffic::capture::{write_header, write_record};
use traffic::line::slot_bits;
use traffic::*;
use wire::walk::{headers, verify_ip_checksum, verify_l4_checksum};

const VARIETY: &[u8] = include_bytes!("../../../../datasets/captures/variety/variety.pcapng");
const FIRST_LIGHT: &[u8] = include_bytes!("../../../../datasets/captures/first_light/first_light.pcap");

fn source(capture: &[u8], timing: TimingConfig, repeat: bool, vary_addresses: bool) -> Source {
    let stream = CaptureConfig { file: "test".into(), timing, repeat, vary_addresses };
    let config = TrafficConfig { streams: vec![StreamConfig::Capture(stream)], ..TrafficConfig::default() };
    Source::with_captures(&config, 1, &[("test".to_owned(), capture.into())].into()).unwrap()
}

fn take(mut source: Source, count: usize) -> Vec<(Offer, Vec<u8>)> {
    let mut batch = source.batch();
    let mut taken = Vec::new();
    while taken.len() < count && source.fill(u64::MAX, &mut batch) > 0 {
        taken.extend(batch.iter().map(|(offer, bytes)| (*offer, bytes.to_vec())));
    }
    taken.truncate(count);
    taken
}

/// Three frames: 0, 10 and 40 µs after a second.
fn small() -> Vec<u8> {
    let mut bytes = Vec::new();
    write_header(&mut bytes, LinkType::RawIp);
    for (at_us, length) in [(0, 20), (10, 60), (40, 1514)] {
        write_record(&mut bytes, 1_000_000_000 + at_us * 1000, &vec![0x45; length], length as u32);
    }
    bytes
}

#[test]
fn recorded_times_begin_at_zero() {
    let frames = take(source(&small(), TimingConfig::Recorded, false, true), 99);
    let times: Vec<_> = frames.iter().map(|(o, _)| (o.sent_ns, o.bytes, o.wire_bytes, o.link)).collect();
    assert_eq!(
        times,
        [
            (0, 20, 64, LinkType::RawIp),
            (10_000, 60, 64, LinkType::RawIp),
            (40_000, 1514, 1518, LinkType::RawIp)
        ]
    );
    assert_eq!(frames[2].0.arrived_ns, 40_000 + 1221); // 1526 B at 10 Gb/s, rounded up
}

#[test]
fn a_stamp_that_steps_back_is_sent_with_its_predecessor() {
    let mut bytes = Vec::new();
    write_header(&mut bytes, LinkType::Ethernet);
    for at_ns in [5000, 9000, 7000, 3000, 9500] {
        write_record(&mut bytes, at_ns, &[0; 60], 60);
    }
    let frames = take(source(&bytes, TimingConfig::Recorded, false, true), 9);
    let sent: Vec<_> = frames.iter().map(|(o, _)| o.sent_ns).collect();
    assert_eq!(sent, [0, 4000, 4000, 4000, 4500]);
}

#[test]
fn passes_follow_at_the_mean_gap() {
    let frames = take(source(&small(), TimingConfig::Recorded, true, false), 7);
    let sent: Vec<_> = frames.iter().map(|(o, _)| o.sent_ns).collect();
    assert_eq!(sent, [0, 10_000, 40_000, 60_000, 70_000, 100_000, 120_000]);
    assert_eq!(frames[0].1, frames[3].1);
}

#[test]
fn a_scaled_capture_keeps_its_shape_at_the_load() {
    let offered = OfferedConfig::LineShare(0.5);
    let frames = take(source(&small(), TimingConfig::Scaled { offered }, true, false), 7);
    let bits = 2 * slot_bits(64) + slot_bits(1518);
    let pass_ns = bits.div_ceil(5); // 5 Gb/s
    let sent: Vec<_> = frames.iter().map(|(o, _)| o.sent_ns).collect();
    assert_eq!(sent[..4], [0, pass_ns / 6, pass_ns * 2 / 3, pass_ns]);
    assert_eq!(sent[6], 2 * pass_ns);
}

#[test]
fn a_paced_capture_is_even_at_the_load() {
    let offered = OfferedConfig::FramesPerSecond(1_000_000);
    let frames = take(source(&small(), TimingConfig::Paced { offered }, true, false), 100);
    assert!(frames.iter().enumerate().all(|(i, (o, _))| o.sent_ns == i as u64 * 1000));
}

/// Frames of three passes; each must be as sound, or as unsound, as its record.
fn three_passes(capture: &[u8]) -> Vec<(Offer, Vec<u8>)> {
    let timing = TimingConfig::Paced { offered: OfferedConfig::LineShare(1.0) };
    let recorded = Capture::read(capture).unwrap();
    let count = recorded.records.len();
    let frames = take(source(capture, timing, true, true), 3 * count);
    for (i, (offer, bytes)) in frames.iter().enumerate() {
        let record = &recorded.records[i % count];
        let original = recorded.frame(record);
        assert_eq!((offer.bytes, offer.link), (record.captured_bytes, record.link));
        if record.link != LinkType::Ethernet {
            continue;
        }
        let (now, before) = (headers(bytes), headers(original));
        assert_eq!(now, before);
        assert_eq!(verify_ip_checksum(bytes, &now), verify_ip_checksum(original, &before));
        assert_eq!(verify_l4_checksum(bytes, &now), verify_l4_checksum(original, &before), "frame {i}");
    }
    frames
}

#[test]
fn each_pass_over_a_real_capture_is_a_new_set_of_flows() {
    let frames = three_passes(FIRST_LIGHT);
    let tuples = |frames: &[(Offer, Vec<u8>)]| -> HashSet<Vec<u8>> {
        let is_flow =
            |bytes: &&Vec<u8>| [6, 17].contains(&headers(bytes).protocol()) && bytes[12..14] == [8, 0];
        frames.iter().map(|(_, bytes)| bytes).filter(is_flow).map(|bytes| bytes[26..38].to_vec()).collect()
    };
    let passes: Vec<_> = frames.chunks(frames.len() / 3).map(tuples).collect();
    let together: HashSet<_> = passes.iter().flatten().collect();
    assert!(passes[0].len() > 10);
    assert_eq!(together.len(), 3 * passes[0].len());
}

#[test]
fn strange_frames_are_varied_without_harm() {
    assert!(three_passes(VARIETY).len() > 100);
}

proptest! {
    #[test]
    fn any_bytes_may_be_a_captured_frame(
        number in prop::sample::select(vec![0u32, 1, 101, 108, 113, 228, 229, 276]),
        at in 0usize..3000,
        changes in prop::collection::vec((0usize..80, any::<u8>()), 0..6),
        length in 0usize..120,
    ) {
        let recorded = Capture::read(FIRST_LIGHT).unwrap();
        let mut frame = recorded.frame(&recorded.records[at]).to_vec();
        for (at, value) in changes {
            if let Some(byte) = frame.get_mut(at) {
                *byte = value;
            }
        }
        frame.truncate(length);
        let mut bytes = Vec::new();
        write_header(&mut bytes, LinkType::from_number(number).unwrap());
        write_record(&mut bytes, 0, &frame, length as u32);
        let frames = take(source(&bytes, TimingConfig::Recorded, true, true), 4);
        prop_assert_eq!(&frames[0].1, &frame);
        prop_assert!(frames.iter().all(|(offer, bytes)| bytes.len() == frame.len() && offer.bytes as usize == frame.len()));
    }
}

#[test]
fn a_capture_that_is_missing_empty_or_damaged_is_refused() {
    let refused = |name: &str, bytes: &[u8]| {
        let stream = CaptureConfig {
            file: "test".into(),
            timing: TimingConfig::Recorded,
            repeat: false,
            vary_addresses: true,
        };
        let config =
            TrafficConfig { streams: vec![StreamConfig::Capture(stream)], ..TrafficConfig::default() };
        let captures = [(name.to_owned(), bytes.into())].into();
        Source::with_captures(&config, 1, &captures).unwrap_err().to_string()
    };
    let mut empty = Vec::new();
    write_header(&mut empty, LinkType::Ethernet);
    assert_eq!(refused("other", &empty), "streams[0].capture.file: found test, allowed is one of [other]");
    assert!(refused("test", &empty).contains("no frames"));
    assert!(refused("test", b"nonsense").contains("magic at byte 0: found 6e6f6e73"));
}
