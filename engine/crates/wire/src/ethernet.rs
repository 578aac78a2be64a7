//! Ethernet II and IEEE 802.3: destination, source, type or length.

use crate::Fault;

/// Bytes of the header, without tags and preamble.
pub const HEADER_BYTES: usize = 14;
/// The largest value of the type field that is a length (IEEE 802.3 section 3.2.6).
pub const MAX_LENGTH: u16 = 1500;

/// EtherType values this crate walks.
pub mod ethertype {
    /// IPv4.
    pub const IPV4: u16 = 0x0800;
    /// ARP.
    pub const ARP: u16 = 0x0806;
    /// IPv6.
    pub const IPV6: u16 = 0x86dd;
    /// 802.1Q customer tag.
    pub const VLAN: u16 = 0x8100;
    /// 802.1ad service tag.
    pub const QINQ: u16 = 0x88a8;
    /// The service tag of equipment older than 802.1ad.
    pub const QINQ_OLD: u16 = 0x9100;
    /// MPLS.
    pub const MPLS: u16 = 0x8847;
    /// MPLS with an upstream-assigned label, once "multicast" (RFC 5332).
    pub const MPLS_UPSTREAM: u16 = 0x8848;
}

/// A view of an Ethernet header.
#[derive(Clone, Copy, Debug)]
pub struct Ethernet<'a> {
    head: &'a [u8; HEADER_BYTES],
}

impl<'a> Ethernet<'a> {
    /// Views the first 14 bytes. Fails with [`Fault::Runt`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        bytes.first_chunk().map(|head| Self { head }).ok_or(Fault::Runt)
    }

    /// Destination address.
    pub fn dst(&self) -> [u8; 6] {
        let [a, b, c, d, e, f, ..] = *self.head;
        [a, b, c, d, e, f]
    }

    /// Source address.
    pub fn src(&self) -> [u8; 6] {
        let [_, _, _, _, _, _, a, b, c, d, e, f, ..] = *self.head;
        [a, b, c, d, e, f]
    }

    /// The type field: an EtherType above 1535, a length up to 1500.
    pub fn type_or_length(&self) -> u16 {
        u16::from_be_bytes([self.head[12], self.head[13]])
    }

    /// True where the group bit of the destination is set (multicast or broadcast).
    pub fn is_group(&self) -> bool {
        self.head[0] & 1 == 1
    }
}

/// What an Ethernet header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EthernetHeader {
    /// Destination address.
    pub dst: [u8; 6],
    /// Source address.
    pub src: [u8; 6],
    /// EtherType, or the length of an 802.3 frame.
    pub type_or_length: u16,
}

impl EthernetHeader {
    /// Writes the header; answers its bytes, or `None` where `out` is too short.
    pub fn emit(&self, out: &mut [u8]) -> Option<usize> {
        let out: &mut [u8; HEADER_BYTES] = out.first_chunk_mut()?;
        let (dst, rest) = out.split_first_chunk_mut::<6>()?;
        let (src, rest) = rest.split_first_chunk_mut::<6>()?;
        *dst = self.dst;
        *src = self.src;
        rest.copy_from_slice(&self.type_or_length.to_be_bytes());
        Some(HEADER_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ARP request seen on a bridge.
    const CAPTURED: [u8; 14] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x07, 0x0d, 0xaf, 0xf4, 0x54, 8, 6];

    #[test]
    fn captured() {
        let view = Ethernet::new(&CAPTURED).unwrap();
        assert_eq!(view.dst(), [0xff; 6]);
        assert_eq!(view.src(), [0x00, 0x07, 0x0d, 0xaf, 0xf4, 0x54]);
        assert_eq!(view.type_or_length(), ethertype::ARP);
        assert!(view.is_group());
        let mut out = [0; 14];
        let header =
            EthernetHeader { dst: view.dst(), src: view.src(), type_or_length: view.type_or_length() };
        assert_eq!(header.emit(&mut out), Some(14));
        assert_eq!(out, CAPTURED);
        assert_eq!(header.emit(&mut out[..13]), None);
    }

    #[test]
    fn runt() {
        assert_eq!(Ethernet::new(&CAPTURED[..13]).err(), Some(Fault::Runt));
    }
}
