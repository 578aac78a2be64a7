//! UDP (RFC 768).

use crate::{Fault, checksum::Sum};

/// Bytes of the header.
pub const HEADER_BYTES: usize = 8;

/// A view of a UDP header.
#[derive(Clone, Copy, Debug)]
pub struct Udp<'a> {
    head: &'a [u8; HEADER_BYTES],
}

impl<'a> Udp<'a> {
    /// Views a header whose length is at least 8 and at most `bytes`. Fails with [`Fault::UdpLength`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        let view = Self::fixed(bytes)?;
        let len = usize::from(view.len_bytes());
        if len < HEADER_BYTES || len > bytes.len() { Err(Fault::UdpLength) } else { Ok(view) }
    }

    /// Views the 8 bytes whatever they say. Fails with [`Fault::UdpLength`] where they are cut.
    pub fn fixed(bytes: &'a [u8]) -> Result<Self, Fault> {
        bytes.first_chunk().map(|head| Self { head }).ok_or(Fault::UdpLength)
    }

    /// Source port.
    pub fn src_port(&self) -> u16 {
        u16::from_be_bytes([self.head[0], self.head[1]])
    }

    /// Destination port.
    pub fn dst_port(&self) -> u16 {
        u16::from_be_bytes([self.head[2], self.head[3]])
    }

    /// Length of header and data.
    pub fn len_bytes(&self) -> u16 {
        u16::from_be_bytes([self.head[4], self.head[5]])
    }

    /// Checksum as it stands; 0 is "none" over IPv4.
    pub fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.head[6], self.head[7]])
    }
}

/// The checksum to write for a datagram whose checksum field is zero: never 0, which would say "none".
pub fn checksum(pseudo: Sum, datagram: &[u8]) -> u16 {
    match pseudo.add_bytes(datagram).checksum() {
        0 => 0xffff,
        sum => sum,
    }
}

/// What a UDP header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UdpHeader {
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// Length of header and data.
    pub len_bytes: u16,
    /// Checksum as it shall stand; see [`checksum`].
    pub checksum: u16,
}

impl UdpHeader {
    /// Writes the header; answers 8, or `None` where `out` is too short.
    pub fn emit(&self, out: &mut [u8]) -> Option<usize> {
        let out: &mut [u8; HEADER_BYTES] = out.first_chunk_mut()?;
        let [s0, s1] = self.src_port.to_be_bytes();
        let [d0, d1] = self.dst_port.to_be_bytes();
        let [l0, l1] = self.len_bytes.to_be_bytes();
        let [c0, c1] = self.checksum.to_be_bytes();
        *out = [s0, s1, d0, d1, l0, l1, c0, c1];
        Some(HEADER_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A captured DNS query for google.com TXT, 192.168.170.8:32795 to 192.168.170.20:53.
    const CAPTURED: [u8; 36] = [
        0x80, 0x1b, 0x00, 0x35, 0x00, 0x24, 0x85, 0xed, 0x10, 0x32, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x06, 0x67, 0x6f, 0x6f, 0x67, 0x6c, 0x65, 0x03, 0x63, 0x6f, 0x6d, 0x00, 0x00, 0x10,
        0x00, 0x01,
    ];

    #[test]
    fn captured() {
        let view = Udp::new(&CAPTURED).unwrap();
        assert_eq!((view.src_port(), view.dst_port(), view.len_bytes()), (32795, 53, 36));
        let mut bytes = CAPTURED;
        bytes[6..8].fill(0);
        let pseudo = Sum::pseudo_v4([192, 168, 170, 8], [192, 168, 170, 20], 17, 36);
        assert_eq!(checksum(pseudo, &bytes), view.checksum());
        let header = UdpHeader { src_port: 32795, dst_port: 53, len_bytes: 36, checksum: view.checksum() };
        assert_eq!(header.emit(&mut bytes), Some(8));
        assert_eq!(bytes, CAPTURED);
    }

    #[test]
    fn refused() {
        assert_eq!(Udp::new(&CAPTURED[..7]).err(), Some(Fault::UdpLength));
        assert_eq!(Udp::new(&CAPTURED[..35]).err(), Some(Fault::UdpLength));
        let mut bytes = CAPTURED;
        bytes[5] = 7;
        assert_eq!(Udp::new(&bytes).err(), Some(Fault::UdpLength));
    }
}
