//! IEEE 802.2 LLC and its SNAP extension, which carries an EtherType.

use crate::Fault;

/// Bytes of DSAP, SSAP and an unnumbered control field.
pub const HEADER_BYTES: usize = 3;
/// Bytes with the SNAP organisation and type.
pub const SNAP_BYTES: usize = 8;

/// A view of an LLC header.
#[derive(Clone, Copy, Debug)]
pub struct Llc<'a> {
    head: &'a [u8; HEADER_BYTES],
    bytes: &'a [u8],
}

impl<'a> Llc<'a> {
    /// Views the first 3 bytes. Fails with [`Fault::Runt`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        bytes.first_chunk().map(|head| Self { head, bytes }).ok_or(Fault::Runt)
    }

    /// Destination service access point.
    pub fn dsap(&self) -> u8 {
        self.head[0]
    }

    /// Source service access point.
    pub fn ssap(&self) -> u8 {
        self.head[1]
    }

    /// Control field, first byte.
    pub fn control(&self) -> u8 {
        self.head[2]
    }

    /// True for a SNAP header whose organisation or type is cut.
    pub fn is_cut_snap(&self) -> bool {
        *self.head == [0xaa, 0xaa, 0x03] && self.bytes.len() < SNAP_BYTES
    }

    /// The EtherType of a SNAP header whose organisation is 0 (RFC 1042) or 0x0000f8 (802.1H).
    pub fn snap_ethertype(&self) -> Option<u16> {
        match *self.bytes {
            [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00 | 0xf8, t0, t1, ..] => Some(u16::from_be_bytes([t0, t1])),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spanning_tree() {
        let view = Llc::new(&[0x42, 0x42, 0x03, 0x00, 0x00]).unwrap();
        assert_eq!((view.dsap(), view.ssap(), view.control()), (0x42, 0x42, 3));
        assert_eq!(view.snap_ethertype(), None);
    }

    #[test]
    fn snap() {
        let bytes = [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00, 0x08, 0x00];
        assert_eq!(Llc::new(&bytes).unwrap().snap_ethertype(), Some(0x0800));
        assert_eq!(Llc::new(&bytes[..7]).unwrap().snap_ethertype(), None);
        assert!(Llc::new(&bytes[..7]).unwrap().is_cut_snap() && !Llc::new(&bytes).unwrap().is_cut_snap());
        // Cisco's organisation (CDP) carries no EtherType.
        let cdp = [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00];
        assert_eq!(Llc::new(&cdp).unwrap().snap_ethertype(), None);
        assert_eq!(Llc::new(&bytes[..2]).err(), Some(Fault::Runt));
    }
}
