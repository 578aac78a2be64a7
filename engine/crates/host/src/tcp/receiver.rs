//! The receiving side of a connection (RFC 9293 section 3.10.7.4, `tcp_data_queue`): which bytes are next, which
//! wait, which were here before.

use super::AckState;
use crate::skb::{Skb, SkbQueue, Skbs};

/// Receive state of one connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Receiver {
    /// Next sequence number expected (RCV.NXT); meaningless until `synchronised`.
    pub next: u32,
    /// Whether a first segment has been seen.
    pub synchronised: bool,
    /// Segments beyond a hole, by sequence number.
    pub out_of_order: SkbQueue,
    /// Their truesize.
    pub out_of_order_bytes: u32,
    /// Link addresses of the last segment: destination, then source.
    pub link: [[u8; 6]; 2],
    /// What was acknowledged and what is due.
    pub ack: AckState,
    /// Holes given up.
    pub gaps_skipped: u64,
}

/// Where a segment stands in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Carries the next byte expected, or no byte at all.
    InOrder,
    /// All its bytes were received before.
    Old,
    /// Beyond a hole.
    Early,
    /// Beyond the window.
    BeyondWindow,
    /// Beyond a hole, and already waiting there.
    Duplicate,
}

/// `a < b` in sequence space (RFC 9293 section 3.4).
#[inline]
pub(crate) fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

/// Sequence number after the skb's last byte.
#[inline]
pub(crate) fn end(skb: &Skb) -> u32 {
    skb.sequence.wrapping_add(skb.payload_bytes)
}

impl Receiver {
    /// Judge a segment of `bytes` payload at `sequence`, given a window of `window_bytes`.
    pub fn judge(&self, sequence: u32, bytes: u32, window_bytes: u32, skbs: &Skbs) -> Arrival {
        if bytes == 0 {
            return Arrival::InOrder;
        }
        let end = sequence.wrapping_add(bytes);
        if !before(self.next, end) {
            return Arrival::Old;
        }
        if !before(self.next, sequence) {
            return Arrival::InOrder;
        }
        if before(self.next.wrapping_add(window_bytes), end) {
            return Arrival::BeyondWindow;
        }
        let covered = skbs
            .iter(&self.out_of_order)
            .any(|skb| !before(sequence, skb.sequence) && !before(self::end(skb), end));
        if covered { Arrival::Duplicate } else { Arrival::Early }
    }

    /// Keep an early segment in sequence order.
    pub fn keep(&mut self, skb: Box<Skb>, skbs: &mut Skbs) {
        let sequence = skb.sequence;
        self.out_of_order_bytes += skb.truesize_bytes();
        self.ack.sack.arrived(sequence, end(&skb));
        skbs.insert_before(&mut self.out_of_order, skb, |other| before(sequence, other.sequence));
    }

    /// The first waiting segment, if it is next (or overlaps what is next).
    pub fn take_next(&mut self, skbs: &mut Skbs) -> Option<Box<Skb>> {
        let first = skbs.front(&self.out_of_order)?;
        if before(self.next, first.sequence) {
            return None;
        }
        let skb = skbs.pop(&mut self.out_of_order)?;
        self.out_of_order_bytes = self.out_of_order_bytes.saturating_sub(skb.truesize_bytes());
        Some(skb)
    }

    /// Advance over a segment's bytes; returns how many of them are new.
    pub fn advance(&mut self, skb: &Skb) -> u32 {
        let end = end(skb);
        if !before(self.next, end) {
            return 0;
        }
        let new = end.wrapping_sub(self.next).min(skb.payload_bytes);
        self.next = end;
        new
    }
}
