//! TCP (RFC 9293): header and options.

use crate::{Fault, checksum::Sum};

/// Bytes of the header without options.
pub const HEADER_BYTES: usize = 20;

/// Flag bits, as in the low 12 bits of the word they share with the data offset.
pub mod flag {
    /// No more data from the sender.
    pub const FIN: u16 = 0x001;
    /// Synchronise sequence numbers.
    pub const SYN: u16 = 0x002;
    /// Reset.
    pub const RST: u16 = 0x004;
    /// Push.
    pub const PSH: u16 = 0x008;
    /// The acknowledgement number counts.
    pub const ACK: u16 = 0x010;
    /// The urgent pointer counts.
    pub const URG: u16 = 0x020;
    /// ECN echo (RFC 3168).
    pub const ECE: u16 = 0x040;
    /// Congestion window reduced (RFC 3168).
    pub const CWR: u16 = 0x080;
    /// Accurate ECN (formerly nonce sum).
    pub const AE: u16 = 0x100;
}

/// A view of a TCP header.
#[derive(Clone, Copy, Debug)]
pub struct Tcp<'a> {
    head: &'a [u8; HEADER_BYTES],
    bytes: &'a [u8],
}

impl<'a> Tcp<'a> {
    /// Views a header whose data offset is at least 5 and inside `bytes`. Fails with [`Fault::TcpHeader`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        let view = Self::fixed(bytes)?;
        let len = view.header_len_bytes();
        if len < HEADER_BYTES || len > bytes.len() { Err(Fault::TcpHeader) } else { Ok(view) }
    }

    /// Views the fixed header whatever it says. Fails with [`Fault::TcpHeader`] below 20 bytes.
    pub fn fixed(bytes: &'a [u8]) -> Result<Self, Fault> {
        bytes.first_chunk().map(|head| Self { head, bytes }).ok_or(Fault::TcpHeader)
    }

    /// Source port.
    pub fn src_port(&self) -> u16 {
        u16::from_be_bytes([self.head[0], self.head[1]])
    }

    /// Destination port.
    pub fn dst_port(&self) -> u16 {
        u16::from_be_bytes([self.head[2], self.head[3]])
    }

    /// Sequence number.
    pub fn seq(&self) -> u32 {
        u32::from_be_bytes([self.head[4], self.head[5], self.head[6], self.head[7]])
    }

    /// Acknowledgement number.
    pub fn ack(&self) -> u32 {
        u32::from_be_bytes([self.head[8], self.head[9], self.head[10], self.head[11]])
    }

    /// Data offset in bytes.
    pub fn header_len_bytes(&self) -> usize {
        usize::from(self.head[12] >> 4) * 4
    }

    /// The 12 bits after the data offset: three reserved, nine flags (see [`flag`]).
    pub fn flags(&self) -> u16 {
        u16::from_be_bytes([self.head[12] & 0x0f, self.head[13]])
    }

    /// Window, not scaled.
    pub fn window(&self) -> u16 {
        u16::from_be_bytes([self.head[14], self.head[15]])
    }

    /// Checksum as it stands.
    pub fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.head[16], self.head[17]])
    }

    /// Urgent pointer.
    pub fn urgent(&self) -> u16 {
        u16::from_be_bytes([self.head[18], self.head[19]])
    }

    /// The bytes of the options, as far as they are there.
    pub fn option_bytes(&self) -> &'a [u8] {
        let end = self.header_len_bytes().min(self.bytes.len());
        self.bytes.get(HEADER_BYTES..end).unwrap_or(&[])
    }

    /// The options, in order.
    pub fn options(&self) -> Options<'a> {
        Options { bytes: self.option_bytes() }
    }
}

/// One TCP option. End-of-list and no-operation are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpOption<'a> {
    /// Maximum segment size.
    Mss(u16),
    /// Window scale: the shift count as sent.
    WindowScale(u8),
    /// SACK permitted.
    SackPermitted,
    /// SACK blocks, 8 bytes each.
    Sack(&'a [u8]),
    /// Timestamps (RFC 7323).
    Timestamps {
        /// The sender's clock.
        value: u32,
        /// The echoed value.
        echo: u32,
    },
    /// Any other kind, or a known kind of an unknown length.
    Other {
        /// Option kind.
        kind: u8,
        /// What follows kind and length.
        data: &'a [u8],
    },
}

/// Iterates options; ends after the first fault ([`Fault::TcpOptions`]).
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    bytes: &'a [u8],
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<TcpOption<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match *self.bytes {
                [] | [0, ..] => return None,
                [1, ref rest @ ..] => self.bytes = rest,
                [kind, len, ref rest @ ..] => {
                    let split = usize::from(len).checked_sub(2).and_then(|n| rest.split_at_checked(n));
                    let Some((data, rest)) = split else {
                        self.bytes = &[];
                        return Some(Err(Fault::TcpOptions));
                    };
                    self.bytes = rest;
                    return Some(Ok(option(kind, data)));
                }
                [_] => {
                    self.bytes = &[];
                    return Some(Err(Fault::TcpOptions));
                }
            }
        }
    }
}

