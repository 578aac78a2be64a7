//! The NIC speaks Ethernet: frames recorded without it get a header in front, of zero addresses.

use traffic::LinkType;

const HEADER_BYTES: usize = 14;
/// Written where the recorded header does not say what follows: an EtherType nobody takes (IEEE 802 local experiments).
const UNKNOWN: u16 = 0x88b5;

/// The frame as Ethernet: itself, or with a header in `scratch`.
pub(crate) fn to_ethernet<'a>(link: LinkType, frame: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
    let word = |at: usize| frame.get(at..at + 2).and_then(|b| b.first_chunk()).map(|b| u16::from_be_bytes(*b));
    // A cut link header leaves nothing that could be carried on: the NIC will call it a runt.
    let (header_bytes, ethertype) = match link {
        LinkType::Ethernet => return frame,
        LinkType::RawIp | LinkType::RawIpv4 | LinkType::RawIpv6 => (0, by_version(frame)),
        LinkType::Null | LinkType::Loop => (4, frame.get(4..).and_then(by_version)),
        LinkType::LinuxCooked => (16, word(14)),
        LinkType::LinuxCooked2 => (20, word(0)),
    };
    scratch.clear();
    if let Some(payload) = frame.get(header_bytes..) {
        scratch.resize(HEADER_BYTES - 2, 0);
        scratch.extend_from_slice(&ethertype.unwrap_or(UNKNOWN).to_be_bytes());
        scratch.extend_from_slice(payload);
    }
    scratch
}

fn by_version(packet: &[u8]) -> Option<u16> {
    match packet.first().map(|byte| byte >> 4) {
        Some(4) => Some(0x0800),
        Some(6) => Some(0x86dd),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_type_becomes_ethernet() {
        let mut scratch = Vec::new();
        let ip = [0x45, 0, 0, 20];
        let cases: [(LinkType, &[u8]); 4] = [
            (LinkType::RawIp, &[]),
            (LinkType::Null, &[2, 0, 0, 0]),
            (LinkType::LinuxCooked, &[0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0]),
            (LinkType::LinuxCooked2, &[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0]),
        ];
        for (link, header) in cases {
            let frame = [header, &ip].concat();
            let out = to_ethernet(link, &frame, &mut scratch);
            assert_eq!((&out[12..14], &out[14..]), (&[8, 0][..], &ip[..]), "{link:?}");
        }
        assert!(to_ethernet(LinkType::LinuxCooked, &[0; 3], &mut scratch).is_empty());
        assert_eq!(to_ethernet(LinkType::Ethernet, &[1, 2], &mut scratch), [1, 2]);
    }
}
