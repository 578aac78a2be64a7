//! Writing pcap: nanosecond time stamps, little endian.

use super::link::LinkType;
use super::{MAX_RECORD_BYTES, pcap};
use stage::{NANOS_PER_SECOND, Nanos};

/// Append a file header.
pub fn write_header(out: &mut Vec<u8>, link: LinkType) {
    out.extend(pcap::MAGIC_NANOSECONDS.to_le_bytes());
    out.extend(2u16.to_le_bytes());
    out.extend(4u16.to_le_bytes());
    out.extend([0; 8]);
    out.extend(MAX_RECORD_BYTES.to_le_bytes());
    out.extend(link.number().to_le_bytes());
}

/// Append a frame of `frame` bytes that had `original_bytes` (both without FCS) at `at_ns` since 1970. What passes
/// 262144 bytes is cut off; seconds wrap in 2106, as the format's do.
pub fn write_record(out: &mut Vec<u8>, at_ns: Nanos, frame: &[u8], original_bytes: u32) {
    let frame = frame.get(..MAX_RECORD_BYTES as usize).unwrap_or(frame);
    out.extend(((at_ns / NANOS_PER_SECOND) as u32).to_le_bytes());
    out.extend(((at_ns % NANOS_PER_SECOND) as u32).to_le_bytes());
    out.extend((frame.len() as u32).to_le_bytes());
    out.extend(original_bytes.max(frame.len() as u32).to_le_bytes());
    out.extend(frame);
}
