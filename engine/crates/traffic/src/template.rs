//! Frames from templates: a flow's headers are made once, each frame patches what changes. The payload is a phrase
//! repeated, so that its checksum is known without reading it.

use crate::class::Class;
use crate::stamp::{STAMP_BYTES, Stamp};
use crate::tuples::Tuple;
use wire::checksum::Sum;
use wire::ethernet::{EthernetHeader, ethertype};
use wire::ipv4::Ipv4Header;
use wire::ipv6::Ipv6Header;
use wire::tcp::{TcpHeader, flag};
use wire::udp::UdpHeader;

/// Destination MAC address of generated frames: unicast documentation addresses (RFC 7042 section 2.1.2).
pub const DESTINATION_MAC: [u8; 6] = [0x00, 0x00, 0x5e, 0x00, 0x53, 0x01];
/// Source MAC address of generated frames.
pub const SOURCE_MAC: [u8; 6] = [0x00, 0x00, 0x5e, 0x00, 0x53, 0x02];
/// What payloads are filled with.
pub const FILLER: [u8; 8] = *b"rxbench!";

/// Ethernet, IPv6 and TCP: the longest headers made.
pub(crate) const MAX_HEADER_BYTES: usize = 74;
const ETHERNET_BYTES: usize = wire::ethernet::HEADER_BYTES;
type Head = [u8; MAX_HEADER_BYTES];

/// What changes from frame to frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patch {
    pub(crate) payload_bytes: u32,
    /// IPv4 identification.
    pub(crate) identification: u16,
    /// TCP sequence number.
    pub(crate) sequence: u32,
    /// TCP flags besides ACK.
    pub(crate) flags: u16,
    pub(crate) stamp: Stamp,
}

/// A flow's headers with what changes left at zero, and the sums over the rest.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    header: [u8; MAX_HEADER_BYTES],
    class: Class,
    /// Over the IPv4 header.
    ip_sum: u16,
    /// Over pseudo header and transport header, their lengths left out.
    transport_sum: u16,
}

impl Template {
    pub(crate) fn new(class: Class, tuple: &Tuple, dscp: u8) -> Self {
        let mut header = [0; MAX_HEADER_BYTES];
        emit_link(class, &mut header);
        emit_network(class, tuple, dscp << 2, header.get_mut(ETHERNET_BYTES..).unwrap_or(&mut []));
        let transport = class.transport_at();
        emit_transport(class, tuple, header.get_mut(transport..).unwrap_or(&mut []));
        let pseudo = if class.is_ipv6() {
            Sum::pseudo_v6(tuple.source, tuple.destination, class.protocol(), 0)
        } else {
            Sum::pseudo_v4(tuple.source_ipv4(), tuple.destination_ipv4(), class.protocol(), 0)
        };
        Template {
            class,
            ip_sum: Sum::new().add_bytes(header.get(ETHERNET_BYTES..transport).unwrap_or(&[])).fold(),
            transport_sum: pseudo.add_bytes(header.get(transport..).unwrap_or(&[])).fold(),
            header,
        }
    }

    #[inline]
    pub(crate) fn class(&self) -> Class {
        self.class
    }

    /// TCP acknowledges so many bytes more from now on.
    pub(crate) fn acknowledge(&mut self, bytes: u32) {
        let at = self.class.transport_at() + 8;
        let Some(field) = self.header.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<4>) else { return };
        let was = u32::from_be_bytes(*field);
        let now = was.wrapping_add(bytes);
        *field = now.to_be_bytes();
        // RFC 1624 section 3: the sum loses what the field was and gains what it is.
        let sum = add_u32(Sum::new().add_u16(self.transport_sum), !was);
        self.transport_sum = add_u32(sum, now).fold();
    }

    /// Write a frame of `frame_bytes` (without FCS) into `slot`; bytes behind the payload are zero (padding). `filler`
    /// is [`FILLER`] repeated, as long as the longest payload. Returns false if one of them is too short.
    #[inline]
    pub(crate) fn write(&self, patch: &Patch, filler: &[u8], frame_bytes: u32, slot: &mut [u8]) -> bool {
        let header_bytes = self.class.header_bytes() as usize;
        let payload_bytes = patch.payload_bytes as usize;
        let Some(filler) = filler.get(..payload_bytes) else { return false };
        let Some((place, behind)) = slot
            .get_mut(header_bytes..frame_bytes as usize)
            .and_then(|p| p.split_at_mut_checked(payload_bytes))
        else {
            return false;
        };
        behind.fill(0);
        place.copy_from_slice(filler);
        let mut sum = Sum::new().add_u16(self.transport_sum);
        let stamped = patch.stamp.write(place, &mut sum);
        // The stamp is two phrases long, so that what follows it is in phase.
        let filled = if stamped { payload_bytes - STAMP_BYTES } else { payload_bytes };
        let sum = add_u32(sum, filler_sum(filled));
        let mut header = self.header;
        let head = &mut header;
        match self.class {
            Class::Ipv4Udp => {
                self.patch_ipv4(head, patch, 8);
                patch_udp::<34>(head, patch, sum);
            }
            Class::Ipv4Tcp => {
                self.patch_ipv4(head, patch, 20);
                patch_tcp::<34>(head, patch, sum);
            }
            Class::Ipv6Udp => {
                put::<18>(head, (patch.payload_bytes + 8) as u16);
                patch_udp::<54>(head, patch, sum);
            }
            Class::Ipv6Tcp => {
                put::<18>(head, (patch.payload_bytes + 20) as u16);
                patch_tcp::<54>(head, patch, sum);
            }
        }
        match (slot.get_mut(..header_bytes), header.get(..header_bytes)) {
            (Some(place), Some(header)) => {
                place.copy_from_slice(header);
                true
            }
            _ => false,
        }
    }

    #[inline]
    fn patch_ipv4(&self, head: &mut Head, patch: &Patch, transport_header_bytes: u32) {
        let total_bytes = (20 + transport_header_bytes + patch.payload_bytes) as u16;
        put::<16>(head, total_bytes);
        put::<18>(head, patch.identification);
        put::<24>(
            head,
            Sum::new().add_u16(self.ip_sum).add_u16(total_bytes).add_u16(patch.identification).checksum(),
        );
    }
}

