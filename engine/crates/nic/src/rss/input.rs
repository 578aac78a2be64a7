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
    pub fn ipv4(addresses: [u8; 8]) -> Self {
        let mut input = Self::EMPTY;
        input.set_ipv4(addresses, None);
        input
    }

    /// IPv4 source and destination address, source and destination port.
    #[inline]
    pub fn ipv4_ports(addresses: [u8; 8], ports: [u8; 4]) -> Self {
        let mut input = Self::EMPTY;
        input.set_ipv4(addresses, Some(ports));
        input
    }

    /// IPv6 source and destination address.
    #[inline]
    pub fn ipv6(addresses: [u8; 32]) -> Self {
        let mut input = Self::EMPTY;
        input.set_ipv6(addresses, None);
        input
    }

    /// IPv6 source and destination address, source and destination port.
    #[inline]
    pub fn ipv6_ports(addresses: [u8; 32], ports: [u8; 4]) -> Self {
        let mut input = Self::EMPTY;
        input.set_ipv6(addresses, Some(ports));
        input
    }

    /// Become IPv4 addresses, with ports if there are any. Set in place: an input that is built and then copied is
    /// read before its parts have left the store buffer, which costs more than the hash.
    #[inline]
    pub fn set_ipv4(&mut self, addresses: [u8; 8], ports: Option<[u8; 4]>) {
        *self = Self::EMPTY;
        let (field, rest) = self.bytes.split_at_mut(8);
        field.copy_from_slice(&addresses);
        self.length = 8;
        if let (Some(ports), Some(field)) = (ports, rest.first_chunk_mut()) {
            *field = ports;
            self.length = 12;
        }
    }

    /// Become IPv6 addresses, with ports if there are any; in place.
    #[inline]
    pub fn set_ipv6(&mut self, addresses: [u8; 32], ports: Option<[u8; 4]>) {
        *self = Self::EMPTY;
        let (field, rest) = self.bytes.split_at_mut(32);
        field.copy_from_slice(&addresses);
        self.length = 32;
        if let (Some(ports), Some(field)) = (ports, rest.first_chunk_mut()) {
            *field = ports;
            self.length = 36;
        }
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
    pub(super) fn map_pairs(&mut self, f: impl Fn(u8, u8) -> (u8, u8)) {
        let addresses = if self.length >= 32 { 32 } else { usize::from(self.length).min(8) };
        let length = usize::from(self.length);
        let (addresses, ports) = self.bytes.get_mut(..length).unwrap_or(&mut []).split_at_mut(addresses);
        for field in [addresses, ports] {
            let (sources, destinations) = field.split_at_mut(field.len() / 2);
            for (source, destination) in sources.iter_mut().zip(destinations) {
                (*source, *destination) = f(*source, *destination);
            }
        }
    }
}
