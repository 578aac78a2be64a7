//! The header a packet leaves with.

use super::MAC_BYTES;
use wire::walk::{L3, Layer};
use wire::{Fault, checksum, ipv4, ipv6};

/// Ethernet, 16 VLAN tags and what is changed of an IP header fit.
const MOST_BYTES: usize = 128;

/// The first bytes of a frame that leaves.
pub(super) struct Header {
    bytes: [u8; MOST_BYTES],
    filled: usize,
}

impl Header {
    /// The header of a frame with new link addresses and a hop less to live.
    pub(super) fn rewritten(
        frame: &[u8],
        layer: &Layer,
        source_mac: &[u8; MAC_BYTES],
        next_hop_mac: &[u8; MAC_BYTES],
    ) -> Self {
        let mut header = Header { bytes: [0; MOST_BYTES], filled: frame.len().min(MOST_BYTES) };
        header.bytes.iter_mut().zip(frame).for_each(|(to, from)| *to = *from);
        let addresses = next_hop_mac.iter().chain(source_mac);
        header.bytes.iter_mut().zip(addresses).for_each(|(to, from)| *to = *from);
        let Some(ip) = header.bytes.get_mut(layer.at()..) else { return header };
        match layer.kind {
            L3::V4 => decrease_ttl(ip),
            _ => ip.iter_mut().skip(7).take(1).for_each(|hops| *hops = hops.saturating_sub(1)),
        }
        header
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or(&[])
    }
}

/// `ip_decrease_ttl`: the checksum follows (RFC 1624).
fn decrease_ttl(ip: &mut [u8]) {
    let Some([ttl, protocol, high, low]) = ip.get_mut(8..12) else { return };
    let old = u16::from_be_bytes([*ttl, *protocol]);
    *ttl = ttl.saturating_sub(1);
    let new = u16::from_be_bytes([*ttl, *protocol]);
    let updated = checksum::update_u16(u16::from_be_bytes([*high, *low]), old, new);
    [*high, *low] = updated.to_be_bytes();
}

/// What a router looks at of a header before it believes it (`ip_rcv_core`, `ip6_rcv_core`). `there` bytes of the packet
/// came.
pub(super) fn ip_is_sound(kind: L3, ip: &[u8], there: usize) -> Result<(), Fault> {
    let claimed = match kind {
        L3::V4 => {
            let header = ipv4::Ipv4::new(ip)?;
            if !header.checksum_holds() {
                return Err(Fault::Ipv4Checksum);
            }
            usize::from(header.total_len_bytes())
        }
        _ => ipv6::HEADER_BYTES + usize::from(ipv6::Ipv6::new(ip)?.payload_len_bytes()),
    };
    if claimed > there { Err(Fault::IpTruncated) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::walk::headers;

    fn frame(ttl: u8, checksum_word: u16) -> Vec<u8> {
        let mut frame = vec![0; 12];
        frame.extend_from_slice(&[8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, ttl, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        // The identification decides what the checksum is.
        let rest = checksum::internet(&frame[14..34]);
        let id = !checksum::Sum::new().add_u16(checksum_word).add_u16(!rest).fold();
        frame[18..20].copy_from_slice(&id.to_be_bytes());
        let sum = checksum::internet(&frame[14..34]);
        frame[24..26].copy_from_slice(&sum.to_be_bytes());
        frame.extend_from_slice(&[0, 1, 0, 2, 0, 8, 0, 0]);
        frame
    }

    #[test]
    fn the_checksum_is_right_after_every_hop_whatever_it_was() {
        for word in 0..=u16::MAX {
            let mut frame = frame(2 + (word % 250) as u8, word);
            assert!(checksum::holds(&frame[14..34]));
            let left = Header::rewritten(&frame, &headers(&frame).outer, &[1; 6], &[2; 6]);
            assert!(checksum::holds(&left.bytes()[14..34]), "{word:04x}");
            frame[22] -= 1;
            frame[24..26].copy_from_slice(&left.bytes()[24..26]);
            assert_eq!(&left.bytes()[12..], &frame[12..]);
            assert_eq!(&left.bytes()[..12], &[2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1]);
        }
    }
}
