//! ICMP (RFC 792) and ICMPv6 (RFC 4443): both start with type, code, checksum and four more bytes.

use crate::Fault;

/// Bytes before the body of a message.
pub const HEADER_BYTES: usize = 8;

/// A view of an ICMP or ICMPv6 header.
#[derive(Clone, Copy, Debug)]
pub struct Icmp<'a> {
    head: &'a [u8; 4],
    bytes: &'a [u8],
}

impl<'a> Icmp<'a> {
    /// Views a message of at least 8 bytes. Fails with [`Fault::IcmpTruncated`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        if bytes.len() < HEADER_BYTES { Err(Fault::IcmpTruncated) } else { Self::fixed(bytes) }
    }

    /// Views type, code and checksum. Fails with [`Fault::IcmpTruncated`] below 4 bytes.
    pub fn fixed(bytes: &'a [u8]) -> Result<Self, Fault> {
        bytes.first_chunk().map(|head| Self { head, bytes }).ok_or(Fault::IcmpTruncated)
    }

    /// Message type.
    pub fn kind(&self) -> u8 {
        self.head[0]
    }

    /// Code within the type.
    pub fn code(&self) -> u8 {
        self.head[1]
    }

    /// Checksum as it stands.
    pub fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.head[2], self.head[3]])
    }

    /// The second word: identifier and sequence, MTU, pointer or unused. 0 where it is cut.
    pub fn rest(&self) -> u32 {
        self.bytes.get(4..).and_then(|b| b.first_chunk()).map_or(0, |w| u32::from_be_bytes(*w))
    }

    /// What follows the header.
    pub fn body(&self) -> &'a [u8] {
        self.bytes.get(HEADER_BYTES..).unwrap_or(&[])
    }
}

/// What an ICMP header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpHeader {
    /// Message type.
    pub kind: u8,
    /// Code within the type.
    pub code: u8,
    /// Checksum as it shall stand.
    pub checksum: u16,
    /// The second word.
    pub rest: u32,
}

impl IcmpHeader {
    /// Writes the header; answers 8, or `None` where `out` is too short.
    pub fn emit(&self, out: &mut [u8]) -> Option<usize> {
        let out: &mut [u8; HEADER_BYTES] = out.first_chunk_mut()?;
        let [c0, c1] = self.checksum.to_be_bytes();
        let [a, b, c, d] = self.rest.to_be_bytes();
        *out = [self.kind, self.code, c0, c1, a, b, c, d];
        Some(HEADER_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checksum;

    /// A captured echo request, "abcdefghijklmnopqrstuvwabcdefghi", as Windows sends it.
    const CAPTURED: [u8; 40] = [
        0x08, 0x00, 0x4d, 0x56, 0x00, 0x01, 0x00, 0x05, b'a', b'b', b'c', b'd', b'e', b'f', b'g', b'h', b'i',
        b'j', b'k', b'l', b'm', b'n', b'o', b'p', b'q', b'r', b's', b't', b'u', b'v', b'w', b'a', b'b', b'c',
        b'd', b'e', b'f', b'g', b'h', b'i',
    ];

    #[test]
    fn captured() {
        let view = Icmp::new(&CAPTURED).unwrap();
        assert_eq!((view.kind(), view.code(), view.rest()), (8, 0, 0x0001_0005));
        assert_eq!(view.body().len(), 32);
        assert!(checksum::holds(&CAPTURED));
        let mut out = CAPTURED;
        let header = IcmpHeader { kind: 8, code: 0, checksum: view.checksum(), rest: view.rest() };
        assert_eq!(header.emit(&mut out), Some(8));
        assert_eq!(out, CAPTURED);
    }

    #[test]
    fn refused() {
        assert_eq!(Icmp::new(&CAPTURED[..7]).err(), Some(Fault::IcmpTruncated));
        assert_eq!(Icmp::fixed(&CAPTURED[..3]).err(), Some(Fault::IcmpTruncated));
        assert_eq!(Icmp::fixed(&CAPTURED[..5]).unwrap().rest(), 0);
    }
}
