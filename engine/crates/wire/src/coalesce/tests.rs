//! Cases that Linux 6.18 was asked about; `tests/system/test_lro_kernel.py` asks the running kernel again.

use super::*;
use crate::checksum::Sum;
use crate::protocol;
use crate::tcp::{self, TcpHeader, flag};
use crate::walk;
use proptest::prelude::*;

const LIMITS: Limits = Limits { segments: u16::MAX, bytes: 65_535 };
const V4: ([u8; 4], [u8; 4]) = ([192, 0, 2, 1], [198, 51, 100, 1]);
const V6: ([u8; 16], [u8; 16]) = ([0x20; 16], [0x21; 16]);

/// A segment and everything around it.
#[derive(Clone)]
struct Made<'a> {
    source_mac: u8,
    tag: Option<u16>,
    version: u8,
    tos: u8,
    ttl: u8,
    id: u16,
    fragment: u16,
    label: u32,
    extension: &'a [u8],
    source_port: u16,
    sequence: u32,
    ack: u32,
    flags: u16,
    window: u16,
    options: &'a [u8],
    payload: &'a [u8],
    /// In an IPv4 tunnel with this identification.
    tunnel: Option<u16>,
    padding: usize,
}

const FIRST: Made<'static> = Made {
    source_mac: 1,
    tag: None,
    version: 4,
    tos: 0,
    ttl: 64,
    id: 1,
    fragment: 0x4000,
    label: 0,
    extension: &[],
    source_port: 1000,
    sequence: 1000,
    ack: 5,
    flags: flag::ACK,
    window: 100,
    options: &[],
    payload: &[b'a'; 100],
    tunnel: None,
    padding: 0,
};

const NEXT: Made<'static> = Made { id: 2, sequence: 1100, payload: &[b'b'; 100], ..FIRST };

impl Made<'_> {
    fn frame(&self) -> Vec<u8> {
        let mut segment = vec![0; 20 + self.options.len()];
        let header = TcpHeader {
            src_port: self.source_port,
            dst_port: 80,
            seq: self.sequence,
            ack: self.ack,
            flags: self.flags,
            window: self.window,
            checksum: 0,
            urgent: 0,
            options: self.options,
        };
        header.emit(&mut segment).unwrap();
        segment.extend(self.payload);
        let bytes = segment.len();
        let pseudo = match self.version {
            4 => Sum::pseudo_v4(V4.0, V4.1, protocol::TCP, bytes as u16),
            _ => Sum::pseudo_v6(V6.0, V6.1, protocol::TCP, bytes as u32),
        };
        let checksum = tcp::checksum(pseudo, &segment);
        segment[16..18].copy_from_slice(&checksum.to_be_bytes());
        let packet = match self.version {
            4 => ipv4(self.tos, self.id, self.fragment, self.ttl, protocol::TCP, V4, &segment),
            _ => {
                let first = 6 << 28 | u32::from(self.tos) << 20 | self.label;
                let next = if self.extension.is_empty() { protocol::TCP } else { protocol::DESTINATION };
                let length = (self.extension.len() + segment.len()) as u16;
                let fixed =
                    [first.to_be_bytes().as_slice(), &length.to_be_bytes(), &[next, self.ttl]].concat();
                [&fixed, V6.0.as_slice(), V6.1.as_slice(), self.extension, &segment].concat()
            }
        };
        let packet = match self.tunnel {
            Some(id) => {
                let inner = if self.version == 4 { protocol::IPV4 } else { protocol::IPV6 };
                ipv4(0, id, 0x4000, 9, inner, ([10, 0, 0, 1], [10, 0, 0, 2]), &packet)
            }
            None => packet,
        };
        let ethertype: u16 = if packet[0] >> 4 == 4 { 0x0800 } else { 0x86dd };
        let mut frame = vec![2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, self.source_mac];
        if let Some(tag) = self.tag {
            frame.extend([0x81, 0]);
            frame.extend(tag.to_be_bytes());
        }
        frame.extend(ethertype.to_be_bytes());
        frame.extend(packet);
        frame.extend(vec![0; self.padding]);
        frame
    }
}

fn ipv4(
    tos: u8,
    id: u16,
    fragment: u16,
    ttl: u8,
    protocol: u8,
    (source, destination): ([u8; 4], [u8; 4]),
    payload: &[u8],
) -> Vec<u8> {
    let mut header = vec![0x45, tos];
    for word in [20 + payload.len() as u16, id, fragment] {
        header.extend(word.to_be_bytes());
    }
    header.extend([ttl, protocol, 0, 0]);
    header.extend(source);
    header.extend(destination);
    let checksum = crate::checksum::internet(&header);
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    header.extend(payload);
    header
}