fn emit_link(class: Class, header: &mut [u8]) {
    let type_or_length = if class.is_ipv6() { ethertype::IPV6 } else { ethertype::IPV4 };
    EthernetHeader { dst: DESTINATION_MAC, src: SOURCE_MAC, type_or_length }.emit(header);
}

/// TTL or hop limit 64, don't fragment, no options; the IPv4 length and checksum left at zero.
fn emit_network(class: Class, tuple: &Tuple, tos: u8, header: &mut [u8]) {
    if class.is_ipv6() {
        let ip = Ipv6Header {
            src: tuple.source,
            dst: tuple.destination,
            next_header: class.protocol(),
            hop_limit: 64,
            traffic_class: tos,
            flow_label: 0,
            payload_len_bytes: 0,
        };
        ip.emit(header);
        return;
    }
    let ip = Ipv4Header {
        src: tuple.source_ipv4(),
        dst: tuple.destination_ipv4(),
        protocol: class.protocol(),
        ttl: 64,
        tos,
        id: 0,
        dont_fragment: true,
        more_fragments: false,
        fragment_offset_bytes: 0,
        payload_len_bytes: 0,
        options: &[],
    };
    ip.emit(header);
    for field in [2..4, 10..12] {
        header.get_mut(field).unwrap_or(&mut []).fill(0);
    }
}

/// TCP acknowledges 1 with an open window: the receiver has nothing to answer for.
fn emit_transport(class: Class, tuple: &Tuple, header: &mut [u8]) {
    let (src_port, dst_port) = (tuple.source_port, tuple.destination_port);
    if class.is_tcp() {
        let tcp = TcpHeader {
            src_port,
            dst_port,
            seq: 0,
            ack: 1,
            flags: flag::ACK,
            window: u16::MAX,
            checksum: 0,
            urgent: 0,
            options: &[],
        };
        tcp.emit(header);
    } else {
        UdpHeader { src_port, dst_port, len_bytes: 0, checksum: 0 }.emit(header);
    }
}

#[inline]
fn patch_udp<const AT: usize>(head: &mut Head, patch: &Patch, sum: Sum) {
    let length = (patch.payload_bytes + 8) as u16;
    put_after::<AT, 4>(head, length);
    // The length counts twice: in the header and in the pseudo header. A checksum of 0 would say "none" (RFC 768).
    let checksum = match sum.add_u16(length).add_u16(length).checksum() {
        0 => 0xffff,
        checksum => checksum,
    };
    put_after::<AT, 6>(head, checksum);
}

#[inline]
fn patch_tcp<const AT: usize>(head: &mut Head, patch: &Patch, sum: Sum) {
    let length = (patch.payload_bytes + 20) as u16;
    let flags = patch.flags;
    put_after::<AT, 4>(head, (patch.sequence >> 16) as u16);
    put_after::<AT, 6>(head, patch.sequence as u16);
    put_after::<AT, 12>(head, 5 << 12 | flag::ACK | flags);
    put_after::<AT, 16>(head, add_u32(sum, patch.sequence).add_u16(length).add_u16(flags).checksum());
}

#[inline]
fn add_u32(sum: Sum, value: u32) -> Sum {
    sum.add_u16((value >> 16) as u16).add_u16(value as u16)
}

