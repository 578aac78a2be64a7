//! The pcapng format (draft-ietf-opsawg-pcapng): sections of blocks; interfaces, enhanced and simple packets are read,
//! other blocks passed over.

use super::error::CaptureError;
use super::link::{self, LinkType};
use super::reader::Reader;
use super::{Contents, MAX_RECORD_BYTES, Record, Truncation};
use stage::{NANOS_PER_SECOND, Nanos};

/// Block type of a section header: the same in either byte order.
pub(super) const SECTION_MAGIC: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
/// Obsolete, as old files have it: an enhanced packet with a 16-bit interface and a drop count.
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
/// Type, length, and length again behind the body.
const BLOCK_FRAME_BYTES: usize = 12;

/// An interface of the present section.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link_number: u16,
    /// 0 means no limit.
    snap_bytes: u32,
    fcs_bytes: u32,
    clock: Clock,
}

/// How an interface counts time.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// Ticks per second.
    per_second: u128,
    offset_seconds: i64,
}

impl Clock {
    /// Nanoseconds since 1970; times before that are 0, times that do not fit are the last one.
    fn at_ns(&self, ticks: u64) -> Nanos {
        let ns = u128::from(ticks) * u128::from(NANOS_PER_SECOND) / self.per_second;
        let offset_ns = i128::from(self.offset_seconds) * i128::from(NANOS_PER_SECOND);
        let ns = i128::try_from(ns).unwrap_or(i128::MAX).saturating_add(offset_ns);
        Nanos::try_from(ns.max(0)).unwrap_or(Nanos::MAX)
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Contents, CaptureError> {
    let mut file =
        File { reader: Reader { bytes, big_endian: false }, interfaces: Vec::new(), records: Vec::new() };
    let mut at = 0;
    while at < bytes.len() {
        match file.block(at)? {
            Ok(length) => at += length,
            Err(truncation) => return Ok((file.records, Some(truncation))),
        }
    }
    Ok((file.records, None))
}

struct File<'a> {
    reader: Reader<'a>,
    interfaces: Vec<Interface>,
    records: Vec<Record>,
}

impl File<'_> {
    /// Take the block at `at`; its length, or that the file ends within it.
    fn block(&mut self, at: usize) -> Result<Result<usize, Truncation>, CaptureError> {
        let found_bytes = (self.reader.bytes.len() - at) as u64;
        let cut_off = |needed_bytes: usize| {
            Err(Truncation { offset_bytes: at, needed_bytes: needed_bytes as u64, found_bytes })
        };
        let Some(kind) = self.reader.u32(at) else { return Ok(cut_off(BLOCK_FRAME_BYTES)) };
        if kind == SECTION {
            // The byte order comes before the length that is written in it.
            let Some(big_endian) = self.byte_order(at + 8)? else { return Ok(cut_off(28)) };
            self.reader.big_endian = big_endian;
            self.interfaces.clear();
        }
        let Some(length) = self.reader.u32(at + 4) else { return Ok(cut_off(BLOCK_FRAME_BYTES)) };
        let length = length as usize;
        if length < BLOCK_FRAME_BYTES || !length.is_multiple_of(4) {
            return Err(CaptureError::new(
                at + 4,
                "block length",
                length.to_string(),
                "12 or more, in fours",
            ));
        }
        if length as u64 > found_bytes {
            return Ok(cut_off(length));
        }
        let again = self.reader.u32(at + length - 4).unwrap_or(0);
        if again as usize != length {
            let found = format!("{again} behind a block of {length}");
            return Err(CaptureError::new(
                at + length - 4,
                "block length",
                found,
                "the same as before the block",
            ));
        }
        let end = at + length - 4;
        match kind {
            SECTION => self.section(at + 8, end)?,
            INTERFACE => self.interface(at + 8, end)?,
            ENHANCED_PACKET => self.enhanced_packet(at + 8, end, self.field(at + 8, end, 4)?)?,
            PACKET => self.enhanced_packet(at + 8, end, self.field(at + 8, end, 2)?)?,
            SIMPLE_PACKET => self.simple_packet(at + 8, end)?,
            _ => {}
        }
        Ok(Ok(length))
    }

    /// Whether a section is big-endian; `None` if the file ends before it says.
    fn byte_order(&self, at: usize) -> Result<Option<bool>, CaptureError> {
        let Some(bytes) = self.reader.bytes.get(at..).and_then(|b| b.first_chunk::<4>()) else {
            return Ok(None);
        };
        match (u32::from_be_bytes(*bytes), u32::from_le_bytes(*bytes)) {
            (BYTE_ORDER_MAGIC, _) => Ok(Some(true)),
            (_, BYTE_ORDER_MAGIC) => Ok(Some(false)),
            (found, _) => {
                Err(CaptureError::new(at, "byte-order magic", format!("{found:08x}"), "1a2b3c4d or 4d3c2b1a"))
            }
        }
    }

