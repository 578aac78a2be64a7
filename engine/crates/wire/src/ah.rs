//! Authentication header (RFC 4302).

use crate::Fault;

/// Bytes before the integrity check value.
pub const FIXED_BYTES: usize = 12;

/// A view of an authentication header.
#[derive(Clone, Copy, Debug)]
pub struct Ah<'a> {
    head: &'a [u8; FIXED_BYTES],
    bytes: &'a [u8],
}

impl<'a> Ah<'a> {
    /// Views a whole header. Fails with [`Fault::AhTruncated`] where it is cut or its length is below 12.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        let view = Self::fixed(bytes)?;
        let len = view.len_bytes();
        if len < FIXED_BYTES || len > bytes.len() { Err(Fault::AhTruncated) } else { Ok(view) }
    }

    /// Views the fixed part whatever it says. Fails with [`Fault::AhTruncated`] below 12 bytes.
    pub fn fixed(bytes: &'a [u8]) -> Result<Self, Fault> {
        bytes.first_chunk().map(|head| Self { head, bytes }).ok_or(Fault::AhTruncated)
    }

    /// Next header.
    pub fn next_header(&self) -> u8 {
        self.head[0]
    }

    /// Bytes of the whole header: the length field counts 4-byte words minus 2 (RFC 4302 section 2.2).
    pub fn len_bytes(&self) -> usize {
        (usize::from(self.head[1]) + 2) * 4
    }

    /// Security parameters index.
    pub fn spi(&self) -> u32 {
        u32::from_be_bytes([self.head[4], self.head[5], self.head[6], self.head[7]])
    }

    /// Sequence number, low 32 bits.
    pub fn seq(&self) -> u32 {
        u32::from_be_bytes([self.head[8], self.head[9], self.head[10], self.head[11]])
    }

    /// The integrity check value, as far as it is there.
    pub fn icv(&self) -> &'a [u8] {
        let end = self.len_bytes().min(self.bytes.len());
        self.bytes.get(FIXED_BYTES..end).unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Next ICMP, SPI 0x8179b705, sequence 1, 12 bytes of ICV (HMAC-SHA1-96, RFC 2404).
    const SHA1_96: [u8; 24] = [
        0x01, 0x04, 0x00, 0x00, 0x81, 0x79, 0xb7, 0x05, 0x00, 0x00, 0x00, 0x01, 0x27, 0xcf, 0xc0, 0xa5, 0xe4,
        0x3d, 0x69, 0xb3, 0x72, 0x8e, 0xc5, 0xb0,
    ];

    #[test]
    fn sha1_96() {
        let view = Ah::new(&SHA1_96).unwrap();
        assert_eq!((view.next_header(), view.len_bytes()), (1, 24));
        assert_eq!((view.spi(), view.seq(), view.icv().len()), (0x8179_b705, 1, 12));
    }

    #[test]
    fn refused() {
        for cut in [0, 11, 23] {
            assert_eq!(Ah::new(&SHA1_96[..cut]).err(), Some(Fault::AhTruncated), "{cut}");
        }
        let mut bytes = SHA1_96;
        bytes[1] = 0;
        assert_eq!(Ah::new(&bytes).err(), Some(Fault::AhTruncated));
    }
}
