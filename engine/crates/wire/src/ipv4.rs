//! IPv4 (RFC 791): header, options, fragment fields.

use crate::{Fault, checksum};

/// Bytes of the header without options.
pub const HEADER_BYTES: usize = 20;

/// A view of an IPv4 header and the bytes behind it.
#[derive(Clone, Copy, Debug)]
pub struct Ipv4<'a> {
    head: &'a [u8; HEADER_BYTES],
    bytes: &'a [u8],
}

impl<'a> Ipv4<'a> {
    /// Views a sound header: version 4, IHL of at least 5, options there, total length not below the header.
    /// Fails with [`Fault::Ipv4Header`]. A total length beyond `bytes` is left to the caller.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        let view = Self::fixed(bytes)?;
        let header_len = view.header_len_bytes();
        if view.version() != 4
            || header_len < HEADER_BYTES
            || header_len > bytes.len()
            || usize::from(view.total_len_bytes()) < header_len
        {
            return Err(Fault::Ipv4Header);
        }
        Ok(view)
    }

    /// Views the fixed header whatever it says. Fails with [`Fault::Ipv4Header`] below 20 bytes.
    pub fn fixed(bytes: &'a [u8]) -> Result<Self, Fault> {
        bytes.first_chunk().map(|head| Self { head, bytes }).ok_or(Fault::Ipv4Header)
    }

    /// Version, 4 in a sound header.
    pub fn version(&self) -> u8 {
        self.head[0] >> 4
    }

    /// Header length: IHL in bytes.
    pub fn header_len_bytes(&self) -> usize {
        usize::from(self.head[0] & 0x0f) * 4
    }

    /// Type of service: DSCP and ECN.
    pub fn tos(&self) -> u8 {
        self.head[1]
    }

    /// Total length: header and payload.
    pub fn total_len_bytes(&self) -> u16 {
        u16::from_be_bytes([self.head[2], self.head[3]])
    }

    /// Identification.
    pub fn id(&self) -> u16 {
        u16::from_be_bytes([self.head[4], self.head[5]])
    }

    /// Don't-fragment bit.
    pub fn dont_fragment(&self) -> bool {
        self.head[6] & 0x40 != 0
    }

    /// More-fragments bit.
    pub fn more_fragments(&self) -> bool {
        self.head[6] & 0x20 != 0
    }

    /// Fragment offset in bytes.
    pub fn fragment_offset_bytes(&self) -> u16 {
        u16::from_be_bytes([self.head[6] & 0x1f, self.head[7]]) << 3
    }

    /// True for any fragment: an offset, or more to come.
    pub fn is_fragment(&self) -> bool {
        self.more_fragments() || self.fragment_offset_bytes() != 0
    }

    /// Time to live.
    pub fn ttl(&self) -> u8 {
        self.head[8]
    }

    /// Protocol.
    pub fn protocol(&self) -> u8 {
        self.head[9]
    }

    /// Header checksum as it stands.
    pub fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.head[10], self.head[11]])
    }

    /// Source address.
    pub fn src(&self) -> [u8; 4] {
        [self.head[12], self.head[13], self.head[14], self.head[15]]
    }

    /// Destination address.
    pub fn dst(&self) -> [u8; 4] {
        [self.head[16], self.head[17], self.head[18], self.head[19]]
    }

    /// The header with its options, as far as it is there.
    pub fn header(&self) -> &'a [u8] {
        self.bytes.get(..self.header_len_bytes()).unwrap_or(self.bytes)
    }

    /// True where the header checksum is right and the whole header is there.
    pub fn checksum_holds(&self) -> bool {
        self.header_len_bytes() <= self.bytes.len() && checksum::holds(self.header())
    }

    /// The options, in order.
    pub fn options(&self) -> Options<'a> {
        Options { bytes: self.header().get(HEADER_BYTES..).unwrap_or(&[]) }
    }

    /// What follows the header, up to the total length or the end of the bytes.
    pub fn payload(&self) -> &'a [u8] {
        let end = usize::from(self.total_len_bytes()).min(self.bytes.len());
        self.bytes.get(self.header_len_bytes()..end).unwrap_or(&[])
    }
}

