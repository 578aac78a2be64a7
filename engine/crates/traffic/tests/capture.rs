//! Captures: what is read, what is refused, and that no bytes make the reader panic.
// Clippy sees tests in #[test] functions only, not in what they share.
#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use traffic::LinkType;
use traffic::capture::{Capture, write_header, write_record};

/// A file made from numbers in one byte order.
struct File {
    bytes: Vec<u8>,
    big_endian: bool,
}

impl File {
    fn new(big_endian: bool) -> Self {
        File { bytes: Vec::new(), big_endian }
    }

    fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes.extend(if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() });
        self
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes.extend(if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() });
        self
    }

    fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend(bytes);
        self
    }

    fn pcap(big_endian: bool, magic: u32, link: u32) -> Self {
        let mut file = File::new(big_endian);
        file.u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65_535).u32(link);
        file
    }

    fn pcap_record(&mut self, seconds: u32, fraction: u32, frame: &[u8], original: u32) -> &mut Self {
        self.u32(seconds).u32(fraction).u32(frame.len() as u32).u32(original).raw(frame)
    }

    /// A block whose body is made by `body`, padded, with its length before and behind.
    fn block(&mut self, kind: u32, body: impl Fn(&mut File)) -> &mut Self {
        let mut inner = File::new(self.big_endian);
        body(&mut inner);
        inner.bytes.resize(inner.bytes.len().next_multiple_of(4), 0);
        let length = inner.bytes.len() as u32 + 12;
        self.u32(kind).u32(length).raw(&inner.bytes).u32(length)
    }

    fn section(&mut self) -> &mut Self {
        self.block(0x0a0d_0d0a, |b| {
            b.u32(0x1a2b_3c4d).u16(1).u16(0).u32(u32::MAX).u32(u32::MAX);
        })
    }

    fn interface(&mut self, link: u16, snap_bytes: u32, options: impl Fn(&mut File)) -> &mut Self {
        self.block(1, |b| {
            b.u16(link).u16(0).u32(snap_bytes);
            options(b);
        })
    }

    fn enhanced(&mut self, interface: u32, ticks: u64, frame: &[u8], original: u32) -> &mut Self {
        self.block(6, |b| {
            b.u32(interface).u32((ticks >> 32) as u32).u32(ticks as u32);
            b.u32(frame.len() as u32).u32(original).raw(frame);
        })
    }

    fn read(&self) -> Capture {
        Capture::read(self.bytes.as_slice()).unwrap()
    }

    fn refused(&self) -> (usize, &'static str, String) {
        let error = Capture::read(self.bytes.as_slice()).unwrap_err();
        (error.offset_bytes, error.field, error.found)
    }
}

fn frames(capture: &Capture) -> Vec<(u64, Vec<u8>, u32, LinkType)> {
    let tuple = |r: &traffic::capture::Record| (r.at_ns, capture.frame(r).to_vec(), r.original_bytes, r.link);
    capture.records.iter().map(tuple).collect()
}

#[test]
fn pcap_is_read_in_either_order_and_resolution() {
    for big_endian in [false, true] {
        for (magic, fraction_ns) in [(0xa1b2_c3d4, 1000), (0xa1b2_3c4d, 1)] {
            let mut file = File::pcap(big_endian, magic, 1);
            file.pcap_record(7, 5, b"abc", 3).pcap_record(8, 0, b"de", 90);
            assert_eq!(
                frames(&file.read()),
                [
                    (7_000_000_000 + 5 * fraction_ns, b"abc".to_vec(), 3, LinkType::Ethernet),
                    (8_000_000_000, b"de".to_vec(), 90, LinkType::Ethernet),
                ]
            );
        }
    }
}

#[test]
fn a_recorded_fcs_is_left_off() {
    let mut file = File::pcap(false, 0xa1b2_c3d4, 0x2400_0001);
    file.pcap_record(0, 0, b"frameFCS4", 9).pcap_record(0, 0, b"fra", 9);
    let lengths: Vec<_> = file.read().records.iter().map(|r| (r.captured_bytes, r.original_bytes)).collect();
    assert_eq!(lengths, [(5, 5), (3, 5)]);
}

#[test]
fn pcapng_has_interfaces_resolutions_and_sections() {
    for big_endian in [false, true] {
        let mut file = File::new(big_endian);
        file.section().interface(1, 0, |_| {});
        file.interface(101, 0, |b| {
            b.u16(2).u16(3).raw(b"eth\0").u16(9).u16(1).raw(&[9, 0, 0, 0]).u16(0).u16(0);
        });
        file.interface(276, 0, |b| {
            // 2^-10 s, one hour later.
            b.u16(9).u16(1).raw(&[0x8a, 0, 0, 0]).u16(14).u16(8);
            if b.big_endian {
                b.u32(0).u32(3600)
            } else {
                b.u32(3600).u32(0)
            };
        });
        file.block(0x0bad, |b| {
            b.raw(b"unknown");
        });
        file.enhanced(0, 1_000_001, b"one", 3)
            .enhanced(1, 5_000_000_007, b"two!", 1500)
            .enhanced(2, 1536, b"3", 1);
        file.block(2, |b| {
            b.u16(1).u16(77).u32(1).u32(5).u32(3).u32(3).raw(b"old");
        });
        // A second section begins with no interfaces, in its own byte order.
        let mut second = File::new(!big_endian);
        second.section().interface(113, 4, |_| {}).block(3, |b| {
            b.u32(6).raw(b"four");
        });
        file.raw(&second.bytes);
        assert_eq!(
            frames(&file.read()),
            [
                (1_000_001_000, b"one".to_vec(), 3, LinkType::Ethernet),
                (5_000_000_007, b"two!".to_vec(), 1500, LinkType::RawIp),
                (3_601_500_000_000, b"3".to_vec(), 1, LinkType::LinuxCooked2),
                (4_294_967_301, b"old".to_vec(), 3, LinkType::RawIp),
                (4_294_967_301, b"four".to_vec(), 6, LinkType::LinuxCooked),
            ]
        );
    }
}

