//! Whose frame it is: the innermost addresses, ports and protocol.

use wire::protocol;
use wire::walk::{Headers, L3};

/// A flow, as the socket table knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FlowKey {
    source: [u64; 2],
    destination: [u64; 2],
    ports: u32,
    protocol: u8,
    version: u8,
}

fn word<const N: usize>(frame: &[u8], at: usize) -> Option<[u8; N]> {
    frame.get(at..)?.first_chunk().copied()
}

/// An address as two words; IPv4 fills the second.
fn address(frame: &[u8], at: usize, version: u8) -> Option<[u64; 2]> {
    Some(match version {
        4 => [0, u64::from(u32::from_be_bytes(word(frame, at)?))],
        _ => [u64::from_be_bytes(word(frame, at)?), u64::from_be_bytes(word(frame, at + 8)?)],
    })
}

impl FlowKey {
    /// The key of a frame whose headers are in `frame`. What has no ports (fragments, other protocols) is keyed by
    /// protocol alone and goes to the raw socket of that protocol; what is not IP goes to the packet socket.
    #[inline]
    pub fn of(headers: &Headers, frame: &[u8]) -> Self {
        let packet_socket = FlowKey::default();
        let (version, source_offset, destination_offset) = match headers.inner.kind {
            L3::V4 => (4, 12, 16),
            L3::V6 => (6, 8, 24),
            _ => return packet_socket,
        };
        let protocol = headers.protocol();
        let raw_socket = FlowKey { protocol, version, ..packet_socket };
        let connected = matches!(protocol, protocol::TCP | protocol::UDP) && !headers.inner.is_fragment();
        let Some(l4_at) = headers.l4_at().filter(|_| connected) else { return raw_socket };
        let at = headers.inner.at();
        let read = || {
            Some(FlowKey {
                source: address(frame, at + source_offset, version)?,
                destination: address(frame, at + destination_offset, version)?,
                ports: u32::from_be_bytes(word(frame, l4_at)?),
                ..raw_socket
            })
        };
        read().unwrap_or(raw_socket)
    }

    /// Whether it names one conversation, not a protocol.
    pub fn is_connected(&self) -> bool {
        self.ports != 0 || self.source != [0; 2]
    }

    /// The IP protocol number; 0 with version 0 for what is not IP.
    pub fn protocol(&self) -> u8 {
        self.protocol
    }

    /// 4, 6, or 0 for what is not IP.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// Source port.
    pub fn source_port(&self) -> u16 {
        (self.ports >> 16) as u16
    }

    /// Destination port.
    pub fn destination_port(&self) -> u16 {
        self.ports as u16
    }

    /// The source address as two words; IPv4 fills the second.
    pub(crate) fn source_words(&self) -> [u64; 2] {
        self.source
    }

    /// The destination address as two words; IPv4 fills the second.
    pub(crate) fn destination_words(&self) -> [u64; 2] {
        self.destination
    }

    fn text(&self, address: [u64; 2]) -> String {
        match self.version {
            4 => core::net::Ipv4Addr::from(address[1] as u32).to_string(),
            6 => {
                core::net::Ipv6Addr::from((u128::from(address[0]) << 64) | u128::from(address[1])).to_string()
            }
            _ => String::new(),
        }
    }

    /// The flow's name to the device; [`stage::FlowKey::NONE`] where it names no conversation.
    pub fn device_key(&self) -> stage::FlowKey {
        let ports = self.ports.to_be_bytes();
        if !self.is_connected() {
            return stage::FlowKey::NONE;
        }
        let words = [self.source, self.destination];
        if self.version == 4 {
            let mut bytes = [0; 8];
            let addresses = words.iter().flat_map(|words| (words[1] as u32).to_be_bytes());
            bytes.iter_mut().zip(addresses).for_each(|(to, from)| *to = from);
            return stage::FlowKey::ipv4(bytes, ports, self.protocol);
        }
        let mut bytes = [0; 32];
        let addresses = words.iter().flatten().flat_map(|word| word.to_be_bytes());
        bytes.iter_mut().zip(addresses).for_each(|(to, from)| *to = from);
        stage::FlowKey::ipv6(bytes, ports, self.protocol)
    }

    /// The source address in text.
    pub fn source(&self) -> String {
        self.text(self.source)
    }

    /// The destination address in text.
    pub fn destination(&self) -> String {
        self.text(self.destination)
    }

    /// Keyed hash: multiply-fold over the key's words, the secret in each round.
    #[inline]
    pub(super) fn hash(&self, secret: u64) -> u64 {
        let fold = |a: u64, b: u64| {
            let wide = u128::from(a ^ secret) * u128::from(b ^ 0x9e37_79b9_7f4a_7c15);
            (wide as u64) ^ ((wide >> 64) as u64)
        };
        let last = u64::from(self.ports) << 16 | u64::from(self.protocol) << 8 | u64::from(self.version);
        let low = fold(self.source[1], self.destination[1].rotate_left(17) ^ last);
        fold(low, fold(self.source[0], self.destination[0].rotate_left(29)) ^ last.rotate_left(31))
    }

    #[cfg(test)]
    pub(super) fn for_test(ports: u32) -> Self {
        FlowKey { source: [0, 7], destination: [0, 9], ports, protocol: 17, version: 4 }
    }
}
