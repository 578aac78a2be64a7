//! IEEE 802.1Q and 802.1ad tags: priority, drop eligibility, VLAN id, and the type that follows.
//!
//! A view starts after the tag protocol id, which is the type field of the header before it.

use crate::Fault;
use crate::ethernet::ethertype;

/// Bytes of the tag control information and the following type.
pub const TAG_BYTES: usize = 4;

/// True for the tag protocol ids that are walked: 0x8100, 0x88a8, 0x9100.
pub fn is_tpid(ethertype: u16) -> bool {
    matches!(ethertype, ethertype::VLAN | ethertype::QINQ | ethertype::QINQ_OLD)
}

/// A view of one tag.
#[derive(Clone, Copy, Debug)]
pub struct Vlan<'a> {
    tag: &'a [u8; TAG_BYTES],
}

impl<'a> Vlan<'a> {
    /// Views the 4 bytes after the tag protocol id. Fails with [`Fault::VlanTruncated`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        bytes.first_chunk().map(|tag| Self { tag }).ok_or(Fault::VlanTruncated)
    }

    /// Priority code point, 0 to 7.
    pub fn pcp(&self) -> u8 {
        self.tag[0] >> 5
    }

    /// Drop eligible indicator.
    pub fn dei(&self) -> bool {
        self.tag[0] & 0x10 != 0
    }

    /// VLAN id, 12 bits.
    pub fn id(&self) -> u16 {
        u16::from_be_bytes([self.tag[0] & 0x0f, self.tag[1]])
    }

    /// The type (or 802.3 length) that follows the tag.
    pub fn type_or_length(&self) -> u16 {
        u16::from_be_bytes([self.tag[2], self.tag[3]])
    }
}

/// What a tag says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VlanHeader {
    /// Priority code point; the low 3 bits count.
    pub pcp: u8,
    /// Drop eligible indicator.
    pub dei: bool,
    /// VLAN id; the low 12 bits count.
    pub id: u16,
    /// The type that follows.
    pub type_or_length: u16,
}

impl VlanHeader {
    /// Writes the tag (its protocol id is the type field before it); answers 4, or `None` where `out` is
    /// too short.
    pub fn emit(&self, out: &mut [u8]) -> Option<usize> {
        let out: &mut [u8; TAG_BYTES] = out.first_chunk_mut()?;
        let [high, low] = self.id.to_be_bytes();
        let [t0, t1] = self.type_or_length.to_be_bytes();
        *out = [(self.pcp << 5) | (u8::from(self.dei) << 4) | (high & 0x0f), low, t0, t1];
        Some(TAG_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// VLAN 32, priority 0, IPv4 inside: the tag of a captured telnet frame.
    const CAPTURED: [u8; 4] = [0x00, 0x20, 0x08, 0x00];

    #[test]
    fn captured() {
        let view = Vlan::new(&CAPTURED).unwrap();
        assert_eq!((view.pcp(), view.dei(), view.id(), view.type_or_length()), (0, false, 32, 0x0800));
        assert_eq!(Vlan::new(&CAPTURED[..3]).err(), Some(Fault::VlanTruncated));
    }

    #[test]
    fn round_trip() {
        let header = VlanHeader { pcp: 5, dei: true, id: 0xabc, type_or_length: 0x86dd };
        let mut out = [0; 4];
        assert_eq!(header.emit(&mut out), Some(4));
        let view = Vlan::new(&out).unwrap();
        assert_eq!((view.pcp(), view.dei(), view.id(), view.type_or_length()), (5, true, 0xabc, 0x86dd));
    }
}
