//! ARP (RFC 826).

use crate::Fault;

/// Bytes before the addresses.
pub const FIXED_BYTES: usize = 8;

/// A view of an ARP message.
#[derive(Clone, Copy, Debug)]
pub struct Arp<'a> {
    head: &'a [u8; FIXED_BYTES],
    addresses: &'a [u8],
}

impl<'a> Arp<'a> {
    /// Views a whole message. Fails with [`Fault::ArpTruncated`] where the four addresses are not there.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        let (head, rest) = bytes.split_first_chunk::<FIXED_BYTES>().ok_or(Fault::ArpTruncated)?;
        let len = 2 * (usize::from(head[4]) + usize::from(head[5]));
        rest.get(..len).map(|addresses| Self { head, addresses }).ok_or(Fault::ArpTruncated)
    }

    /// Hardware type, 1 for Ethernet.
    pub fn hardware_type(&self) -> u16 {
        u16::from_be_bytes([self.head[0], self.head[1]])
    }

    /// Protocol type, an EtherType.
    pub fn protocol_type(&self) -> u16 {
        u16::from_be_bytes([self.head[2], self.head[3]])
    }

    /// 1 request, 2 reply.
    pub fn operation(&self) -> u16 {
        u16::from_be_bytes([self.head[6], self.head[7]])
    }

    fn part(&self, protocol: bool, target: bool) -> &'a [u8] {
        let (hardware_len, protocol_len) = (usize::from(self.head[4]), usize::from(self.head[5]));
        let start =
            usize::from(target) * (hardware_len + protocol_len) + usize::from(protocol) * hardware_len;
        let len = if protocol { protocol_len } else { hardware_len };
        self.addresses.get(start..start + len).unwrap_or(&[])
    }

    /// Sender's hardware address.
    pub fn sender_hardware(&self) -> &'a [u8] {
        self.part(false, false)
    }

    /// Sender's protocol address.
    pub fn sender_protocol(&self) -> &'a [u8] {
        self.part(true, false)
    }

    /// Target's hardware address.
    pub fn target_hardware(&self) -> &'a [u8] {
        self.part(false, true)
    }

    /// Target's protocol address.
    pub fn target_protocol(&self) -> &'a [u8] {
        self.part(true, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A captured request: who has 24.166.173.159, tell 24.166.172.1.
    const CAPTURED: [u8; 28] = [
        0, 1, 8, 0, 6, 4, 0, 1, 0x00, 0x07, 0x0d, 0xaf, 0xf4, 0x54, 24, 166, 172, 1, 0, 0, 0, 0, 0, 0, 24,
        166, 173, 159,
    ];

    #[test]
    fn captured() {
        let view = Arp::new(&CAPTURED).unwrap();
        assert_eq!((view.hardware_type(), view.protocol_type(), view.operation()), (1, 0x0800, 1));
        assert_eq!(view.sender_hardware(), [0x00, 0x07, 0x0d, 0xaf, 0xf4, 0x54]);
        assert_eq!(view.sender_protocol(), [24, 166, 172, 1]);
        assert_eq!(view.target_hardware(), [0; 6]);
        assert_eq!(view.target_protocol(), [24, 166, 173, 159]);
        for cut in 0..28 {
            assert_eq!(Arp::new(&CAPTURED[..cut]).err(), Some(Fault::ArpTruncated));
        }
    }
}
