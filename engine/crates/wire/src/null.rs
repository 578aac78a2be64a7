//! BSD loopback captures, LINKTYPE_NULL: four bytes of address family in the order of the machine that
//! captured.

use crate::Fault;

/// Bytes of the header.
pub const HEADER_BYTES: usize = 4;

/// The address families that name IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// AF_INET, 2 everywhere.
    Inet,
    /// AF_INET6: 24 NetBSD, OpenBSD; 28 FreeBSD; 30 Darwin; 10 Linux.
    Inet6,
    /// Any other, as read little-endian.
    Other(u32),
}

impl Family {
    /// Reads the first 4 bytes. Fails with [`Fault::Runt`].
    pub fn new(bytes: &[u8]) -> Result<Self, Fault> {
        let word = u32::from_le_bytes(*bytes.first_chunk().ok_or(Fault::Runt)?);
        // A family is small, so the order is the one in which the number is (libpcap, LINKTYPE_NULL).
        let family = if word & 0xffff_0000 == 0 { word } else { word.swap_bytes() };
        Ok(match family {
            2 => Self::Inet,
            10 | 24 | 28 | 30 => Self::Inet6,
            _ => Self::Other(word),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders() {
        assert_eq!(Family::new(&[2, 0, 0, 0]), Ok(Family::Inet));
        assert_eq!(Family::new(&[0, 0, 0, 2]), Ok(Family::Inet));
        assert_eq!(Family::new(&[0, 0, 0, 30]), Ok(Family::Inet6));
        assert_eq!(Family::new(&[28, 0, 0, 0]), Ok(Family::Inet6));
        assert_eq!(Family::new(&[7, 0, 0, 0]), Ok(Family::Other(7)));
        assert_eq!(Family::new(&[2, 0, 0]), Err(Fault::Runt));
    }
}
