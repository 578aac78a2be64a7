//! Recorded frames: reading pcap and pcapng from bytes, writing pcap into bytes.
//!
//! A file that ends within a record keeps the frames before it, and says where it was cut
//! ([`Capture::truncated`]): that is how a capture looks whose writer was stopped. Anything else that contradicts the
//! format is an error that says where, what was found and what is allowed.

mod error;
mod link;
mod pcap;
mod pcapng;
mod reader;
mod write;

pub use error::CaptureError;
pub use link::LinkType;
pub use write::{write_header, write_record};

use stage::Nanos;
use std::sync::Arc;

/// Longest frame a record may hold, as libpcap's MAXIMUM_SNAPLEN: more is damage, not data.
pub const MAX_RECORD_BYTES: u32 = 262_144;

/// A frame in a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Time stamp, ns since 1970.
    pub at_ns: Nanos,
    /// Where its bytes begin in the capture.
    pub offset_bytes: usize,
    /// Bytes recorded, without FCS.
    pub captured_bytes: u32,
    /// Bytes the frame had, without FCS.
    pub original_bytes: u32,
    /// What the first header is.
    pub link: LinkType,
}

/// The end of a file that was cut off within a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncation {
    /// Where the record or block begins.
    pub offset_bytes: usize,
    /// Bytes it takes, as far as is known.
    pub needed_bytes: u64,
    /// Bytes that are there.
    pub found_bytes: u64,
}

/// A capture file's bytes and where its frames are.
#[derive(Clone, Debug)]
pub struct Capture {
    bytes: Arc<[u8]>,
    /// The frames, in the file's order.
    pub records: Vec<Record>,
    /// Set if the file ends within a record.
    pub truncated: Option<Truncation>,
}

impl Capture {
    /// Read a pcap or pcapng file.
    ///
    /// # Errors
    /// Bytes that are no capture, are damaged, or have a link type that is not supported.
    pub fn read(bytes: impl Into<Arc<[u8]>>) -> Result<Self, CaptureError> {
        let bytes = bytes.into();
        let (records, truncated) = match bytes.first_chunk::<4>() {
            Some(&pcapng::SECTION_MAGIC) => pcapng::read(&bytes)?,
            _ => pcap::read(&bytes)?,
        };
        Ok(Capture { bytes, records, truncated })
    }

    /// The bytes of one of its records.
    #[inline]
    pub fn frame(&self, record: &Record) -> &[u8] {
        self.bytes
            .get(record.offset_bytes..)
            .and_then(|rest| rest.get(..record.captured_bytes as usize))
            .unwrap_or(&[])
    }
}

/// What a reader of either format returns.
type Contents = (Vec<Record>, Option<Truncation>);
