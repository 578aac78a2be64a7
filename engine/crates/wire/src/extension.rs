//! IPv6 extension headers (RFC 8200 section 4) and their options.

use crate::{Fault, protocol};

/// The headers of the chain that carry a next header and are walked through. AH and ESP have files of their
/// own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Hop-by-hop options.
    HopByHop,
    /// Routing.
    Routing,
    /// Fragment.
    Fragment,
    /// Destination options.
    Destination,
    /// Mobility (RFC 6275).
    Mobility,
    /// Host identity protocol (RFC 7401).
    Hip,
    /// Shim6 (RFC 5533).
    Shim6,
}

impl Kind {
    /// The kind a next-header value announces, if it is one of these.
    pub fn from_next_header(value: u8) -> Option<Self> {
        Some(match value {
            protocol::HOP_BY_HOP => Self::HopByHop,
            protocol::ROUTING => Self::Routing,
            protocol::FRAGMENT => Self::Fragment,
            protocol::DESTINATION => Self::Destination,
            protocol::MOBILITY => Self::Mobility,
            protocol::HIP => Self::Hip,
            protocol::SHIM6 => Self::Shim6,
            _ => return None,
        })
    }
}

/// A view of one extension header.
#[derive(Clone, Copy, Debug)]
pub struct Extension<'a> {
    kind: Kind,
    head: &'a [u8; 8],
    bytes: &'a [u8],
}

impl<'a> Extension<'a> {
    /// Views a whole header. Fails with [`Fault::Ipv6Extension`] where it is cut.
    pub fn new(kind: Kind, bytes: &'a [u8]) -> Result<Self, Fault> {
        let view = Self::fixed(kind, bytes)?;
        if view.len_bytes() > bytes.len() { Err(Fault::Ipv6Extension) } else { Ok(view) }
    }

    /// Views the first 8 bytes, which every kind has. Fails with [`Fault::Ipv6Extension`] where they are cut.
    pub fn fixed(kind: Kind, bytes: &'a [u8]) -> Result<Self, Fault> {
        bytes.first_chunk().map(|head| Self { kind, head, bytes }).ok_or(Fault::Ipv6Extension)
    }

    /// Which header this is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Next header.
    pub fn next_header(&self) -> u8 {
        self.head[0]
    }

    /// Bytes of the whole header: 8 for a fragment header, else the length field counts 8-byte units after
    /// the first.
    pub fn len_bytes(&self) -> usize {
        match self.kind {
            Kind::Fragment => 8,
            _ => (usize::from(self.head[1]) + 1) * 8,
        }
    }

    /// The header's bytes, as far as they are there.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes.get(..self.len_bytes()).unwrap_or(self.bytes)
    }

    /// The fragment fields, of a fragment header.
    pub fn fragment(&self) -> Option<Fragment> {
        let [_, _, o0, o1, a, b, c, d] = *self.head;
        (self.kind == Kind::Fragment).then(|| Fragment {
            offset_bytes: u16::from_be_bytes([o0, o1]) & 0xfff8,
            more: o1 & 1 == 1,
            id: u32::from_be_bytes([a, b, c, d]),
        })
    }

    /// Segments left, of a routing header.
    pub fn segments_left(&self) -> Option<u8> {
        (self.kind == Kind::Routing).then_some(self.head[3])
    }

    /// The options of a hop-by-hop or destination header, padding included; none for other kinds.
    pub fn options(&self) -> Options<'a> {
        let bytes = match self.kind {
            Kind::HopByHop | Kind::Destination => self.bytes().get(2..).unwrap_or(&[]),
            _ => &[],
        };
        Options { bytes }
    }
}

/// The fields of a fragment header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Offset in bytes.
    pub offset_bytes: u16,
    /// More fragments follow.
    pub more: bool,
    /// Identification.
    pub id: u32,
}

impl Fragment {
    /// True for a header that fragments nothing: offset 0 and no more to come (RFC 6946).
    pub fn is_atomic(&self) -> bool {
        self.offset_bytes == 0 && !self.more
    }

