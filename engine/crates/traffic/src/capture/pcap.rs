//! The pcap format (draft-ietf-opsawg-pcap): a file header, then records.

use super::error::CaptureError;
use super::link::{self, LinkType};
use super::reader::Reader;
use super::{Contents, MAX_RECORD_BYTES, Record, Truncation};
use stage::NANOS_PER_SECOND;

/// Magic of time stamps in microseconds.
pub(super) const MAGIC_MICROSECONDS: u32 = 0xa1b2_c3d4;
/// Magic of time stamps in nanoseconds.
pub(super) const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;
pub(super) const FILE_HEADER_BYTES: usize = 24;
pub(super) const RECORD_HEADER_BYTES: usize = 16;

const MAGICS: &str = "pcap (a1b2c3d4, a1b23c4d, either byte order) or pcapng (0a0d0d0a)";

pub(super) fn read(bytes: &[u8]) -> Result<Contents, CaptureError> {
    let (reader, fraction_ns) = magic(bytes)?;
    let (Some(major), Some(minor), Some(link_field)) = (reader.u16(4), reader.u16(6), reader.u32(20)) else {
        return Err(CaptureError::new(0, "file header", format!("{} bytes", bytes.len()), "24 bytes"));
    };
    if (major, minor) != (2, 4) {
        return Err(CaptureError::new(4, "version", format!("{major}.{minor}"), "2.4"));
    }
    let number = link_field & 0xffff;
    let link = LinkType::from_number(number)
        .ok_or_else(|| CaptureError::new(20, "link type", link::describe(number), link::ALLOWED))?;
    let fcs_bytes = fcs_bytes(link_field);
    let mut records = Vec::new();
    let mut at = FILE_HEADER_BYTES;
    while at < bytes.len() {
        let found_bytes = (bytes.len() - at) as u64;
        let cut_off = |needed_bytes| Some(Truncation { offset_bytes: at, needed_bytes, found_bytes });
        let header = (reader.u32(at), reader.u32(at + 4), reader.u32(at + 8), reader.u32(at + 12));
        let (Some(seconds), Some(fraction), Some(captured), Some(original)) = header else {
            return Ok((records, cut_off(RECORD_HEADER_BYTES as u64)));
        };
        if captured > MAX_RECORD_BYTES {
            let found = captured.to_string();
            return Err(CaptureError::new(at + 8, "captured length", found, "at most 262144 bytes"));
        }
        let needed_bytes = RECORD_HEADER_BYTES as u64 + u64::from(captured);
        if needed_bytes > found_bytes {
            return Ok((records, cut_off(needed_bytes)));
        }
        let at_ns = u64::from(seconds) * NANOS_PER_SECOND + u64::from(fraction) * fraction_ns;
        records.push(Record::new(at_ns, at + RECORD_HEADER_BYTES, captured, original, fcs_bytes, link));
        at += needed_bytes as usize;
    }
    Ok((records, None))
}

/// Byte order, and what a unit of the second half of a time stamp is.
fn magic(bytes: &[u8]) -> Result<(Reader<'_>, u64), CaptureError> {
    let Some(start) = bytes.first_chunk::<4>() else {
        return Err(CaptureError::new(0, "magic", format!("{} bytes", bytes.len()), MAGICS));
    };
    for big_endian in [false, true] {
        let reader = Reader { bytes, big_endian };
        match reader.u32(0) {
            Some(MAGIC_MICROSECONDS) => return Ok((reader, 1000)),
            Some(MAGIC_NANOSECONDS) => return Ok((reader, 1)),
            _ => {}
        }
    }
    Err(CaptureError::new(0, "magic", format!("{:08x}", u32::from_be_bytes(*start)), MAGICS))
}

/// Bytes of FCS behind each frame, from the upper bits of the link type: bit 26 says that bits 28 to 31 count 16-bit
/// words.
fn fcs_bytes(link_field: u32) -> u32 {
    if link_field & 0x0400_0000 == 0 { 0 } else { (link_field >> 28) * 2 }
}

impl Record {
    /// `captured` and `original` as the file says, a recorded FCS of `fcs_bytes` included.
    pub(super) fn new(
        at_ns: u64,
        offset_bytes: usize,
        captured: u32,
        original: u32,
        fcs_bytes: u32,
        link: LinkType,
    ) -> Self {
        // Some writers leave the original length at 0 or below what is there.
        let original_bytes = original.max(captured).saturating_sub(fcs_bytes);
        Record { at_ns, offset_bytes, captured_bytes: captured.min(original_bytes), original_bytes, link }
    }
}
