//! Whose address it is.

use wire::walk::{L3, Layer};

/// Addresses of one family that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    kind: L3,
    /// IPv4 is in the first four bytes.
    address: [u8; 16],
    /// Bits that count.
    mask: [u8; 16],
}

impl Network {
    /// An address of 4 or 16 bytes, and as many that say which bits count; `None` for other lengths.
    pub fn new(address: &[u8], mask: &[u8]) -> Option<Self> {
        let kind = match (address.len(), mask.len()) {
            (4, 4) => L3::V4,
            (16, 16) => L3::V6,
            _ => return None,
        };
        Some(Network { kind, address: padded(address), mask: padded(mask) })
    }

    pub(crate) fn holds(&self, kind: L3, address: &[u8; 16]) -> bool {
        let [own, other] = [&self.address, address].map(|bytes| u128::from_be_bytes(*bytes));
        kind == self.kind && (own ^ other) & u128::from_be_bytes(self.mask) == 0
    }
}

/// An address of 4 or 16 bytes, the rest 0.
pub(crate) fn padded(bytes: &[u8]) -> [u8; 16] {
    let mut padded = [0; 16];
    padded.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    padded
}

/// Whether a packet is this host's: to one of its addresses, or to everybody. One whose destination cannot be read is.
pub(super) fn is_local(addresses: &[Network], layer: &Layer, frame: &[u8]) -> bool {
    let (at, len) = match layer.kind {
        L3::V4 => (layer.at() + 16, 4),
        _ => (layer.at() + 24, 16),
    };
    let Some(destination) = frame.get(at..at + len) else { return true };
    let everybody = match (layer.kind, destination) {
        // Multicast and limited broadcast (RFC 1112 section 4, RFC 919 section 7).
        (L3::V4, [first, ..]) => first & 0xf0 == 224 || destination == [255; 4],
        // Multicast and link-local (RFC 4291 section 2.4): neither is for a router.
        (_, [first, second, ..]) => *first == 0xff || (*first == 0xfe && second & 0xc0 == 0x80),
        _ => true,
    };
    let destination = padded(destination);
    everybody || addresses.iter().any(|network| network.holds(layer.kind, &destination))
}
