//! MPLS label stack entries (RFC 3032; the former EXP bits are the traffic class of RFC 5462).

use crate::Fault;

/// Bytes of one entry.
pub const ENTRY_BYTES: usize = 4;

/// IPv4 explicit null.
pub const IPV4_EXPLICIT_NULL: u32 = 0;
/// Router alert.
pub const ROUTER_ALERT: u32 = 1;
/// IPv6 explicit null.
pub const IPV6_EXPLICIT_NULL: u32 = 2;
/// Entropy label indicator (RFC 6790).
pub const ENTROPY_LABEL_INDICATOR: u32 = 7;
/// Generic associated channel label (RFC 5586).
pub const GAL: u32 = 13;
/// OAM alert (RFC 3429).
pub const OAM_ALERT: u32 = 14;

/// True for a special-purpose label that must not arrive.
///
/// - 3, implicit null: "never actually appears in the encapsulation" (RFC 3032 section 2.1)
/// - 4 to 6 and 8 to 12: unassigned (IANA, special-purpose MPLS label values, RFC 7274 section 5)
/// - 15, the extension label: what may follow it is unassigned too, and a router that does not know the
///   pair discards the packet (RFC 7274 section 3.1)
///
/// 0, 1, 2, 7, 13 and 14 are in use; 0 and 2 may stand anywhere in the stack (RFC 4182).
pub fn is_reserved(label: u32) -> bool {
    matches!(label, 3..=6 | 8..=12 | 15)
}

/// One label stack entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Label value, 20 bits.
    pub label: u32,
    /// Traffic class, 3 bits.
    pub exp: u8,
    /// Bottom of stack.
    pub bos: bool,
    /// Time to live.
    pub ttl: u8,
}

impl Label {
    /// Reads the first 4 bytes. Fails with [`Fault::MplsTruncated`].
    pub fn new(bytes: &[u8]) -> Result<Self, Fault> {
        let word = u32::from_be_bytes(*bytes.first_chunk().ok_or(Fault::MplsTruncated)?);
        let [_, _, tail, ttl] = word.to_be_bytes();
        Ok(Self { label: word >> 12, exp: (tail >> 1) & 7, bos: tail & 1 == 1, ttl })
    }

    /// Writes the entry; answers 4, or `None` where `out` is too short.
    pub fn emit(&self, out: &mut [u8]) -> Option<usize> {
        let out: &mut [u8; ENTRY_BYTES] = out.first_chunk_mut()?;
        let word = (self.label << 12)
            | (u32::from(self.exp & 7) << 9)
            | (u32::from(self.bos) << 8)
            | u32::from(self.ttl);
        *out = word.to_be_bytes();
        Some(ENTRY_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Label 29, exp 0, bottom, TTL 254.
    const ENTRY: [u8; 4] = [0x00, 0x01, 0xd1, 0xfe];

    #[test]
    fn entry() {
        let entry = Label::new(&ENTRY).unwrap();
        assert_eq!(entry, Label { label: 29, exp: 0, bos: true, ttl: 254 });
        let mut out = [0; 4];
        assert_eq!(entry.emit(&mut out), Some(4));
        assert_eq!(out, ENTRY);
        assert_eq!(Label::new(&ENTRY[..3]).err(), Some(Fault::MplsTruncated));
    }

    #[test]
    fn special_purpose() {
        let reserved: Vec<u32> = (0..17).filter(|&label| is_reserved(label)).collect();
        assert_eq!(reserved, [3, 4, 5, 6, 8, 9, 10, 11, 12, 15]);
    }

    #[test]
    fn every_bit_round_trips() {
        let entry = Label { label: 0xf_ffff, exp: 5, bos: false, ttl: 1 };
        let mut out = [0; 4];
        assert_eq!(entry.emit(&mut out), Some(4));
        assert_eq!(Label::new(&out), Ok(entry));
    }
}
