//! New flows from a recorded one: each pass over a capture gets other source addresses, checksums kept as right or
//! wrong as they were.

use crate::capture::LinkType;
use wire::checksum::update_bytes;
use wire::protocol;
use wire::walk::{L3, Layer, Limits, Visit, walk};

/// Wants to know where headers are, not what they say.
struct Offsets;

impl Visit for Offsets {}

/// Shift the outer IP source address of a frame for pass `pass` (pass 0 stays as recorded).
///
/// IPv4 changes its second and third byte, so 65 536 passes differ; IPv6 its third and fourth, and fifth and sixth
/// byte. A host recorded in one network stays in one network. Left alone is what does not name one remote host
/// (unspecified, loopback, multicast, link-local) and what is authenticated with its address (AH).
pub(crate) fn vary_source(frame: &mut [u8], link: LinkType, pass: u32) {
    if pass == 0 {
        return;
    }
    let headers = walk(link.walk(), frame, &Limits::DATAPATH, &mut Offsets);
    let outer = headers.outer;
    if outer.has_ah() {
        return;
    }
    match outer.kind {
        L3::V4 => vary_ipv4(frame, &outer, pass),
        L3::V6 => vary_ipv6(frame, &outer, pass),
        _ => {}
    }
}

fn vary_ipv4(frame: &mut [u8], outer: &Layer, pass: u32) {
    let source = outer.at() + 12;
    let Some(old) = frame.get(source..).and_then(|f| f.first_chunk::<4>()).copied() else { return };
    if matches!(old, [0 | 127 | 224.., ..] | [169, 254, ..]) {
        return;
    }
    let [_, high, low, _] = (pass << 8).to_be_bytes();
    let [a, b, c, d] = old;
    let new = [a, b ^ high, c ^ low, d];
    put(frame, source, &new);
    update_checksum(frame, outer.at() + 10, &old, &new, false);
    update_transport(frame, outer, &old, &new);
}

fn vary_ipv6(frame: &mut [u8], outer: &Layer, pass: u32) {
    let source = outer.at() + 8;
    let Some(old) = frame.get(source..).and_then(|f| f.first_chunk::<16>()).copied() else { return };
    let address = u128::from_be_bytes(old);
    // ::/96 holds the unspecified address and loopback; fe80::/10; ff00::/8.
    if address >> 32 == 0 || address >> 118 == 0xfe80 >> 6 || address >> 120 == 0xff {
        return;
    }
    // Behind the first 32 bits, which documentation and allocation prefixes fix.
    let new = (address ^ u128::from(pass) << 64).to_be_bytes();
    put(frame, source, &new);
    update_transport(frame, outer, &old, &new);
}

/// The transport checksums that cover the address through a pseudo header.
fn update_transport(frame: &mut [u8], outer: &Layer, old: &[u8], new: &[u8]) {
    let Some(transport) = outer.l4_at() else { return };
    let is_udp = outer.protocol == protocol::UDP;
    let field = match outer.protocol {
        protocol::TCP => 16,
        protocol::UDP => 6,
        protocol::ICMPV6 => 2,
        _ => return,
    };
    if transport + field + 2 <= outer.end() {
        update_checksum(frame, transport + field, old, new, is_udp);
    }
}

fn update_checksum(frame: &mut [u8], at: usize, old: &[u8], new: &[u8], is_udp: bool) {
    let Some(place) = frame.get_mut(at..).and_then(|f| f.first_chunk_mut::<2>()) else { return };
    let checksum = u16::from_be_bytes(*place);
    // RFC 768: 0 says that there is none, and is never the sum.
    let updated = match update_bytes(checksum, old, new) {
        _ if is_udp && checksum == 0 => 0,
        0 if is_udp => 0xffff,
        updated => updated,
    };
    *place = updated.to_be_bytes();
}

fn put(frame: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = frame.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;
    use crate::template::{FILLER, Patch, Template};
    use crate::{Stamp, tuples::Tuple};
    use wire::walk::{headers, verify_ip_checksum, verify_l4_checksum};

    fn frame(class: Class, source: [u8; 16]) -> Vec<u8> {
        let tuple = Tuple { source, destination: [7; 16], source_port: 3, destination_port: 4 };
        let stamp = Stamp { flow: 1, number: 2 };
        let patch = Patch { payload_bytes: 32, identification: 5, sequence: 6, flags: 0, stamp };
        let bytes = class.header_bytes() + 32;
        let mut frame = vec![0; bytes as usize];
        assert!(Template::new(class, &tuple, 0).write(&patch, &FILLER.repeat(4), bytes, &mut frame));
        frame
    }

    #[test]
    fn each_pass_is_a_new_flow_with_right_checksums() {
        for class in Class::ALL {
            let mut seen = std::collections::HashSet::new();
            for pass in [0, 1, 2, 255, 256, 65_535] {
                let mut frame = frame(class, [10; 16]);
                vary_source(&mut frame, LinkType::Ethernet, pass);
                let headers = headers(&frame);
                assert_eq!(headers.fault, None);
                assert_eq!(verify_ip_checksum(&frame, &headers), Ok(()));
                assert_eq!(verify_l4_checksum(&frame, &headers), Ok(()));
                assert!(seen.insert(frame));
            }
        }
    }

    #[test]
    fn a_wrong_checksum_stays_wrong_and_none_stays_none() {
        let mut wrong = frame(Class::Ipv4Udp, [10; 16]);
        wrong[40] ^= 0x55;
        vary_source(&mut wrong, LinkType::Ethernet, 9);
        assert!(verify_l4_checksum(&wrong, &headers(&wrong)).is_err());
        let mut none = frame(Class::Ipv4Udp, [10; 16]);
        none[40..42].fill(0);
        vary_source(&mut none, LinkType::Ethernet, 9);
        assert_eq!(none[40..42], [0, 0]);
    }

    #[test]
    fn an_authenticated_address_stays() {
        let mut recorded = frame(Class::Ipv4Udp, [10; 16]);
        // RFC 4302 section 2.2: next header UDP, six words less two, then SPI, sequence number and ICV.
        let authentication = [&[protocol::UDP, 4, 0, 0][..], &[1; 20]].concat();
        recorded.splice(34..34, authentication);
        recorded[17] += 24;
        recorded[23] = protocol::AH;
        let mut varied = recorded.clone();
        vary_source(&mut varied, LinkType::Ethernet, 3);
        assert_eq!(varied, recorded);
    }

    #[test]
    fn addresses_of_no_one_host_stay() {
        let mut sources = vec![];
        for first in [[0, 0], [127, 0], [169, 254], [224, 0], [255, 255]] {
            let mut source = [0; 16];
            source[..2].copy_from_slice(&first);
            sources.push((Class::Ipv4Tcp, source));
        }
        for first in [[0, 0], [0xfe, 0x80], [0xff, 0x02]] {
            let mut source = [0; 16];
            source[..2].copy_from_slice(&first);
            sources.push((Class::Ipv6Udp, source));
        }
        for (class, source) in sources {
            let recorded = frame(class, source);
            let mut varied = recorded.clone();
            vary_source(&mut varied, LinkType::Ethernet, 3);
            assert_eq!(varied, recorded, "{source:?}");
        }
    }
}
