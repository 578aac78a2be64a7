//! Linux cooked captures, LINKTYPE_LINUX_SLL (16 bytes) and LINKTYPE_LINUX_SLL2 (20 bytes).

use crate::Fault;

/// Bytes of the version 1 header.
pub const V1_BYTES: usize = 16;
/// Bytes of the version 2 header.
pub const V2_BYTES: usize = 20;
/// The protocol value of a frame that starts with an LLC header (ETH_P_802_2).
pub const PROTOCOL_LLC: u16 = 4;

/// What a cooked header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cooked {
    /// An EtherType, or one of the small ETH_P values.
    pub protocol: u16,
    /// 0 to us, 1 broadcast, 2 multicast, 3 to someone else, 4 from us.
    pub packet_type: u16,
    /// ARPHRD type of the device.
    pub hardware_type: u16,
    /// Link address of the sender, padded with zeros.
    pub address: [u8; 8],
}

impl Cooked {
    /// Reads a version 1 header. Fails with [`Fault::Runt`].
    pub fn v1(bytes: &[u8]) -> Result<Self, Fault> {
        let [t0, t1, h0, h1, _, _, a, b, c, d, e, f, g, h, p0, p1] =
            *bytes.first_chunk::<V1_BYTES>().ok_or(Fault::Runt)?;
        Ok(Self {
            protocol: u16::from_be_bytes([p0, p1]),
            packet_type: u16::from_be_bytes([t0, t1]),
            hardware_type: u16::from_be_bytes([h0, h1]),
            address: [a, b, c, d, e, f, g, h],
        })
    }

    /// Reads a version 2 header. Fails with [`Fault::Runt`].
    pub fn v2(bytes: &[u8]) -> Result<Self, Fault> {
        let [p0, p1, _, _, _, _, _, _, h0, h1, kind, _, a, b, c, d, e, f, g, h] =
            *bytes.first_chunk::<V2_BYTES>().ok_or(Fault::Runt)?;
        Ok(Self {
            protocol: u16::from_be_bytes([p0, p1]),
            packet_type: u16::from(kind),
            hardware_type: u16::from_be_bytes([h0, h1]),
            address: [a, b, c, d, e, f, g, h],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions() {
        let v1 = [0, 0, 0, 1, 0, 6, 0x00, 0x1c, 0x42, 0x00, 0x00, 0x08, 0, 0, 0x86, 0xdd];
        let head = Cooked::v1(&v1).unwrap();
        assert_eq!((head.protocol, head.packet_type, head.hardware_type), (0x86dd, 0, 1));
        assert_eq!(head.address[..6], [0x00, 0x1c, 0x42, 0x00, 0x00, 0x08]);
        let v2 = [8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 4, 6, 0xa0, 0x36, 0x9f, 1, 2, 3, 0, 0];
        let head = Cooked::v2(&v2).unwrap();
        assert_eq!((head.protocol, head.packet_type, head.hardware_type), (0x0800, 4, 1));
        assert_eq!(Cooked::v1(&v1[..15]).err(), Some(Fault::Runt));
        assert_eq!(Cooked::v2(&v2[..19]).err(), Some(Fault::Runt));
    }
}