/// Sum over the first `bytes` of the repeated phrase.
#[inline]
fn filler_sum(bytes: usize) -> u32 {
    const WORDS: [u32; 4] = {
        let [a, b, c, d, e, f, g, h] = FILLER;
        [word(a, b), word(c, d), word(e, f), word(g, h)]
    };
    const fn word(high: u8, low: u8) -> u32 {
        (high as u32) << 8 | low as u32
    }
    /// By bytes beyond the last whole phrase.
    const PARTIAL: [u32; 8] = {
        let [a, b, c, _] = WORDS;
        let high = 0xff00;
        [0, a & high, a, a + (b & high), a + b, a + b + (c & high), a + b + c, a + b + c + (WORDS[3] & high)]
    };
    let [a, b, c, d] = WORDS;
    let partial = PARTIAL.get(bytes % 8).copied().unwrap_or(0);
    (bytes / 8) as u32 * (a + b + c + d) + partial
}

#[inline]
fn put<const AT: usize>(head: &mut Head, value: u16) {
    put_after::<AT, 0>(head, value);
}

/// Write at offset `AT + BY`, which is checked when this is compiled.
#[inline]
fn put_after<const AT: usize, const BY: usize>(head: &mut Head, value: u16) {
    const { assert!(AT + BY + 1 < MAX_HEADER_BYTES) };
    let [high, low] = value.to_be_bytes();
    head[AT + BY] = high;
    head[AT + BY + 1] = low;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filler_sum_is_the_sum_of_the_filler() {
        let filler: Vec<u8> = FILLER.iter().copied().cycle().take(100).collect();
        for bytes in 0..100 {
            let sum = add_u32(Sum::new(), filler_sum(bytes)).fold();
            assert_eq!(sum, Sum::new().add_bytes(&filler[..bytes]).fold(), "{bytes}");
        }
    }

    #[test]
    fn no_udp_checksum_says_none() {
        let tuple = Tuple { source: [1; 16], destination: [2; 16], source_port: 3, destination_port: 4 };
        let template = Template::new(Class::Ipv4Udp, &tuple, 0);
        let mut slot = [0; 60];
        let mut all_ones = 0;
        // The number passes through all sums, among them the one whose complement is 0.
        for number in 0..65_535 {
            let stamp = Stamp { flow: 0, number };
            let patch = Patch { payload_bytes: 18, identification: 0, sequence: 0, flags: 0, stamp };
            assert!(template.write(&patch, &FILLER.repeat(3), 60, &mut slot));
            assert_ne!(slot[40..42], [0, 0]);
            all_ones += u32::from(slot[40..42] == [0xff, 0xff]);
        }
        assert_eq!(all_ones, 1);
    }

    #[test]
    fn a_short_payload_is_padded_with_zeros() {
        let tuple = Tuple { source: [1; 16], destination: [2; 16], source_port: 3, destination_port: 4 };
        let stamp = Stamp { flow: 0, number: 0 };
        let patch =
            Patch { payload_bytes: 1, identification: 0, sequence: 0, flags: flag::FIN | flag::PSH, stamp };
        let mut slot = [0xaa; 64];
        assert!(Template::new(Class::Ipv4Tcp, &tuple, 0).write(&patch, &FILLER, 60, &mut slot));
        assert_eq!(slot[54..], [b'r', 0, 0, 0, 0, 0, 0xaa, 0xaa, 0xaa, 0xaa]);
    }

    #[test]
    fn what_is_acknowledged_is_in_the_header_and_the_checksum() {
        let tuple = Tuple { source: [1; 16], destination: [2; 16], source_port: 3, destination_port: 4 };
        let mut template = Template::new(Class::Ipv4Tcp, &tuple, 0);
        template.acknowledge(0x2_0000);
        template.acknowledge(0xffff_0000);
        let stamp = Stamp { flow: 0, number: 0 };
        let patch = Patch { payload_bytes: 10, identification: 0, sequence: 7, flags: 0, stamp };
        let mut slot = [0; 64];
        assert!(template.write(&patch, &FILLER.repeat(2), 64, &mut slot));
        assert_eq!(slot[42..46], 0x1_0001_u32.to_be_bytes());
        let headers = wire::walk::headers(&slot);
        assert!(wire::walk::verify_l4_checksum(&slot, &headers).is_ok());
    }

    #[test]
    fn a_slot_too_short_is_refused() {
        let tuple = Tuple { source: [1; 16], destination: [2; 16], source_port: 3, destination_port: 4 };
        let template = Template::new(Class::Ipv6Tcp, &tuple, 0);
        let stamp = Stamp { flow: 0, number: 0 };
        let patch = Patch { payload_bytes: 10, identification: 0, sequence: 0, flags: 0, stamp };
        assert!(template.write(&patch, &[0; 10], 84, &mut [0; 84]));
        assert!(!template.write(&patch, &[0; 10], 84, &mut [0; 83]));
        assert!(!template.write(&patch, &[0; 9], 84, &mut [0; 84]));
        assert!(!template.write(&patch, &[0; 10], 83, &mut [0; 84]));
    }
}