    fn section(&self, at: usize, end: usize) -> Result<(), CaptureError> {
        let major = self.field(at + 4, end, 2)?;
        if major != 1 {
            return Err(CaptureError::new(at + 4, "version", major.to_string(), "1"));
        }
        Ok(())
    }

    fn interface(&mut self, at: usize, end: usize) -> Result<(), CaptureError> {
        let mut interface = Interface {
            link_number: self.field(at, end, 2)? as u16,
            snap_bytes: self.field(at + 4, end, 4)?,
            fcs_bytes: 0,
            clock: Clock { per_second: 1_000_000, offset_seconds: 0 },
        };
        let mut option = at + 8;
        while option + 4 <= end {
            let (code, length) = (self.field(option, end, 2)?, self.field(option + 2, end, 2)? as usize);
            let value = option + 4;
            if value + length > end {
                return Err(CaptureError::new(
                    option,
                    "option length",
                    length.to_string(),
                    "within its block",
                ));
            }
            match (code, length) {
                (0, _) => break,
                // if_tsresol, if_fcslen, if_tsoffset
                (9, 1..) => interface.clock.per_second = self.resolution(value)?,
                (13, 1..) => interface.fcs_bytes = self.byte(value).into(),
                (14, 8..) => {
                    interface.clock.offset_seconds = self.reader.u64(value).unwrap_or(0).cast_signed();
                }
                _ => {}
            }
            option = value + length.next_multiple_of(4);
        }
        self.interfaces.push(interface);
        Ok(())
    }

    /// Ticks per second from if_tsresol: a power of ten, or of two if the top bit is set.
    fn resolution(&self, at: usize) -> Result<u128, CaptureError> {
        let value = self.byte(at);
        let exponent = u32::from(value & 0x7f);
        let ticks =
            if value & 0x80 == 0 { 10u128.checked_pow(exponent) } else { 1u128.checked_shl(exponent) };
        ticks.filter(|t| *t <= 10_u128.pow(19)).ok_or_else(|| {
            let base = if value & 0x80 == 0 { 10 } else { 2 };
            CaptureError::new(at, "if_tsresol", format!("{base}^-{exponent}"), "10^0 to 10^-19, 2^0 to 2^-63")
        })
    }

    fn enhanced_packet(&mut self, at: usize, end: usize, interface: u32) -> Result<(), CaptureError> {
        let ticks = u64::from(self.field(at + 4, end, 4)?) << 32 | u64::from(self.field(at + 8, end, 4)?);
        let (captured, original) = (self.field(at + 12, end, 4)?, self.field(at + 16, end, 4)?);
        let (interface, link) = self.interface_of(interface, at)?;
        self.packet(interface.clock.at_ns(ticks), at + 20, end, captured, original, (interface, link))
    }

    /// A simple packet belongs to the first interface and has no time: it gets that of the packet before it.
    fn simple_packet(&mut self, at: usize, end: usize) -> Result<(), CaptureError> {
        let original = self.field(at, end, 4)?;
        let (interface, link) = self.interface_of(0, at)?;
        let snap_bytes = if interface.snap_bytes == 0 { u32::MAX } else { interface.snap_bytes };
        let at_ns = self.records.last().map_or(0, |record| record.at_ns);
        self.packet(at_ns, at + 4, end, original.min(snap_bytes), original, (interface, link))
    }

    fn packet(
        &mut self,
        at_ns: Nanos,
        offset_bytes: usize,
        end: usize,
        captured: u32,
        original: u32,
        (interface, link): (Interface, LinkType),
    ) -> Result<(), CaptureError> {
        let room = end.saturating_sub(offset_bytes).min(MAX_RECORD_BYTES as usize);
        if captured as usize > room {
            let found = format!("{captured} where {room} fit");
            return Err(CaptureError::new(
                offset_bytes,
                "captured length",
                found,
                "within its block, 262144",
            ));
        }
        self.records.push(Record::new(at_ns, offset_bytes, captured, original, interface.fcs_bytes, link));
        Ok(())
    }

    fn interface_of(&self, index: u32, at: usize) -> Result<(Interface, LinkType), CaptureError> {
        let Some(interface) = self.interfaces.get(index as usize) else {
            let found = format!("{index} of {}", self.interfaces.len());
            return Err(CaptureError::new(at, "interface", found, "one described before the packet"));
        };
        let number = u32::from(interface.link_number);
        let link = LinkType::from_number(number)
            .ok_or_else(|| CaptureError::new(at, "link type", link::describe(number), link::ALLOWED))?;
        Ok((*interface, link))
    }

    /// A number of 2 or 4 bytes that must lie before `end`.
    fn field(&self, at: usize, end: usize, bytes: usize) -> Result<u32, CaptureError> {
        let value = if bytes == 2 { self.reader.u16(at).map(u32::from) } else { self.reader.u32(at) };
        value
            .filter(|_| at + bytes <= end)
            .ok_or_else(|| CaptureError::new(at, "block", "its end", "all of the block's fixed fields"))
    }

    fn byte(&self, at: usize) -> u8 {
        self.reader.bytes.get(at).copied().unwrap_or(0)
    }
}
