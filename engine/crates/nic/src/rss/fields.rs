//! Which fields are hashed, per protocol: what `ethtool -N rx-flow-hash` sets.

use crate::ConfigError;

/// Fields of one protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fields {
    /// Not hashed: hash 0, queue 0.
    Off,
    /// Source and destination address (`sd`).
    TwoTuple,
    /// Addresses and ports (`sdfn`).
    FourTuple,
}

/// Fields of every protocol. Fragments, the first as well, and all other transport protocols go by `ipv4` and `ipv6`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldsConfig {
    /// IPv4 that is not TCP or UDP, or a fragment.
    pub ipv4: Fields,
    /// TCP over IPv4.
    pub tcp4: Fields,
    /// UDP over IPv4.
    pub udp4: Fields,
    /// IPv6 that is not TCP or UDP, or a fragment.
    pub ipv6: Fields,
    /// TCP over IPv6.
    pub tcp6: Fields,
    /// UDP over IPv6.
    pub udp6: Fields,
}

impl Default for FieldsConfig {
    /// As many fields as there are.
    fn default() -> Self {
        use Fields::{FourTuple, TwoTuple};
        FieldsConfig {
            ipv4: TwoTuple,
            tcp4: FourTuple,
            udp4: FourTuple,
            ipv6: TwoTuple,
            tcp6: FourTuple,
            udp6: FourTuple,
        }
    }
}

impl FieldsConfig {
    /// # Errors
    /// Ports asked of a protocol that has none.
    pub(crate) fn check(self) -> Result<(), ConfigError> {
        for (key, fields) in [("rss.fields.ipv4", self.ipv4), ("rss.fields.ipv6", self.ipv6)] {
            if fields == Fields::FourTuple {
                return Err(ConfigError::new(
                    key,
                    "4-tuple",
                    "off or 2-tuple (ports are those of TCP and UDP)",
                ));
            }
        }
        Ok(())
    }
}