fn reading(frame: &[u8], trim: bool) -> Reading {
    let headers = walk::headers(frame);
    let sound =
        walk::verify_ip_checksum(frame, &headers).and_then(|()| walk::verify_l4_checksum(frame, &headers));
    let checksum = Checksum::of(sound.is_ok() && headers.fault.is_none(), headers.fault.or(sound.err()));
    read(frame, frame.len(), &headers, checksum, trim)
}

fn segment(frame: &[u8]) -> Segment {
    match reading(frame, false) {
        Reading::Joins(segment) | Reading::Ends(segment) => segment,
        other => panic!("{other:?}"),
    }
}

/// Merge the frames into one, or say at which one it ends and why.
fn merge(frames: &[Vec<u8>], stamps: Stamps) -> Result<Vec<u8>, (usize, Refusal)> {
    let (first, rest) = frames.split_first().unwrap();
    let mut aggregate = Aggregate::default();
    let lead = segment(first);
    assert!(lead.may_lead());
    aggregate.begin(first, &lead, stamps);
    let mut payload = first[lead.header_bytes()..].to_vec();
    for (i, frame) in rest.iter().enumerate() {
        let next = segment(frame);
        aggregate.judge(frame, &next, &LIMITS).map_err(|refusal| (i + 1, refusal))?;
        aggregate.append(frame, &next);
        payload.extend(&frame[next.header_bytes()..]);
    }
    assert_eq!((usize::from(aggregate.segments()), aggregate.mss()), (frames.len(), lead.payload_bytes));
    let mut header = [0; MAX_HEADER_BYTES];
    let bytes = aggregate.write_header(&mut header);
    Ok([&header[..bytes], payload.as_slice()].concat())
}

fn refusal(first: &Made<'_>, next: &Made<'_>) -> Option<Refusal> {
    merge(&[first.frame(), next.frame()], Stamps::Equal).err().map(|(_, refusal)| refusal)
}

#[test]
fn two_segments_become_the_one_that_would_have_been_sent() {
    const EXTENSION: &[u8] = &[6, 0, 1, 4, 0, 0, 0, 0];
    const STAMP: &[u8] = &[1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8];
    let forms = [
        FIRST,
        Made { tag: Some(5), options: STAMP, ..FIRST },
        Made { version: 6, label: 7, ..FIRST },
        Made { version: 6, extension: EXTENSION, options: STAMP, ..FIRST },
        Made { tunnel: Some(9), ..FIRST },
        Made { version: 6, tunnel: Some(9), tag: Some(1), ..FIRST },
        Made { payload: &[7; 33], ..FIRST },
    ];
    for first in forms {
        let sequence = first.sequence + first.payload.len() as u32;
        let second = Made { id: 2, sequence, tunnel: first.tunnel.map(|id| id + 1), ..first.clone() };
        let last = Made {
            id: 3,
            sequence: sequence + first.payload.len() as u32,
            payload: b"short one",
            flags: flag::ACK | flag::PSH | flag::FIN,
            tunnel: first.tunnel.map(|id| id + 2),
            ..first.clone()
        };
        let whole = [first.payload, second.payload, last.payload].concat();
        let expected = Made { payload: &whole, flags: last.flags, ..first.clone() }.frame();
        assert_eq!(merge(&[first.frame(), second.frame(), last.frame()], Stamps::Equal), Ok(expected));
    }
}