/// One IPv4 option. End-of-list and no-operation are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4Option<'a> {
    /// Option type with its copied flag and class.
    pub kind: u8,
    /// What follows kind and length.
    pub data: &'a [u8],
}

/// Loose source and record route.
pub const LSRR: u8 = 131;
/// Strict source and record route.
pub const SSRR: u8 = 137;

impl Ipv4Option<'_> {
    /// True for a source route that is not used up: the header's destination is only the next hop.
    pub fn is_pending_source_route(&self) -> bool {
        // The pointer counts from the kind byte, from 1 (RFC 791 section 3.1).
        matches!(self.kind, LSRR | SSRR)
            && self.data.first().is_some_and(|&pointer| usize::from(pointer) <= self.data.len() + 2)
    }
}

/// Iterates options; ends after the first fault ([`Fault::Ipv4Options`]).
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    bytes: &'a [u8],
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<Ipv4Option<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match *self.bytes {
                [] | [0, ..] => return None,
                [1, ref rest @ ..] => self.bytes = rest,
                [kind, len, ref rest @ ..] => {
                    let split = usize::from(len).checked_sub(2).and_then(|n| rest.split_at_checked(n));
                    let Some((data, rest)) = split else {
                        self.bytes = &[];
                        return Some(Err(Fault::Ipv4Options));
                    };
                    self.bytes = rest;
                    return Some(Ok(Ipv4Option { kind, data }));
                }
                [_] => {
                    self.bytes = &[];
                    return Some(Err(Fault::Ipv4Options));
                }
            }
        }
    }
}

/// What an IPv4 header says; the checksum is computed by [`emit`](Self::emit).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4Header<'a> {
    /// Source address.
    pub src: [u8; 4],
    /// Destination address.
    pub dst: [u8; 4],
    /// Protocol.
    pub protocol: u8,
    /// Time to live.
    pub ttl: u8,
    /// Type of service.
    pub tos: u8,
    /// Identification.
    pub id: u16,
    /// Don't-fragment bit.
    pub dont_fragment: bool,
    /// More-fragments bit.
    pub more_fragments: bool,
    /// Fragment offset, a multiple of 8.
    pub fragment_offset_bytes: u16,
    /// Bytes after the header.
    pub payload_len_bytes: u16,
    /// Options, padded to a multiple of 4 and at most 40 bytes.
    pub options: &'a [u8],
}

