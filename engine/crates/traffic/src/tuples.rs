//! Addresses and ports. Sources are drawn from 10.0.0.0/8 (RFC 1918) or 2001:db8::/32 (RFC 3849) with a dynamic port
//! (RFC 6335). A flow's serial number goes through a keyed permutation, so that the tuples look random and no two
//! flows of a run share one, without a table of those in use.

use crate::error::{ConfigError, check_range};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::Random;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Who the frames are for: the host under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DestinationConfig {
    /// First IPv4 address.
    pub ipv4: Ipv4Addr,
    /// First IPv6 address.
    pub ipv6: Ipv6Addr,
    /// How many consecutive addresses, of either family.
    pub addresses: u16,
    /// First port.
    pub port: u16,
    /// How many consecutive ports.
    pub ports: u16,
}

impl Default for DestinationConfig {
    fn default() -> Self {
        DestinationConfig {
            ipv4: Ipv4Addr::new(192, 0, 2, 1),
            ipv6: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
            addresses: 1,
            port: 9,
            ports: 1,
        }
    }
}

/// Source, destination and ports of a flow. An IPv4 address is the first four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tuple {
    pub(crate) source: [u8; 16],
    pub(crate) destination: [u8; 16],
    pub(crate) source_port: u16,
    pub(crate) destination_port: u16,
}

impl Tuple {
    /// The flow that a frame answers: its addresses and ports the other way round. None where it is no TCP segment of
    /// the engine's own host.
    pub(crate) fn answered(frame: &[u8]) -> Option<(Self, usize)> {
        let ipv6 = match frame.get(12..14)? {
            [0x08, 0x00] => false,
            [0x86, 0xdd] => true,
            _ => return None,
        };
        let wide = |at: usize| frame.get(at..)?.first_chunk::<16>().copied();
        let narrow = |at: usize| Some(widen(u32::from_be_bytes(*frame.get(at..)?.first_chunk()?)));
        let (destination, source, transport_at) =
            if ipv6 { (wide(22)?, wide(38)?, 54) } else { (narrow(26)?, narrow(30)?, 34) };
        let [a, b, c, d] = *frame.get(transport_at..)?.first_chunk()?;
        let (destination_port, source_port) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        Some((Tuple { source, destination, source_port, destination_port }, transport_at))
    }

    pub(crate) fn source_ipv4(&self) -> [u8; 4] {
        narrow(self.source)
    }

    pub(crate) fn destination_ipv4(&self) -> [u8; 4] {
        narrow(self.destination)
    }
}

fn narrow(address: [u8; 16]) -> [u8; 4] {
    let [a, b, c, d, ..] = address;
    [a, b, c, d]
}

/// Streams of one source; each has 2^32 serial numbers of the 2^38 (24 address bits, 14 port bits).
pub(crate) const MAX_STREAMS: usize = 64;

/// Bits of one half of a serial number.
const HALF_BITS: u32 = 19;
const HALF_MASK: u64 = (1 << HALF_BITS) - 1;
/// First dynamic port (RFC 6335 section 6), and how many bits it leaves.
const DYNAMIC_PORT: u16 = 49_152;
const PORT_BITS: u32 = 14;

/// Makes tuples from serial numbers.
#[derive(Clone, Debug)]
pub(crate) struct Tuples {
    destination: DestinationConfig,
    keys: [u64; 4],
    spread: u64,
}

impl Tuples {
    /// `random` must be the same for all streams of a run: it keys the permutation they share.
    pub(crate) fn new(destination: DestinationConfig, mut random: Random) -> Result<Self, ConfigError> {
        check_range("destination.addresses", destination.addresses, 1..=u16::MAX)?;
        let last = u16::MAX - destination.port;
        check_range("destination.ports", destination.ports, 1..=last.saturating_add(1))?;
        let room = u32::MAX - destination.ipv4.to_bits();
        if u32::from(destination.addresses) - 1 > room {
            return Err(ConfigError::new("destination.ipv4", destination.ipv4, "room for all addresses"));
        }
        if u128::from(destination.addresses) - 1 > u128::MAX - destination.ipv6.to_bits() {
            return Err(ConfigError::new("destination.ipv6", destination.ipv6, "room for all addresses"));
        }
        let keys = [random.next_u64(), random.next_u64(), random.next_u64(), random.next_u64()];
        Ok(Tuples { destination, keys, spread: random.next_u64() })
    }