fn option(kind: u8, data: &[u8]) -> TcpOption<'_> {
    match (kind, data) {
        (2, &[a, b]) => TcpOption::Mss(u16::from_be_bytes([a, b])),
        (3, &[shift]) => TcpOption::WindowScale(shift),
        (4, &[]) => TcpOption::SackPermitted,
        (5, blocks) if blocks.len().is_multiple_of(8) => TcpOption::Sack(blocks),
        (8, &[a, b, c, d, e, f, g, h]) => TcpOption::Timestamps {
            value: u32::from_be_bytes([a, b, c, d]),
            echo: u32::from_be_bytes([e, f, g, h]),
        },
        _ => TcpOption::Other { kind, data },
    }
}

/// The checksum to write for a segment whose checksum field is zero.
pub fn checksum(pseudo: Sum, segment: &[u8]) -> u16 {
    pseudo.add_bytes(segment).checksum()
}

/// What a TCP header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpHeader<'a> {
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgement number.
    pub ack: u32,
    /// Flags; the low 12 bits count.
    pub flags: u16,
    /// Window, not scaled.
    pub window: u16,
    /// Checksum as it shall stand; see [`checksum`].
    pub checksum: u16,
    /// Urgent pointer.
    pub urgent: u16,
    /// Options, padded to a multiple of 4 and at most 40 bytes.
    pub options: &'a [u8],
}

impl TcpHeader<'_> {
    /// Bytes this header takes.
    pub fn header_len_bytes(&self) -> usize {
        HEADER_BYTES + self.options.len()
    }

    /// Writes the header; answers its bytes. `None` where `out` is too short or the options do not fit.
    pub fn emit(&self, out: &mut [u8]) -> Option<usize> {
        let len = self.header_len_bytes();
        if len > 60 || !len.is_multiple_of(4) {
            return None;
        }
        let out = out.get_mut(..len)?;
        let (head, options) = out.split_first_chunk_mut::<HEADER_BYTES>()?;
        let [s0, s1] = self.src_port.to_be_bytes();
        let [d0, d1] = self.dst_port.to_be_bytes();
        let [q0, q1, q2, q3] = self.seq.to_be_bytes();
        let [a0, a1, a2, a3] = self.ack.to_be_bytes();
        let [f0, f1] = (self.flags & 0x0fff).to_be_bytes();
        let [w0, w1] = self.window.to_be_bytes();
        let [c0, c1] = self.checksum.to_be_bytes();
        let [u0, u1] = self.urgent.to_be_bytes();
        let offset = (len << 2) as u8;
        *head = [s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, offset | f0, f1, w0, w1, c0, c1, u0, u1];
        options.copy_from_slice(self.options);
        Some(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A captured SYN, 145.254.160.237:3372 to 65.208.228.223:80, MSS 1460 and SACK permitted.
    const CAPTURED: [u8; 28] = [
        0x0d, 0x2c, 0x00, 0x50, 0x38, 0xaf, 0xfe, 0x13, 0x00, 0x00, 0x00, 0x00, 0x70, 0x02, 0x22, 0x38, 0xc3,
        0x0c, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x01, 0x01, 0x04, 0x02,
    ];

    #[test]
    fn captured() {
        let view = Tcp::new(&CAPTURED).unwrap();
        assert_eq!((view.src_port(), view.dst_port(), view.seq(), view.ack()), (3372, 80, 0x38af_fe13, 0));
        assert_eq!((view.header_len_bytes(), view.flags(), view.window()), (28, flag::SYN, 8760));
        let options: Vec<_> = view.options().map(Result::unwrap).collect();
        assert_eq!(options, [TcpOption::Mss(1460), TcpOption::SackPermitted]);
        let pseudo = Sum::pseudo_v4([145, 254, 160, 237], [65, 208, 228, 223], 6, 28);
        assert_eq!(pseudo.add_bytes(&CAPTURED).fold(), 0xffff);
        let header = TcpHeader {
            src_port: 3372,
            dst_port: 80,
            seq: view.seq(),
            ack: 0,
            flags: flag::SYN,
            window: 8760,
            checksum: view.checksum(),
            urgent: 0,
            options: view.option_bytes(),
        };
        let mut out = [0; 28];
        assert_eq!(header.emit(&mut out), Some(28));
        assert_eq!(out, CAPTURED);
    }

    #[test]
    fn refused() {
        for cut in [0, 19, 27] {
            assert_eq!(Tcp::new(&CAPTURED[..cut]).err(), Some(Fault::TcpHeader), "{cut}");
        }
        let mut bytes = CAPTURED;
        bytes[12] = 0x40;
        assert_eq!(Tcp::new(&bytes).err(), Some(Fault::TcpHeader));
    }

    #[test]
    fn option_faults() {
        for bad in [[2, 1, 0, 0], [2, 5, 0, 0], [1, 1, 1, 2]] {
            assert_eq!(Options { bytes: &bad }.last(), Some(Err(Fault::TcpOptions)), "{bad:?}");
        }
        let stamps = [1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9];
        assert_eq!(Options { bytes: &stamps }.next(), Some(Ok(TcpOption::Timestamps { value: 7, echo: 9 })));
    }
}