#[test]
fn what_differs_is_named() {
    let six = Made { version: 6, ..FIRST };
    let next_six = Made { version: 6, ..NEXT };
    let cases: [(Made<'_>, Made<'_>, Refusal); 24] = [
        (FIRST, Made { source_mac: 3, ..NEXT }, Refusal::Link),
        (Made { tag: Some(1), ..FIRST }, Made { tag: Some(2), ..NEXT }, Refusal::Link),
        (FIRST, Made { tag: Some(2), ..NEXT }, Refusal::Link),
        (FIRST, Made { tos: 2, ..NEXT }, Refusal::Tos),
        (six.clone(), Made { tos: 0x20, ..next_six.clone() }, Refusal::Tos),
        (FIRST, Made { ttl: 63, ..NEXT }, Refusal::Ttl),
        (six.clone(), Made { ttl: 63, ..next_six.clone() }, Refusal::Ttl),
        (six.clone(), Made { label: 1, ..next_six.clone() }, Refusal::Network),
        (six.clone(), Made { extension: &[6, 0, 1, 4, 0, 0, 0, 0], ..next_six }, Refusal::Network),
        (FIRST, Made { fragment: 0, ..NEXT }, Refusal::Network),
        (FIRST, Made { id: 3, ..NEXT }, Refusal::Id),
        (FIRST, Made { id: 0, ..NEXT }, Refusal::Id),
        (Made { tunnel: Some(1), ..FIRST }, Made { tunnel: Some(5), ..NEXT }, Refusal::Id),
        (FIRST, Made { flags: flag::ACK | flag::CWR, ..NEXT }, Refusal::Control),
        (FIRST, Made { flags: flag::ACK | flag::URG, ..NEXT }, Refusal::Control),
        (FIRST, Made { flags: 0, ..NEXT }, Refusal::Control),
        (Made { flags: 0, ..FIRST }, Made { flags: 0, ..NEXT }, Refusal::Control),
        (FIRST, Made { flags: flag::ACK | flag::ECE, ..NEXT }, Refusal::Flags),
        (FIRST, Made { options: &[1, 1, 1, 1], ..NEXT }, Refusal::Flags),
        (FIRST, Made { window: 99, ..NEXT }, Refusal::Window),
        (FIRST, Made { ack: 6, ..NEXT }, Refusal::Ack),
        (FIRST, Made { sequence: 1101, ..NEXT }, Refusal::Sequence),
        (FIRST, FIRST, Refusal::Sequence),
        (FIRST, Made { payload: &[0; 101], ..NEXT }, Refusal::Longer),
    ];
    for (i, (first, next, expected)) in cases.iter().enumerate() {
        assert_eq!(refusal(first, next), Some(*expected), "case {i}");
    }
    assert_eq!(refusal(&FIRST, &Made { payload: &[], ..NEXT }), Some(Refusal::Empty));
    assert_eq!(refusal(&FIRST, &NEXT), None);
}

#[test]
fn an_identification_stays_or_counts_up() {
    let chain = |ids: &[u16]| {
        let frames: Vec<_> = ids
            .iter()
            .enumerate()
            .map(|(i, id)| Made { id: *id, sequence: 1000 + 100 * i as u32, ..FIRST }.frame())
            .collect();
        merge(&frames, Stamps::Equal).err().map(|(at, _)| at)
    };
    assert_eq!(chain(&[7, 7, 7]), None);
    assert_eq!(chain(&[65_535, 0, 1]), None);
    assert_eq!(chain(&[7, 7, 8]), Some(2));
    assert_eq!(chain(&[7, 8, 8]), Some(2));
    assert_eq!(chain(&[7, 9]), Some(1));
}

#[test]
fn what_may_not_lead_or_follow() {
    for flags in [flag::SYN, flag::ACK | flag::PSH, flag::ACK | flag::FIN, flag::RST, flag::ACK | flag::URG] {
        assert!(!segment(&Made { flags, ..FIRST }.frame()).may_lead(), "{flags:#x}");
    }
    assert!(!segment(&Made { payload: &[], ..FIRST }.frame()).may_lead());
    let reading = |made: Made<'_>| self::reading(&made.frame(), false);
    assert!(matches!(reading(FIRST), Reading::Joins(_)));
    assert!(matches!(reading(Made { padding: 4, ..FIRST }), Reading::Ends(_)));
    assert!(matches!(reading(Made { fragment: 0x8000, ..FIRST }), Reading::Ends(_)), "the reserved flag");
    assert!(matches!(reading(Made { fragment: 0x2000, ..FIRST }), Reading::Passes(_)));
    assert_eq!(reading(Made { fragment: 0x0001, ..FIRST }), Reading::Apart);
    let mut wrong = FIRST.frame();
    wrong[14 + 20 + 25] ^= 1;
    assert_eq!(self::reading(&wrong, false), Reading::Apart);
    let mut wrong = Made { tunnel: Some(1), ..FIRST }.frame();
    wrong[14 + 20 + 8] ^= 1;
    assert_eq!(self::reading(&wrong, false), Reading::Apart, "the inner IPv4 header");
}

#[test]
fn padding_is_cut_off_if_asked() {
    let padded = Made { payload: b"x", padding: 5, ..FIRST }.frame();
    let Reading::Joins(segment) = reading(&padded, true) else { panic!() };
    assert_eq!(segment.payload_bytes, 1);
}

#[test]
fn timestamps_may_rise_if_asked() {
    const OLD: &[u8] = &[1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 1];
    const NEW: &[u8] = &[1, 1, 8, 10, 0, 1, 0, 7, 0, 0, 0, 2];
    const BOTH: &[u8] = &[1, 1, 8, 10, 0, 1, 0, 7, 0, 0, 0, 1];
    let frames =
        |first, next| [Made { options: first, ..FIRST }.frame(), Made { options: next, ..NEXT }.frame()];
    assert_eq!(merge(&frames(OLD, NEW), Stamps::Equal), Err((1, Refusal::Options)));
    assert_eq!(merge(&frames(NEW, OLD), Stamps::Rising), Err((1, Refusal::Options)));
    let whole = [FIRST.payload, NEXT.payload].concat();
    let expected = Made { options: BOTH, payload: &whole, ..FIRST }.frame();
    assert_eq!(merge(&frames(OLD, NEW), Stamps::Rising), Ok(expected));
}

