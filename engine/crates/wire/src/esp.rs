//! ESP (RFC 4303): the two fields in the clear.

use crate::Fault;

/// Bytes of SPI and sequence number.
pub const HEADER_BYTES: usize = 8;

/// A view of an ESP header.
#[derive(Clone, Copy, Debug)]
pub struct Esp<'a> {
    head: &'a [u8; HEADER_BYTES],
}

impl<'a> Esp<'a> {
    /// Views the first 8 bytes. Fails with [`Fault::EspTruncated`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        bytes.first_chunk().map(|head| Self { head }).ok_or(Fault::EspTruncated)
    }

    /// Security parameters index.
    pub fn spi(&self) -> u32 {
        u32::from_be_bytes([self.head[0], self.head[1], self.head[2], self.head[3]])
    }

    /// Sequence number, low 32 bits.
    pub fn seq(&self) -> u32 {
        u32::from_be_bytes([self.head[4], self.head[5], self.head[6], self.head[7]])
    }
}

/// What an ESP header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EspHeader {
    /// Security parameters index.
    pub spi: u32,
    /// Sequence number, low 32 bits.
    pub seq: u32,
}

impl EspHeader {
    /// Writes the header; answers 8, or `None` where `out` is too short.
    pub fn emit(&self, out: &mut [u8]) -> Option<usize> {
        let out: &mut [u8; HEADER_BYTES] = out.first_chunk_mut()?;
        let [a, b, c, d] = self.spi.to_be_bytes();
        let [e, f, g, h] = self.seq.to_be_bytes();
        *out = [a, b, c, d, e, f, g, h];
        Some(HEADER_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SPI 0x12345678, sequence 1: the first packet of an association.
    const FIRST: [u8; 8] = [0x12, 0x34, 0x56, 0x78, 0, 0, 0, 1];

    #[test]
    fn first_packet() {
        let view = Esp::new(&FIRST).unwrap();
        assert_eq!((view.spi(), view.seq()), (0x1234_5678, 1));
        let mut out = [0; 8];
        assert_eq!(EspHeader { spi: view.spi(), seq: view.seq() }.emit(&mut out), Some(8));
        assert_eq!(out, FIRST);
        assert_eq!(Esp::new(&FIRST[..7]).err(), Some(Fault::EspTruncated));
    }
}
