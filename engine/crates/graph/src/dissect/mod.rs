//! Dissection: the headers of every frame of a capture, its hash and queue, and the datapath's verdict, one JSON line
//! per frame, so that others can be held against it.
//!
//! Keys of a frame, in this order: `n` (from 1), `len` (on the wire), `caplen`, `eth {src, dst, type}`, `vlan [ids]`,
//! `mpls [{label, exp, bos, ttl}]`, `l3 [..]`, `esp {spi, seq}`, `ah {spi, seq}`, `tcp {sport, dport, seq, ack, flags,
//! win, hlen, len}`, `udp {sport, dport, len}`, `icmp {type, code}` (ICMPv6 as well), `rss {hash4, hash2, queue}`,
//! `verdict`. `l3` lists the IP headers, outermost first: `{v, src, dst, proto, ttl, tos, len, id, df, mf, off}` or
//! `{v, src, dst, nxt, hlim, tc, flow, plen, ext [{h, nxt}]}`, where `h` is `hbh`, `dst`, `rt` or `frag`, and a `frag`
//! has `off, mf, id` too.
//!
//! - All numbers are integers; flags (`bos`, `df`, `mf`) are 0 or 1; offsets are in bytes. Addresses are in tshark's
//!   text form: lower case, IPv6 compressed.
//! - A key is absent where the header is not there or is cut; so are the lists, `ext` as well, that would be empty.
//! - `eth.type` is the type field of the Ethernet header itself, as tshark's first `eth.type`: in a frame with a VLAN
//!   tag it is the tag's (0x8100, 0x88a8), not what follows the tag. An 802.3 header has a length there, and no `type`.
//! - `l3.len` of an IPv4 header whose length field is 0 (captured before segmentation) is what is there.
//! - `tcp.len` is absent where no length says it: in a first fragment, or where the IP length ends within the header.
//! - `esp` is also told behind UDP port 4500 (RFC 3948). Headers quoted in ICMP errors are not listed.
//! - Listed is what is on the wire, up to 64 labels and 64 extension headers, whether the datapath drops it or not.
//! - `rss` and `verdict` are of the NIC and the host's IP input as in any run; a capture that was cut short
//!   (`caplen < len`) is judged by the bytes that are there. TCP's state is not asked.

mod error;
mod judge;
mod listing;
mod text;

#[cfg(test)]
mod tests;

pub use error::DissectError;

use crate::to_ethernet;
use judge::{Judge, Judgement};
use listing::Listing;
use stage::Tally;
use std::fmt::Write;
use std::sync::Arc;
use text::{Object, decimal};
use traffic::capture::{Capture, Record, Truncation};
use wire::walk::{Limits, walk_captured};

/// Dissects a capture: an iterator over its lines, one per frame, then one of totals.
///
/// The last line is `{"stats":{"rx", "delivered", "dropped":{reason: frames}, "pending", "consumed"}}`. Where the file
/// ends within a record, the frames before it are there, and the last line has `"truncated"` beside `"stats"`.
pub struct Dissector {
    capture: Capture,
    judge: Judge,
    listing: Listing,
    scratch: Vec<u8>,
    /// Frames told so far.
    next: usize,
    tally: Tally,
    ended: bool,
}

impl Dissector {
    /// Of a pcap or pcapng file's bytes. `rss_key` is 40 or 52 bytes in hexadecimal, with or without colons; `queues`
    /// is 1 to 128, spread over the default table of 128 entries.
    ///
    /// # Errors
    /// Names what is wrong with the capture (its link type, for one), the key or the number of queues.
    pub fn new(capture: impl Into<Arc<[u8]>>, rss_key: &str, queues: u16) -> Result<Self, DissectError> {
        Ok(Dissector {
            judge: Judge::new(rss_key, queues)?,
            capture: Capture::read(capture)?,
            listing: Listing::default(),
            scratch: Vec::new(),
            next: 0,
            tally: Tally::default(),
            ended: false,
        })
    }

    /// Verdicts of the frames told so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The line of frame `self.next`, counted from 1.
    fn frame_line(&mut self, record: &Record) -> String {
        let frame = self.capture.frame(record);
        self.listing.clear();
        let wire_len_bytes = record.original_bytes as usize;
        walk_captured(record.link.walk(), frame, wire_len_bytes, &Limits::DISSECT, &mut self.listing);
        let judgement = self.judge.judge(to_ethernet(record.link, frame, &mut self.scratch));
        self.tally.rx += 1;
        self.tally.count(judgement.verdict);

        let mut out = String::with_capacity(512);
        let line = Object::open(&mut out)
            .number("n", self.next as u64)
            .number("len", record.original_bytes)
            .number("caplen", record.captured_bytes);
        let Judgement { hash4, hash2, queue, verdict } = judgement;
        self.listing
            .write(line)
            .value("rss", |out| {
                Object::open(out)
                    .number_if("hash4", hash4)
                    .number_if("hash2", hash2)
                    .number("queue", queue.0)
                    .close();
            })
            .text("verdict", |out| {
                // Writing to a string cannot fail.
                let _ = write!(out, "{verdict}");
            })
            .close();
        out
    }

    fn stats_line(&self) -> String {
        let mut out = String::new();
        let stats = |out: &mut String| {
            Object::open(out)
                .number("rx", self.tally.rx)
                .number("delivered", self.tally.delivered)
                .value("dropped", |out| dropped(&self.tally, out))
                // A frame judged by itself waits for nothing.
                .number("pending", 0_u8)
                .number("consumed", self.tally.consumed)
                .close();
        };
        let mut line = Object::open(&mut out).value("stats", stats);
        if let Some(Truncation { offset_bytes, needed_bytes, found_bytes }) = self.capture.truncated {
            line = line.text("truncated", |out| {
                let _ = write!(
                    out,
                    "the record at byte {offset_bytes} takes {needed_bytes} bytes, {found_bytes} are there"
                );
            });
        }
        line.close();
        out
    }
}

fn dropped(tally: &Tally, out: &mut String) {
    out.push('{');
    for (i, (reason, frames)) in tally.dropped_by_reason().enumerate() {
        out.push_str(if i == 0 { "\"" } else { ",\"" });
        out.push_str(reason.name());
        out.push_str("\":");
        decimal(out, frames);
    }
    out.push('}');
}

impl Iterator for Dissector {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if let Some(record) = self.capture.records.get(self.next).copied() {
            self.next += 1;
            return Some(self.frame_line(&record));
        }
        let first = !std::mem::replace(&mut self.ended, true);
        first.then(|| self.stats_line())
    }
}