#[test]
fn limits_hold() {
    let payload = [0; 1460];
    let frames: Vec<_> = (0..50)
        .map(|i| Made { id: i, sequence: 1460 * u32::from(i), payload: &payload, ..FIRST }.frame())
        .collect();
    // 44 x 1460 + 40 = 64280; one more would be 65740.
    assert_eq!(merge(&frames, Stamps::Equal), Err((44, Refusal::Bytes)));
    let mut aggregate = Aggregate::default();
    aggregate.begin(&frames[0], &segment(&frames[0]), Stamps::Equal);
    let limits = Limits { segments: 1, ..LIMITS };
    assert_eq!(aggregate.judge(&frames[1], &segment(&frames[1]), &limits), Err(Refusal::Segments));
}

#[test]
fn flows_are_told_apart() {
    let mut aggregate = Aggregate::default();
    let first = Made { version: 6, tag: Some(3), ..FIRST }.frame();
    aggregate.begin(&first, &segment(&first), Stamps::Equal);
    let is_of = |made: Made<'_>, told| {
        let frame = made.frame();
        let flow = match reading(&frame, false) {
            Reading::Joins(s) | Reading::Ends(s) => s.flow,
            other => panic!("{other:?}"),
        };
        aggregate.is_of(&frame, &flow, told)
    };
    let like = || Made { version: 6, tag: Some(3), ..NEXT };
    for (made, connection, linux) in [
        (like(), true, true),
        (Made { tos: 9, ttl: 3, window: 1, padding: 3, ..like() }, true, true),
        (Made { source_mac: 3, ..like() }, true, false),
        (Made { label: 3, ..like() }, true, false),
        (Made { extension: &[6, 0, 1, 4, 0, 0, 0, 0], ..like() }, true, false),
        (Made { tag: Some(4), ..like() }, false, false),
        (Made { source_port: 4, ..like() }, false, false),
        (Made { version: 4, ..like() }, false, false),
        (Made { tunnel: Some(4), ..like() }, false, false),
    ] {
        assert_eq!(
            (is_of(made.clone(), Told::ByConnection), is_of(made, Told::AsLinux)),
            (connection, linux)
        );
    }
}

proptest! {
    /// Any bytes in any order: nothing panics, and what is merged sums up right.
    #[test]
    fn nothing_is_assumed_of_bytes(frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..6), damage in prop::collection::vec((0usize..160, any::<u8>()), 0..6)) {
        let mut frames = frames;
        frames.push(FIRST.frame());
        frames.push(NEXT.frame());
        for (i, (at, byte)) in damage.into_iter().enumerate() {
            let n = frames.len();
            if let Some(place) = frames[n - 1 - i % 2].get_mut(at) { *place = byte; }
        }
        let mut aggregate = Aggregate::default();
        let mut leading = false;
        for frame in &frames {
            let headers = walk::headers(frame);
            for checksum in [Checksum::Good, Checksum::Unknown, Checksum::Wrong] {
                let Reading::Joins(segment) = read(frame, frame.len(), &headers, checksum, true) else { continue };
                prop_assert!(segment.header_bytes() + segment.payload_bytes as usize <= frame.len());
                segment.flow.hash(frame, 1);
                if leading && aggregate.judge(frame, &segment, &LIMITS).is_ok() {
                    aggregate.append(frame, &segment);
                } else if segment.may_lead() {
                    aggregate.begin(frame, &segment, Stamps::Rising);
                    leading = true;
                }
            }
        }
        if leading {
            aggregate.write_header(&mut [0; MAX_HEADER_BYTES]);
        }
    }

    /// Payload of any length cut anywhere, odd places included, gives the checksum of the whole.
    #[test]
    fn the_checksum_is_that_of_the_whole(payload in prop::collection::vec(any::<u8>(), 2..400), mss in 1usize..200, v6: bool) {
        let version = if v6 { 6 } else { 4 };
        let frames: Vec<_> = payload.chunks(mss).enumerate().map(|(i, piece)| {
            Made { version, id: i as u16, sequence: (i * mss) as u32, payload: piece, ..FIRST }.frame()
        }).collect();
        let whole = Made { version, id: 0, sequence: 0, payload: &payload, ..FIRST }.frame();
        prop_assert_eq!(merge(&frames, Stamps::Equal), Ok(whole));
    }
}
