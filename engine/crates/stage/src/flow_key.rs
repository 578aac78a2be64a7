//! A flow's name: the 5-tuple in one comparable value, the same to the NIC and to the host.

/// Addresses, ports and protocol of a flow, 40 bytes.
#[derive(Clone, Copy, Debug, Eq, Hash)]
#[expect(clippy::derived_hash_with_manual_eq, reason = "the comparison is the derived one, only faster")]
pub struct FlowKey {
    // Words, so that a comparison is five of them.
    words: [u64; 5],
}

impl PartialEq for FlowKey {
    /// Word by word: the derived comparison of 40 bytes becomes a call of memcmp.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

impl FlowKey {
    /// The name of no flow.
    pub const NONE: FlowKey = FlowKey { words: [0; 5] };

    /// IPv4: source and destination address and port, in network order.
    #[inline(always)]
    pub fn ipv4(addresses: [u8; 8], ports: [u8; 4], protocol: u8) -> Self {
        let tail = Self::tail(ports, protocol, 4);
        FlowKey { words: [u64::from_ne_bytes(addresses), 0, 0, 0, tail] }
    }

    /// IPv6: source and destination address and port, in network order.
    #[inline]
    pub fn ipv6(addresses: [u8; 32], ports: [u8; 4], protocol: u8) -> Self {
        Self::from_parts(addresses, ports, protocol, 6)
    }

    /// Any bits, for masks: of IPv4 the two addresses are the first eight bytes; `version` 0 leaves it open.
    #[inline]
    pub fn from_parts(addresses: [u8; 32], ports: [u8; 4], protocol: u8, version: u8) -> Self {
        let mut words = [0; 5];
        for (word, bytes) in words.iter_mut().zip(addresses.as_chunks().0) {
            *word = u64::from_ne_bytes(*bytes);
        }
        let [a, b, c, d, _] = words;
        FlowKey { words: [a, b, c, d, Self::tail(ports, protocol, version)] }
    }

    /// The same in this VLAN, by its identifier; as a mask, which bits of it count, and that there is a tag.
    #[inline]
    pub fn in_vlan(mut self, vlan: u16) -> Self {
        self.words[4] |= u64::from(vlan & 0x0fff | 0x1000) << 48;
        self
    }

    /// What a table that keeps hashes instead of 5-tuples knows of a flow: equal for all flows whose hashes are.
    #[inline]
    pub fn signature(hash: u32) -> Self {
        FlowKey { words: [u64::from(hash), 0, 0, 0, 1 << 48] }
    }

    /// Whether it names a flow.
    #[inline]
    pub fn is_some(&self) -> bool {
        self.words[4] != 0
    }

    /// Source and destination port, in the machine's order of their bytes.
    #[inline]
    pub fn ports(&self) -> u32 {
        self.words[4] as u32
    }

    /// Whether this key has `value`'s bits wherever `mask` has ones.
    #[inline]
    pub fn matches(&self, value: &FlowKey, mask: &FlowKey) -> bool {
        let bits = self.words.iter().zip(&value.words).zip(&mask.words);
        bits.fold(0, |differs, ((own, wanted), mask)| differs | (own ^ wanted) & mask) == 0
    }

    /// This key with everything `mask` has no ones for set to zero.
    pub fn masked(&self, mask: &FlowKey) -> FlowKey {
        let mut words = self.words;
        words.iter_mut().zip(&mask.words).for_each(|(word, mask)| *word &= mask);
        FlowKey { words }
    }

    #[inline(always)]
    fn tail(ports: [u8; 4], protocol: u8, version: u8) -> u64 {
        u64::from(u32::from_ne_bytes(ports)) | u64::from(protocol) << 32 | u64::from(version) << 40
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_field_tells_flows_apart() {
        let v4 = FlowKey::ipv4([1; 8], [1; 4], 6);
        let v6 = FlowKey::ipv6([1; 32], [1; 4], 6);
        let mut long = [0; 32];
        long[..8].copy_from_slice(&[1; 8]);
        assert_ne!(v4, FlowKey::ipv4([1; 8], [1; 4], 17));
        assert_ne!(v4, FlowKey::ipv4([1; 8], [1, 1, 1, 2], 6));
        assert_ne!(v4, FlowKey::ipv6(long, [1; 4], 6));
        for i in 0..32 {
            let mut other = [1; 32];
            other[i] = 2;
            assert_ne!(v6, FlowKey::ipv6(other, [1; 4], 6), "byte {i}");
        }
        assert!(v4.is_some() && v6.is_some() && FlowKey::signature(0).is_some());
        assert!(!FlowKey::NONE.is_some());
    }

    #[test]
    fn a_vlan_is_told_from_none_and_looked_at_where_the_mask_says_so() {
        let key = FlowKey::ipv4([1; 8], [1; 4], 6);
        let (nothing, vlan) = (FlowKey::from_parts([0; 32], [0; 4], 0, 0), FlowKey::NONE.in_vlan(0xfff));
        assert!(key.in_vlan(7).matches(&FlowKey::NONE.in_vlan(7), &vlan));
        assert!(!key.in_vlan(7).matches(&FlowKey::NONE.in_vlan(6), &vlan));
        assert!(!key.matches(&FlowKey::NONE.in_vlan(0), &vlan));
        assert!(key.in_vlan(7).matches(&key, &nothing));
        assert_eq!(key.in_vlan(7).ports(), key.ports());
    }

    proptest! {
        #[test]
        fn a_mask_decides_which_bits_count(own: ([u8; 8], [u8; 4], u8), other: ([u8; 8], [u8; 4], u8), mask: ([u8; 8], [u8; 4], u8)) {
            let key = |(addresses, ports, protocol)| FlowKey::ipv4(addresses, ports, protocol);
            let (a, b, m) = (key(own), key(other), key(mask));
            let differ = |x: &[u8], y: &[u8], m: &[u8]| x.iter().zip(y).zip(m).any(|((x, y), m)| (x ^ y) & m != 0);
            let different = differ(&own.0, &other.0, &mask.0) || differ(&own.1, &other.1, &mask.1) || (own.2 ^ other.2) & mask.2 != 0;
            prop_assert_eq!(a.matches(&b, &m), !different);
            prop_assert_eq!(a.masked(&m) == b.masked(&m), !different);
        }
    }
}