    /// The tuple of flow `serial` of `stream`.
    #[inline]
    pub(crate) fn tuple(&self, stream: u16, serial: u32, ipv6: bool) -> Tuple {
        let serial = u64::from(stream) << 32 | u64::from(serial);
        let drawn = self.permute(serial);
        let host = drawn >> PORT_BITS;
        let port = (drawn & ((1 << PORT_BITS) - 1)) as u16;
        let mixed = mix(serial ^ self.spread);
        let nth = below((mixed & 0xffff_ffff) as u32, self.destination.addresses);
        let (source, destination) = if ipv6 {
            let random = u128::from(mix(mixed)) << 32;
            let source = 0x2001_0db8_u128 << 96 | random | u128::from(host);
            (source.to_be_bytes(), (self.destination.ipv6.to_bits() + u128::from(nth)).to_be_bytes())
        } else {
            let source = 10 << 24 | host as u32;
            (widen(source), widen(self.destination.ipv4.to_bits() + u32::from(nth)))
        };
        Tuple {
            source,
            destination,
            source_port: DYNAMIC_PORT + port,
            destination_port: self.destination.port + below((mixed >> 32) as u32, self.destination.ports),
        }
    }

    /// A Feistel network of four rounds: a permutation of 38-bit numbers whatever its round function.
    #[inline]
    fn permute(&self, value: u64) -> u64 {
        let halves = ((value >> HALF_BITS) & HALF_MASK, value & HALF_MASK);
        let (left, right) = self.keys.iter().fold(halves, |(left, right), key| {
            let round = (right ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - HALF_BITS);
            (right, left ^ round)
        });
        left << HALF_BITS | right
    }
}

fn widen(address: u32) -> [u8; 16] {
    (u128::from(address) << 96).to_be_bytes()
}

/// `bits` scaled to `0..bound`.
fn below(bits: u32, bound: u16) -> u16 {
    ((u64::from(bits) * u64::from(bound)) >> 32) as u16
}

/// The finalizer of splitmix64.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn tuples(destination: DestinationConfig) -> Tuples {
        Tuples::new(destination, Random::for_component(1, "test")).unwrap()
    }

    #[test]
    fn no_two_flows_share_a_tuple() {
        for ipv6 in [false, true] {
            let tuples = tuples(DestinationConfig::default());
            let seen: HashSet<_> = (0..200_000)
                .map(|serial| tuples.tuple((serial % 3) as u16, serial / 3, ipv6))
                .map(|t| (t.source, t.source_port))
                .collect();
            assert_eq!(seen.len(), 200_000);
        }
    }

    #[test]
    fn sources_are_private_and_spread_evenly() {
        let tuples = tuples(DestinationConfig::default());
        let mut second_byte = [0f64; 256];
        for serial in 0..256_000 {
            let tuple = tuples.tuple(0, serial, false);
            assert_eq!((tuple.source[0], tuple.destination_port), (10, 9));
            assert_eq!(tuple.destination[..4], [192, 0, 2, 1]);
            second_byte[usize::from(tuple.source[1])] += 1.0;
        }
        // 255 degrees of freedom: 330.5 is passed once in 1000.
        let chi_square: f64 = second_byte.iter().map(|n| (n - 1000.0).powi(2) / 1000.0).sum();
        assert!(chi_square < 330.5, "{chi_square}");
    }

    #[test]
    fn destinations_cover_what_was_asked_for() {
        let config = DestinationConfig { addresses: 3, port: 65_535 - 4, ports: 5, ..Default::default() };
        let tuples = tuples(config);
        let seen: HashSet<_> = (0..1000)
            .map(|serial| tuples.tuple(0, serial, true))
            .map(|t| (t.destination, t.destination_port))
            .collect();
        assert_eq!(seen.len(), 15);
        assert!(seen.iter().all(|(address, port)| address[..4] == [0x20, 1, 0xd, 0xb8] && *port >= 65_531));
    }

    #[test]
    fn destinations_beyond_the_last_are_refused() {
        let refused = |config| Tuples::new(config, Random::for_component(1, "test")).unwrap_err().key;
        let config = DestinationConfig::default();
        assert_eq!(refused(DestinationConfig { addresses: 0, ..config }), "destination.addresses");
        assert_eq!(refused(DestinationConfig { port: 65_535, ports: 2, ..config }), "destination.ports");
        let last = Ipv4Addr::BROADCAST;
        assert_eq!(refused(DestinationConfig { ipv4: last, addresses: 2, ..config }), "destination.ipv4");
    }
}
