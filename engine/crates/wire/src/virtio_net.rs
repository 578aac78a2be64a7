//! The header in front of frames that enter and leave a TAP device (VIRTIO 1.2 section 5.1.6, the ten bytes without
//! `num_buffers`; `include/uapi/linux/virtio_net.h`), little-endian.
//!
//! It says what a NIC found out that the frame's own bytes do not: that a frame is several merged into one, and that
//! its checksum need not be verified.

use crate::checksum::Sum;
use crate::ipv4::Ipv4;
use crate::ipv6::{self, Ipv6};
use crate::protocol::{TCP, UDP};
use crate::tcp::{self, Tcp};
use crate::udp;
use crate::walk::{Headers, L3};

/// Bytes of the header.
pub const HEADER_BYTES: usize = 10;

const NEEDS_CHECKSUM: u8 = 1;
const ECN: u8 = 0x80;

/// What a frame is to be cut into, or was merged from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Gso {
    /// One frame.
    #[default]
    None = 0,
    /// TCP over IPv4.
    TcpIpv4 = 1,
    /// Fragments of a UDP datagram (obsolete).
    UdpFragments = 3,
    /// TCP over IPv6.
    TcpIpv6 = 4,
    /// UDP datagrams of one size.
    Udp = 5,
}

/// What the header says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VirtioNetHeader {
    /// What kind of frames it is made of.
    pub gso: Gso,
    /// Its TCP header says that the congestion window was reduced.
    pub ecn: bool,
    /// Bytes of the headers that every piece gets.
    pub header_bytes: u16,
    /// Payload of each piece but the last.
    pub gso_bytes: u16,
    /// The checksum field holds the sum of the pseudo-header alone.
    pub partial: Option<PartialChecksum>,
}

/// A checksum that is not complete: to be summed from `start`, to be written `offset` bytes behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialChecksum {
    /// Where summing starts.
    pub start: u16,
    /// Where the sum belongs, from there.
    pub offset: u16,
}

impl VirtioNetHeader {
    /// Reads a header; `None` where it is cut or its kind is none of [`Gso`].
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let [flags, kind, h0, h1, g0, g1, s0, s1, o0, o1] = *bytes.first_chunk::<HEADER_BYTES>()?;
        let gso = match kind & !ECN {
            0 => Gso::None,
            1 => Gso::TcpIpv4,
            3 => Gso::UdpFragments,
            4 => Gso::TcpIpv6,
            5 => Gso::Udp,
            _ => return None,
        };
        let partial =
            PartialChecksum { start: u16::from_le_bytes([s0, s1]), offset: u16::from_le_bytes([o0, o1]) };
        Some(Self {
            gso,
            ecn: kind & ECN != 0,
            header_bytes: u16::from_le_bytes([h0, h1]),
            gso_bytes: u16::from_le_bytes([g0, g1]),
            partial: (flags & NEEDS_CHECKSUM != 0).then_some(partial),
        })
    }

    /// The header's bytes.
    pub fn bytes(&self) -> [u8; HEADER_BYTES] {
        let partial = self.partial.unwrap_or(PartialChecksum { start: 0, offset: 0 });
        let [h0, h1] = self.header_bytes.to_le_bytes();
        let [g0, g1] = self.gso_bytes.to_le_bytes();
        let [s0, s1] = partial.start.to_le_bytes();
        let [o0, o1] = partial.offset.to_le_bytes();
        let flags = if self.partial.is_some() { NEEDS_CHECKSUM } else { 0 };
        let kind = self.gso as u8 | if self.ecn { ECN } else { 0 };
        [flags, kind, h0, h1, g0, g1, s0, s1, o0, o1]
    }

    /// The header of a frame of `frame_bytes` merged from pieces of `gso_bytes` payload each but the last.
    ///
    /// `head` is where the frame starts, at least all its headers, and is made what the kernel expects: the IP length
    /// is that of the whole, the checksum field holds the pseudo-header's sum. `None`, and `head` untouched, for what
    /// is neither TCP nor UDP in one plain IP header, or has a header that is not in `head`.
    pub fn merged(head: &mut [u8], headers: &Headers, frame_bytes: usize, gso_bytes: u16) -> Option<Self> {
        let l4_at = headers.l4_at()?;
        if headers.ip_layers != 1 || headers.is_fragment() || headers.labels > 0 || gso_bytes == 0 {
            return None;
        }
        let transport = headers.protocol();
        let (header_bytes, checksum_at, ecn) = match transport {
            TCP => {
                let tcp = Tcp::new(head.get(l4_at..)?).ok()?;
                (tcp.header_len_bytes(), 16, tcp.flags() & tcp::flag::CWR != 0)
            }
            UDP => (head.get(l4_at..l4_at + udp::HEADER_BYTES)?.len(), 6, false),
            _ => return None,
        };
        let start = u16::try_from(l4_at).ok()?;
        let pseudo = speak_of_the_whole(head, headers, frame_bytes)?;
        if transport == UDP {
            put(head, l4_at + 4, frame_bytes.saturating_sub(l4_at) as u16);
        }
        put(head, l4_at + checksum_at, pseudo.fold());
        let gso = match (transport, headers.inner.kind) {
            (UDP, _) => Gso::Udp,
            (_, L3::V4) => Gso::TcpIpv4,
            _ => Gso::TcpIpv6,
        };
        let partial = Some(PartialChecksum { start, offset: checksum_at as u16 });
        Some(Self { gso, ecn, header_bytes: start + header_bytes as u16, gso_bytes, partial })
    }
}

