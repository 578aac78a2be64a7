//! IPv6 fixed header (RFC 8200 section 3). What may follow it is in [`crate::extension`].

use crate::Fault;

/// Bytes of the fixed header.
pub const HEADER_BYTES: usize = 40;

/// A view of an IPv6 header.
#[derive(Clone, Copy, Debug)]
pub struct Ipv6<'a> {
    head: &'a [u8; HEADER_BYTES],
}

impl<'a> Ipv6<'a> {
    /// Views 40 bytes of version 6. Fails with [`Fault::Ipv6Header`]. A payload length beyond `bytes` is left
    /// to the caller.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        match bytes.first_chunk() {
            Some(head) if head[0] >> 4 == 6 => Ok(Self { head }),
            _ => Err(Fault::Ipv6Header),
        }
    }

    /// Traffic class: DSCP and ECN.
    pub fn traffic_class(&self) -> u8 {
        (self.head[0] << 4) | (self.head[1] >> 4)
    }

    /// Flow label, 20 bits.
    pub fn flow_label(&self) -> u32 {
        u32::from_be_bytes([0, self.head[1] & 0x0f, self.head[2], self.head[3]])
    }

    /// Payload length: everything after these 40 bytes; 0 in a jumbogram.
    pub fn payload_len_bytes(&self) -> u16 {
        u16::from_be_bytes([self.head[4], self.head[5]])
    }

    /// Next header.
    pub fn next_header(&self) -> u8 {
        self.head[6]
    }

    /// Hop limit.
    pub fn hop_limit(&self) -> u8 {
        self.head[7]
    }

    /// Source address.
    pub fn src(&self) -> [u8; 16] {
        let (_, rest) = self.head.split_at(8);
        *rest.first_chunk().unwrap_or(&[0; 16])
    }

    /// Destination address.
    pub fn dst(&self) -> [u8; 16] {
        *self.head.last_chunk().unwrap_or(&[0; 16])
    }
}

/// What an IPv6 header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv6Header {
    /// Source address.
    pub src: [u8; 16],
    /// Destination address.
    pub dst: [u8; 16],
    /// Next header.
    pub next_header: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// Traffic class.
    pub traffic_class: u8,
    /// Flow label; the low 20 bits count.
    pub flow_label: u32,
    /// Bytes after this header.
    pub payload_len_bytes: u16,
}

impl Ipv6Header {
    /// Writes the header; answers 40, or `None` where `out` is too short.
    pub fn emit(&self, out: &mut [u8]) -> Option<usize> {
        let out: &mut [u8; HEADER_BYTES] = out.first_chunk_mut()?;
        let (first, rest) = out.split_first_chunk_mut::<8>()?;
        let word = 0x6000_0000 | (u32::from(self.traffic_class) << 20) | (self.flow_label & 0xf_ffff);
        let [w0, w1, w2, w3] = word.to_be_bytes();
        let [l0, l1] = self.payload_len_bytes.to_be_bytes();
        *first = [w0, w1, w2, w3, l0, l1, self.next_header, self.hop_limit];
        let (src, dst) = rest.split_first_chunk_mut::<16>()?;
        *src = self.src;
        dst.copy_from_slice(&self.dst);
        Some(HEADER_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header of a captured router solicitation, link-local to all routers.
    const CAPTURED: [u8; 40] = [
        0x60, 0x00, 0x00, 0x00, 0x00, 0x10, 0x3a, 0xff, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x02, 0x60, 0x97, 0xff,
        0xfe, 0x07, 0x69, 0xea, 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02,
    ];

    #[test]
    fn captured() {
        let view = Ipv6::new(&CAPTURED).unwrap();
        assert_eq!((view.payload_len_bytes(), view.next_header(), view.hop_limit()), (16, 58, 255));
        assert_eq!(view.src()[..2], [0xfe, 0x80]);
        assert_eq!(view.dst(), [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
        let header = Ipv6Header {
            src: view.src(),
            dst: view.dst(),
            next_header: 58,
            hop_limit: 255,
            traffic_class: 0,
            flow_label: 0,
            payload_len_bytes: 16,
        };
        let mut out = [0; 40];
        assert_eq!(header.emit(&mut out), Some(40));
        assert_eq!(out, CAPTURED);
    }

    #[test]
    fn class_and_label() {
        let mut bytes = CAPTURED;
        bytes[..4].copy_from_slice(&[0x6a, 0xbc, 0xde, 0xf1]);
        let view = Ipv6::new(&bytes).unwrap();
        assert_eq!((view.traffic_class(), view.flow_label()), (0xab, 0xcdef1));
    }

    #[test]
    fn refused() {
        assert_eq!(Ipv6::new(&CAPTURED[..39]).err(), Some(Fault::Ipv6Header));
        let mut bytes = CAPTURED;
        bytes[0] = 0x45;
        assert_eq!(Ipv6::new(&bytes).err(), Some(Fault::Ipv6Header));
    }
}
