//! What is hashed: the fields in network order, in the order Microsoft lays down.

/// Longest input: IPv6 source, destination, source port, destination port.
pub const LONGEST_INPUT_BYTES: usize = 36;

/// Hash input of 0, 8, 12, 32 or 36 bytes in a fixed, aligned, zero-padded array. Since a zero bit adds nothing to
/// a Toeplitz hash, an implementation may hash the padding too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(16))]
pub struct HashInput {
    bytes: [u8; 48],
    length: u8,
}

impl Default for HashInput {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl HashInput {
    /// No input; hashes to 0.
    pub const EMPTY: HashInput = HashInput { bytes: [0; 48], length: 0 };

    /// IPv4 source and destination address.
    #[inline]
    pub const fn ipv4(addresses: [u8; 8]) -> Self {
        let [a, b, c, d, e, f, g, h] = addresses;
        Self::ipv4_ports([a, b, c, d, e, f, g, h], [0; 4]).cut(8)
    }

    /// IPv4 source and destination address, source and destination port.
    #[inline]
    pub const fn ipv4_ports(addresses: [u8; 8], ports: [u8; 4]) -> Self {
        let mut input = Self::EMPTY;
        let (a, rest) = input.bytes.split_at_mut(8);
        a.copy_from_slice(&addresses);
        rest.split_at_mut(4).0.copy_from_slice(&ports);
        input.cut(12)
    }

    /// IPv6 source and destination address.
    #[inline]
    pub const fn ipv6(addresses: [u8; 32]) -> Self {
        Self::ipv6_ports(addresses, [0; 4]).cut(32)
    }

    /// IPv6 source and destination address, source and destination port.
    #[inline]
    pub const fn ipv6_ports(addresses: [u8; 32], ports: [u8; 4]) -> Self {
        let mut input = Self::EMPTY;
        let (a, rest) = input.bytes.split_at_mut(32);
        a.copy_from_slice(&addresses);
        rest.split_at_mut(4).0.copy_from_slice(&ports);
        input.cut(36)
    }

    #[inline]
    const fn cut(mut self, length: u8) -> Self {
        self.length = length;
        self
    }

    /// The bytes to hash.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or(&self.bytes)
    }

    /// The bytes with their zero padding.
    #[inline]
    pub fn padded(&self) -> &[u8; 48] {
        &self.bytes
    }

    /// How many bytes there are to hash: 0, 8, 12, 32 or 36.
    #[inline]
    pub fn length_bytes(&self) -> usize {
        usize::from(self.length)
    }

    /// Big-endian 32-bit word `i` of the padded input.
    #[inline]
    pub(super) fn word(&self, i: usize) -> u32 {
        self.bytes.as_chunks().0.get(i).copied().map_or(0, u32::from_be_bytes)
    }

    /// Every source byte with the destination byte of the same place, addresses first and then ports, replaced by
    /// what `f` makes of the two.
    #[inline]
    pub(super) fn map_pairs(mut self, f: impl Fn(u8, u8) -> (u8, u8)) -> Self {
        let addresses = if self.length >= 32 { 32 } else { usize::from(self.length).min(8) };
        let length = usize::from(self.length);
        let (addresses, ports) = self.bytes.get_mut(..length).unwrap_or(&mut []).split_at_mut(addresses);
        for field in [addresses, ports] {
            let (sources, destinations) = field.split_at_mut(field.len() / 2);
            for (source, destination) in sources.iter_mut().zip(destinations) {
                (*source, *destination) = f(*source, *destination);
            }
        }
        self
    }
}