/// Write the whole's length into the IP header; answers the pseudo-header's sum. `None` where the length does not fit
/// one, with nothing written.
fn speak_of_the_whole(head: &mut [u8], headers: &Headers, frame_bytes: usize) -> Option<Sum> {
    let at = headers.inner.at();
    let transport_bytes = u16::try_from(frame_bytes.checked_sub(headers.l4_at()?)?).ok()?;
    match headers.inner.kind {
        L3::V4 => {
            let total_bytes = u16::try_from(frame_bytes.checked_sub(at)?).ok()?;
            let view = Ipv4::fixed(head.get(at..)?).ok()?;
            let pseudo = Sum::pseudo_v4(view.src(), view.dst(), headers.protocol(), transport_bytes);
            put(head, at + 2, total_bytes);
            put(head, at + 10, 0);
            let checksum = crate::checksum::internet(head.get(at..headers.l4_at()?)?);
            put(head, at + 10, checksum);
            Some(pseudo)
        }
        L3::V6 => {
            let payload_bytes = u16::try_from(frame_bytes.checked_sub(at + ipv6::HEADER_BYTES)?).ok()?;
            let view = Ipv6::new(head.get(at..)?).ok()?;
            let pseudo = Sum::pseudo_v6(view.src(), view.dst(), headers.protocol(), transport_bytes.into());
            put(head, at + 4, payload_bytes);
            Some(pseudo)
        }
        _ => None,
    }
}

fn put(bytes: &mut [u8], at: usize, value: u16) {
    if let Some(place) = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *place = value.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk;
    use proptest::prelude::*;

    /// What Linux took for 59,368 bytes of payload merged from segments of 1,448, behind Ethernet, IPv4 and TCP without
    /// options.
    #[test]
    fn known_bytes() {
        let partial = Some(PartialChecksum { start: 34, offset: 16 });
        let header =
            VirtioNetHeader { gso: Gso::TcpIpv4, ecn: false, header_bytes: 54, gso_bytes: 1448, partial };
        assert_eq!(header.bytes(), [1, 1, 54, 0, 0xa8, 5, 34, 0, 16, 0]);
        assert_eq!(VirtioNetHeader::default().bytes(), [0; HEADER_BYTES]);
        assert_eq!(VirtioNetHeader::read(&[0, 2, 0, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(VirtioNetHeader::read(&[0; 9]), None);
    }

    /// Two segments of 8 bytes to one: 10.78.0.2:20000 to 10.78.0.1:5001.
    const SEGMENT: [u8; 62] = [
        2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 48, 0, 1, 0x40, 0, 64, 6, 0x26, 0x32, 10, 78,
        0, 2, 10, 78, 0, 1, 0x4e, 0x20, 0x13, 0x89, 0, 0, 3, 0xe9, 0, 0, 0, 1, 0x50, 0x18, 0xff, 0xff, 0xaa,
        0xaa, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
    ];

    #[test]
    fn a_merged_frame_s_headers_speak_of_the_whole() {
        let headers = walk::headers(&SEGMENT);
        let mut head = SEGMENT;
        let header = VirtioNetHeader::merged(&mut head, &headers, 70, 8).unwrap();
        let partial = Some(PartialChecksum { start: 34, offset: 16 });
        assert_eq!(
            header,
            VirtioNetHeader { gso: Gso::TcpIpv4, ecn: false, header_bytes: 54, gso_bytes: 8, partial }
        );
        assert_eq!(head[16..18], [0, 56]);
        assert!(Ipv4::fixed(&head[14..]).unwrap().checksum_holds());
        // 0x0a4e + 0x0002 + 0x0a4e + 0x0001 + 6 + 36
        assert_eq!(head[50..52], [0x14, 0xc9]);
        assert_eq!((&head[..16], &head[52..]), (&SEGMENT[..16], &SEGMENT[52..]));
    }

    #[test]
    fn what_cannot_be_merged_is_left_alone() {
        let headers = walk::headers(&SEGMENT);
        for (head_bytes, frame_bytes, gso_bytes) in [(53, 70, 8), (62, 70, 0), (62, 65_550, 8), (62, 30, 8)] {
            let mut head = SEGMENT;
            let header = VirtioNetHeader::merged(&mut head[..head_bytes], &headers, frame_bytes, gso_bytes);
            assert_eq!((header, head), (None, SEGMENT), "{head_bytes} {frame_bytes} {gso_bytes}");
        }
        let mut arp = [0; 60];
        arp[12..14].copy_from_slice(&[8, 6]);
        assert_eq!(VirtioNetHeader::merged(&mut arp, &walk::headers(&[0; 60]), 60, 8), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            kind in 0usize..5, ecn: bool, header_bytes: u16, gso_bytes: u16, partial in any::<Option<(u16, u16)>>(),
        ) {
            let gso = [Gso::None, Gso::TcpIpv4, Gso::UdpFragments, Gso::TcpIpv6, Gso::Udp][kind];
            let partial = partial.map(|(start, offset)| PartialChecksum { start, offset });
            let header = VirtioNetHeader { gso, ecn, header_bytes, gso_bytes, partial };
            prop_assert_eq!(VirtioNetHeader::read(&header.bytes()), Some(header));
        }

        #[test]
        fn hostile_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..100), frame_bytes: u32, gso_bytes: u16) {
            let _ = VirtioNetHeader::read(&bytes);
            let headers = walk::headers(&bytes);
            let mut head = bytes;
            let _ = VirtioNetHeader::merged(&mut head, &headers, frame_bytes as usize, gso_bytes);
        }
    }
}