    /// Writes an 8-byte fragment header; answers 8, or `None` where `out` is too short.
    pub fn emit(&self, next_header: u8, out: &mut [u8]) -> Option<usize> {
        let out: &mut [u8; 8] = out.first_chunk_mut()?;
        let [o0, o1] = ((self.offset_bytes & 0xfff8) | u16::from(self.more)).to_be_bytes();
        let [a, b, c, d] = self.id.to_be_bytes();
        *out = [next_header, 0, o0, o1, a, b, c, d];
        Some(8)
    }
}

/// The jumbo payload option (RFC 2675).
pub const JUMBO: u8 = 0xc2;

/// One option of a hop-by-hop or destination header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ipv6Option<'a> {
    /// Pad1 or PadN, and the bytes it takes in all.
    Pad(usize),
    /// Any other.
    Other {
        /// Option type; the top two bits say what an unknowing node does.
        kind: u8,
        /// What follows type and length.
        data: &'a [u8],
    },
}

/// Iterates options; ends after the first fault ([`Fault::Ipv6Extension`]).
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    bytes: &'a [u8],
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<Ipv6Option<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        match *self.bytes {
            [] => None,
            [0, ref rest @ ..] => {
                self.bytes = rest;
                Some(Ok(Ipv6Option::Pad(1)))
            }
            [kind, len, ref rest @ ..] => {
                let Some((data, rest)) = rest.split_at_checked(usize::from(len)) else {
                    self.bytes = &[];
                    return Some(Err(Fault::Ipv6Extension));
                };
                self.bytes = rest;
                let pad = data.len() + 2;
                Some(Ok(if kind == 1 { Ipv6Option::Pad(pad) } else { Ipv6Option::Other { kind, data } }))
            }
            [_] => {
                self.bytes = &[];
                Some(Err(Fault::Ipv6Extension))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hop-by-hop with a router alert and PadN, as every MLDv2 report has it (RFC 3810 section 5).
    const HOP_BY_HOP: [u8; 8] = [0x3a, 0x00, 0x05, 0x02, 0x00, 0x00, 0x01, 0x00];
    /// A fragment header: UDP, offset 1448, more to come.
    const FRAGMENT: [u8; 8] = [0x11, 0x00, 0x05, 0xa9, 0xf8, 0x8e, 0xb4, 0x66];

    #[test]
    fn captured() {
        let view = Extension::new(Kind::HopByHop, &HOP_BY_HOP).unwrap();
        assert_eq!((view.next_header(), view.len_bytes()), (58, 8));
        let options: Vec<_> = view.options().map(Result::unwrap).collect();
        assert_eq!(options, [Ipv6Option::Other { kind: 5, data: &[0, 0] }, Ipv6Option::Pad(2)]);
    }

    #[test]
    fn fragment() {
        let view = Extension::new(Kind::Fragment, &FRAGMENT).unwrap();
        let fragment = view.fragment().unwrap();
        assert_eq!(fragment, Fragment { offset_bytes: 1448, more: true, id: 0xf88e_b466 });
        let mut out = [0; 8];
        assert_eq!(fragment.emit(17, &mut out), Some(8));
        assert_eq!(out, FRAGMENT);
    }

    #[test]
    fn refused() {
        assert_eq!(Extension::new(Kind::HopByHop, &HOP_BY_HOP[..7]).err(), Some(Fault::Ipv6Extension));
        let mut bytes = HOP_BY_HOP;
        bytes[1] = 1;
        assert_eq!(Extension::new(Kind::HopByHop, &bytes).err(), Some(Fault::Ipv6Extension));
        let bad = [0x3a, 0x00, 0x05, 0x05, 0x00, 0x00, 0x01, 0x00];
        let view = Extension::new(Kind::Destination, &bad).unwrap();
        assert_eq!(view.options().last(), Some(Err(Fault::Ipv6Extension)));
    }
}
