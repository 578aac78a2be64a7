//! The NIC speaks Ethernet: a frame recorded without it gets a header in front, of zero addresses.

use traffic::LinkType;
use wire::cooked::{Cooked, PROTOCOL_LLC, V1_BYTES, V2_BYTES};
use wire::ethernet::{self, EthernetHeader, ethertype};
use wire::null::{self, Family};

/// Written where the recorded header names no EtherType: one that nobody takes (IEEE 802 local experiments).
const NOBODYS: u16 = 0x88b5;

/// The frame as Ethernet: itself, or with a header in `scratch`. What has no whole link header of its own becomes
/// empty, which the NIC calls a runt.
pub fn to_ethernet<'a>(link: LinkType, frame: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
    let (header_bytes, type_or_length) = match link {
        LinkType::Ethernet => return frame,
        LinkType::RawIp | LinkType::RawIpv4 | LinkType::RawIpv6 => (0, by_version(frame)),
        LinkType::Null | LinkType::Loop => (null::HEADER_BYTES, by_family(frame)),
        LinkType::LinuxCooked => {
            (V1_BYTES, by_protocol(Cooked::v1(frame).ok(), frame.len().saturating_sub(V1_BYTES)))
        }
        LinkType::LinuxCooked2 => {
            (V2_BYTES, by_protocol(Cooked::v2(frame).ok(), frame.len().saturating_sub(V2_BYTES)))
        }
    };
    scratch.clear();
    if let (Some(type_or_length), Some(payload)) = (type_or_length, frame.get(header_bytes..)) {
        scratch.resize(ethernet::HEADER_BYTES, 0);
        EthernetHeader { dst: [0; 6], src: [0; 6], type_or_length }.emit(scratch);
        scratch.extend_from_slice(payload);
    }
    scratch
}

fn by_version(packet: &[u8]) -> Option<u16> {
    packet.first().map(|byte| match byte >> 4 {
        4 => ethertype::IPV4,
        6 => ethertype::IPV6,
        _ => NOBODYS,
    })
}

fn by_family(frame: &[u8]) -> Option<u16> {
    Some(match Family::new(frame).ok()? {
        Family::Inet => ethertype::IPV4,
        Family::Inet6 => ethertype::IPV6,
        Family::Other(_) => NOBODYS,
    })
}

fn by_protocol(header: Option<Cooked>, payload_bytes: usize) -> Option<u16> {
    let payload_bytes = u16::try_from(payload_bytes).unwrap_or(u16::MAX);
    Some(match header?.protocol {
        PROTOCOL_LLC if payload_bytes <= ethernet::MAX_LENGTH => payload_bytes,
        small if small <= ethernet::MAX_LENGTH => NOBODYS,
        ethertype => ethertype,
    })
}