impl Ipv4Header<'_> {
    /// Bytes this header takes.
    pub fn header_len_bytes(&self) -> usize {
        HEADER_BYTES + self.options.len()
    }

    /// Writes the header with its checksum; answers its bytes. `None` where `out` is too short, the options
    /// do not fit or the total length passes 65535.
    pub fn emit(&self, out: &mut [u8]) -> Option<usize> {
        let len = self.header_len_bytes();
        if len > 60 || !len.is_multiple_of(4) {
            return None;
        }
        let total = u16::try_from(len).ok()?.checked_add(self.payload_len_bytes)?;
        let out = out.get_mut(..len)?;
        let (head, options) = out.split_first_chunk_mut::<HEADER_BYTES>()?;
        let [t0, t1] = total.to_be_bytes();
        let [i0, i1] = self.id.to_be_bytes();
        let fragment = (u16::from(self.dont_fragment) << 14)
            | (u16::from(self.more_fragments) << 13)
            | (self.fragment_offset_bytes >> 3);
        let [f0, f1] = fragment.to_be_bytes();
        let [s0, s1, s2, s3] = self.src;
        let [d0, d1, d2, d3] = self.dst;
        let version_ihl = 0x40 | (len >> 2) as u8;
        *head = [
            version_ihl,
            self.tos,
            t0,
            t1,
            i0,
            i1,
            f0,
            f1,
            self.ttl,
            self.protocol,
            0,
            0,
            s0,
            s1,
            s2,
            s3,
            d0,
            d1,
            d2,
            d3,
        ];
        options.copy_from_slice(self.options);
        let [c0, c1] = checksum::internet(out).to_be_bytes();
        let head = out.first_chunk_mut::<HEADER_BYTES>()?;
        (head[10], head[11]) = (c0, c1);
        Some(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header of a captured DNS query, 192.168.170.8 to 192.168.170.20.
    const CAPTURED: [u8; 20] = [
        0x45, 0x00, 0x00, 0x38, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0x65, 0x47, 0xc0, 0xa8, 0xaa, 0x08, 0xc0,
        0xa8, 0xaa, 0x14,
    ];

    fn captured_header() -> Ipv4Header<'static> {
        Ipv4Header {
            src: [192, 168, 170, 8],
            dst: [192, 168, 170, 20],
            protocol: 17,
            ttl: 64,
            tos: 0,
            id: 0,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset_bytes: 0,
            payload_len_bytes: 36,
            options: &[],
        }
    }

    #[test]
    fn captured() {
        let view = Ipv4::new(&CAPTURED).unwrap();
        assert_eq!((view.version(), view.header_len_bytes(), view.total_len_bytes()), (4, 20, 56));
        assert_eq!((view.src(), view.dst()), ([192, 168, 170, 8], [192, 168, 170, 20]));
        assert!(view.checksum_holds() && view.dont_fragment() && !view.is_fragment());
        let mut out = [0; 20];
        assert_eq!(captured_header().emit(&mut out), Some(20));
        assert_eq!(out, CAPTURED);
    }

    #[test]
    fn refused() {
        for (at, value) in [(0, 0x55), (0, 0x44), (0, 0x46), (3, 19)] {
            let mut bytes = CAPTURED;
            bytes[at] = value;
            assert_eq!(Ipv4::new(&bytes).err(), Some(Fault::Ipv4Header), "{at} {value:#x}");
        }
        assert_eq!(Ipv4::new(&CAPTURED[..19]).err(), Some(Fault::Ipv4Header));
    }

    #[test]
    fn options() {
        // router alert, no-operation, a source route at its first address, end
        let options = [148, 4, 0, 0, 1, 131, 7, 4, 10, 0, 0, 1];
        let mut out = [0; 32];
        let header = Ipv4Header { options: &options, ..captured_header() };
        assert_eq!(header.emit(&mut out), Some(32));
        let view = Ipv4::new(&out).unwrap();
        assert!(view.checksum_holds());
        let seen: Vec<_> = view.options().map(Result::unwrap).collect();
        assert_eq!(seen.iter().map(|o| o.kind).collect::<Vec<_>>(), [148, LSRR]);
        assert_eq!(seen.iter().map(|o| o.is_pending_source_route()).collect::<Vec<_>>(), [false, true]);
        for bad in [[148, 1, 0, 0], [148, 5, 0, 0], [1, 1, 1, 148]] {
            let header = Ipv4Header { options: &bad, ..captured_header() };
            assert_eq!(header.emit(&mut out), Some(24));
            let view = Ipv4::new(&out).unwrap();
            assert_eq!(view.options().last(), Some(Err(Fault::Ipv4Options)), "{bad:?}");
        }
    }

    #[test]
    fn fragment_fields() {
        let mut out = [0; 20];
        let header = Ipv4Header {
            more_fragments: true,
            dont_fragment: false,
            fragment_offset_bytes: 1480,
            ..captured_header()
        };
        assert_eq!(header.emit(&mut out), Some(20));
        let view = Ipv4::new(&out).unwrap();
        assert_eq!((view.more_fragments(), view.fragment_offset_bytes()), (true, 1480));
    }
}
