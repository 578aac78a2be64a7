//! Whole frames through the walk.

mod faults;
mod frames;
mod properties;
mod sums;
mod told;

use super::*;
use frames::{DNS, SYN, all};

fn general(frame: &[u8]) -> Headers {
    walk(Link::Ethernet, frame, &Limits::DATAPATH, &mut visit::Nothing)
}

#[test]
fn captured_syn() {
    let h = headers(&SYN);
    assert_eq!((h.fault, h.ethertype, h.vlans, h.labels, h.ip_layers), (None, 0x0800, 0, 0, 1));
    assert_eq!((h.outer.kind, h.outer.at(), h.l4_at(), h.protocol()), (L3::V4, 14, Some(34), 6));
    assert_eq!((h.payload_at(), h.payload_len_bytes(), h.inner.end()), (62, 0, 62));
    assert_eq!(h.outer, h.inner);
    assert_eq!(fast_ipv4(&SYN), Some(h));
    assert_eq!(general(&SYN), h);
}

#[test]
fn captured_query() {
    let h = headers(&DNS);
    assert_eq!((h.fault, h.l4_at(), h.protocol()), (None, Some(34), 17));
    assert_eq!((h.payload_at(), h.payload_len_bytes()), (42, 28));
}

#[test]
fn padding_is_no_payload() {
    let mut frame = DNS.to_vec();
    frame.resize(100, 0);
    assert_eq!(headers(&frame), headers(&DNS));
    assert_eq!(general(&frame), headers(&DNS));
}

/// Every frame of the set is sound, and every cut of it is told as a fault.
#[test]
fn cut_at_every_length() {
    for (name, frame) in all() {
        let whole = headers(&frame);
        assert_eq!(whole.fault, None, "{name}");
        for cut in 0..frame.len() {
            let h = headers(&frame[..cut]);
            assert!(h.fault.is_some(), "{name} cut to {cut}");
            assert!(h.inner.end() <= cut, "{name} cut to {cut}");
            assert!(h.payload_at() + h.payload_len_bytes() <= cut, "{name} cut to {cut}");
        }
    }
}

/// A snapped frame whose headers are there is sound: lengths are held against the wire.
#[test]
fn snapped_frame() {
    let h = walk_captured(Link::Ethernet, &DNS[..42], DNS.len(), &Limits::DISSECT, &mut visit::Nothing);
    assert_eq!(h, headers(&DNS));
}

#[test]
fn links() {
    let ip = &SYN[14..];
    let at = |link, frame: &[u8]| {
        let h = walk(link, frame, &Limits::DATAPATH, &mut visit::Nothing);
        (h.fault, h.outer.kind, h.outer.at(), h.l4_at())
    };
    let with = |head: &[u8]| [head, ip].concat();
    assert_eq!(at(Link::RawIp, ip), (None, L3::V4, 0, Some(20)));
    assert_eq!(at(Link::BsdNull, &with(&[2, 0, 0, 0])), (None, L3::V4, 4, Some(24)));
    assert_eq!(at(Link::BsdNull, &with(&[0, 0, 0, 2])), (None, L3::V4, 4, Some(24)));
    let v1 = [0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0];
    assert_eq!(at(Link::LinuxCooked, &with(&v1)), (None, L3::V4, 16, Some(36)));
    let v2 = [8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0];
    assert_eq!(at(Link::LinuxCooked2, &with(&v2)), (None, L3::V4, 20, Some(40)));
    for link in [Link::Ethernet, Link::RawIp, Link::BsdNull, Link::LinuxCooked, Link::LinuxCooked2] {
        assert_eq!(at(link, &[]).0, Some(Fault::Runt), "{link:?}");
    }
}