#[test]
fn what_is_no_capture_is_refused_by_place_and_value() {
    let mut file = File::new(false);
    assert_eq!(file.refused(), (0, "magic", "0 bytes".into()));
    file.raw(b"GIF89a");
    assert_eq!(file.refused(), (0, "magic", "47494638".into()));
    assert_eq!(File::pcap(false, 0xa1b2_c3d4, 105).refused(), (20, "link type", "105 (802.11)".into()));
    let mut short = File::pcap(true, 0xa1b2_c3d4, 1);
    short.bytes.truncate(23);
    assert_eq!(short.refused(), (0, "file header", "23 bytes".into()));
    let mut long = File::pcap(false, 0xa1b2_c3d4, 1);
    long.u32(0).u32(0).u32(262_145).u32(u32::MAX);
    assert_eq!(long.refused(), (32, "captured length", "262145".into()));
    let mut orphan = File::new(false);
    orphan.section().enhanced(3, 0, b"x", 1);
    assert_eq!(orphan.refused(), (36, "interface", "3 of 0".into()));
    let mut crooked = File::new(false);
    crooked.section().u32(1).u32(21).raw(&[0; 30]);
    assert_eq!(crooked.refused(), (32, "block length", "21".into()));
    let mut unlike = File::new(false);
    unlike.section().u32(5).u32(12).u32(16);
    assert_eq!(unlike.refused(), (36, "block length", "16 behind a block of 12".into()));
}

#[test]
fn an_interface_no_packet_uses_may_be_of_any_type() {
    let mut file = File::new(false);
    file.section().interface(220, 0, |_| {}).interface(1, 0, |_| {}).enhanced(1, 0, b"x", 1);
    assert_eq!(file.read().records.len(), 1);
    file.enhanced(0, 0, b"x", 1);
    assert_eq!(file.refused().2, "220 (USB)");
}

#[test]
fn link_types_have_their_registered_numbers() {
    for number in [0, 1, 101, 108, 113, 228, 229, 276] {
        assert_eq!(LinkType::from_number(number).unwrap().number(), number);
    }
    assert_eq!(LinkType::from_number(12), Some(LinkType::RawIp));
    assert_eq!(LinkType::from_number(127), None);
}

fn samples() -> Vec<Vec<u8>> {
    let mut pcap = File::pcap(true, 0xa1b2_c3d4, 1);
    pcap.pcap_record(1, 2, b"first", 5).pcap_record(3, 4, b"second", 60);
    let mut pcapng = File::new(false);
    pcapng.section().interface(1, 64, |b| {
        b.u16(9).u16(1).raw(&[9, 0, 0, 0]);
    });
    pcapng.enhanced(0, 1, b"first", 5).block(3, |b| {
        b.u32(6).raw(b"second");
    });
    vec![pcap.bytes, pcapng.bytes]
}

#[test]
fn a_file_cut_off_keeps_the_frames_before() {
    for sample in samples() {
        let whole = Capture::read(sample.as_slice()).unwrap();
        assert_eq!((whole.records.len(), whole.truncated), (2, None));
        let second = whole.records[1].offset_bytes;
        for length in second..sample.len() {
            let cut = Capture::read(&sample[..length]).unwrap();
            assert_eq!(cut.records, whole.records[..1], "{length} of {}", sample.len());
            let truncated = cut.truncated.unwrap();
            assert_eq!(truncated.offset_bytes as u64 + truncated.found_bytes, length as u64);
            assert_eq!(truncated.offset_bytes as u64 + truncated.needed_bytes, sample.len() as u64);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn no_mutation_panics_or_leads_outside(
        which in 0usize..2,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        keep in 0usize..400,
    ) {
        let mut bytes = samples().swap_remove(which);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(keep);
        let length = bytes.len();
        if let Ok(capture) = Capture::read(bytes) {
            for record in &capture.records {
                prop_assert_eq!(capture.frame(record).len(), record.captured_bytes as usize);
                prop_assert!(record.offset_bytes + record.captured_bytes as usize <= length);
            }
        }
    }

    #[test]
    fn what_is_written_is_read(
        written in prop::collection::vec((0u64..4_000_000_000_000_000_000, prop::collection::vec(any::<u8>(), 0..99), 0u32..200), 0..20)
    ) {
        let mut bytes = Vec::new();
        write_header(&mut bytes, LinkType::RawIpv6);
        for (at_ns, frame, beyond) in &written {
            write_record(&mut bytes, *at_ns, frame, frame.len() as u32 + beyond);
        }
        let expected: Vec<_> = written
            .into_iter()
            .map(|(at_ns, frame, beyond)| (at_ns, frame.clone(), frame.len() as u32 + beyond, LinkType::RawIpv6))
            .collect();
        prop_assert_eq!(frames(&Capture::read(bytes).unwrap()), expected);
    }
}
