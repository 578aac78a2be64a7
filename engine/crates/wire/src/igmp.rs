//! IGMP versions 1 to 3 (RFC 3376): the 8 bytes all messages share.

use crate::Fault;

/// Bytes of the smallest message.
pub const HEADER_BYTES: usize = 8;

/// A view of an IGMP message.
#[derive(Clone, Copy, Debug)]
pub struct Igmp<'a> {
    head: &'a [u8; HEADER_BYTES],
}

impl<'a> Igmp<'a> {
    /// Views the first 8 bytes. Fails with [`Fault::IgmpTruncated`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        bytes.first_chunk().map(|head| Self { head }).ok_or(Fault::IgmpTruncated)
    }

    /// Message type.
    pub fn kind(&self) -> u8 {
        self.head[0]
    }

    /// Maximum response time in tenths of a second, of a query.
    pub fn max_response(&self) -> u8 {
        self.head[1]
    }

    /// Checksum as it stands.
    pub fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.head[2], self.head[3]])
    }

    /// Group address (of a query, a version 1 or 2 report, a leave).
    pub fn group(&self) -> [u8; 4] {
        [self.head[4], self.head[5], self.head[6], self.head[7]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checksum;

    /// A captured version 2 report for 239.255.255.250.
    const CAPTURED: [u8; 8] = [0x16, 0x00, 0xfa, 0x04, 0xef, 0xff, 0xff, 0xfa];

    #[test]
    fn captured() {
        let view = Igmp::new(&CAPTURED).unwrap();
        assert_eq!((view.kind(), view.max_response(), view.group()), (0x16, 0, [239, 255, 255, 250]));
        assert!(checksum::holds(&CAPTURED));
        assert_eq!(Igmp::new(&CAPTURED[..7]).err(), Some(Fault::IgmpTruncated));
    }
}
