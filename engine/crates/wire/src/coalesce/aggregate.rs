//! Segments that have become one.

use super::MAX_HEADER_BYTES;
use super::flow::{Flow, Network, Told};
use super::header::{self, STAMP_AT};
use super::mask;
use super::payload_sum::{PayloadSum, own_sum};
use super::read::Segment;
use super::refusal::{Closing, Refusal};
use crate::checksum::{Sum, internet};
use crate::tcp::flag;
use crate::walk::L3;
use core::ops::Range;

/// How large an aggregate may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Segments.
    pub segments: u16,
    /// Bytes of the packet from behind the Ethernet header, which is the most a total length can say.
    pub bytes: u32,
}

/// Which TCP timestamps an aggregate's segments may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamps {
    /// Equal ones, as in Linux: options are compared byte by byte.
    Equal,
    /// Rising ones, where the option stands alone (RFC 7323 appendix A). The aggregate has the last value and the
    /// first echo, as cards with LRO of their own did.
    Rising,
}

/// Identification of one IPv4 header: it stays, or it counts up with the segments (`inet_gro_flush`).
#[derive(Clone, Copy, Debug, Default)]
struct Identification {
    first: u16,
    stays: bool,
}

impl Identification {
    /// Whether that of a header follows; after the second segment it is settled whether it stays or counts.
    #[inline(always)]
    fn follows(&mut self, network: Network, frame: &[u8], segments: u16) -> bool {
        if network.kind != L3::V4 {
            return true;
        }
        let ahead = u16_at(frame, usize::from(network.at) + 4).wrapping_sub(self.first);
        if segments == 1 {
            self.stays = ahead == 0;
        }
        ahead == if self.stays { 0 } else { segments }
    }
}

/// Segments that have become one: what the next must be like, and the header of the whole.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// Sequence number of the segment that would follow.
    next: u32,
    /// Payload of the first segment: what the later ones may have at most (`gso_size`).
    mss: u32,
    payload_bytes: u32,
    segments: u16,
    header_bytes: u16,
    flow: Flow,
    /// FIN and PSH of any segment.
    pushed: u8,
    /// Of the outer and the inner IPv4 header.
    ids: [Identification; 2],
    /// Last timestamp value, if they may rise.
    stamp: Option<u32>,
    payload_sum: PayloadSum,
    /// Headers of the first segment, and where they must be equal.
    header: [u8; MAX_HEADER_BYTES],
    mask: [u8; MAX_HEADER_BYTES],
    /// The mask is that of this header: it is made when it is first needed, as most of what is held in vain never is.
    is_masked: bool,
}

impl Default for Aggregate {
    /// Of nothing; every use begins with [`Aggregate::begin`].
    fn default() -> Self {
        Aggregate {
            next: 0,
            mss: 0,
            payload_bytes: 0,
            segments: 0,
            header_bytes: 0,
            flow: Flow::default(),
            pushed: 0,
            ids: [Identification::default(); 2],
            stamp: None,
            payload_sum: PayloadSum::default(),
            header: [0; MAX_HEADER_BYTES],
            mask: [0; MAX_HEADER_BYTES],
            is_masked: false,
        }
    }
}

impl Aggregate {
    /// Begin anew with this segment of `frame`, which [`Segment::may_lead`].
    #[inline(always)]
    pub fn begin(&mut self, frame: &[u8], segment: &Segment, stamps: Stamps) {
        self.next = segment.sequence.wrapping_add(segment.payload_bytes);
        (self.mss, self.payload_bytes) = (segment.unit_bytes(), segment.payload_bytes);
        self.segments = segment.segments();
        (self.header_bytes, self.flow, self.pushed) = (segment.header_bytes() as u16, segment.flow, 0);
        self.stamp = if stamps == Stamps::Rising { stamp_of(frame, segment) } else { None };
        for (id, network) in self.ids.iter_mut().zip([self.flow.outer, self.flow.inner]) {
            *id = Identification { first: u16_at(frame, usize::from(network.at) + 4), stays: false };
        }
        header::copy(&mut self.header, frame, segment.header_bytes());
        self.is_masked = false;
        self.payload_sum = PayloadSum::default();
        self.payload_sum.add(self.own_sum_of(frame, segment), false);
    }

    /// Segments in it.
    #[inline]
    pub fn segments(&self) -> u16 {
        self.segments
    }

    /// TCP payload of all segments.
    #[inline]
    pub fn payload_bytes(&self) -> u32 {
        self.payload_bytes
    }

    /// Payload of its first segment: of all but perhaps the last.
    #[inline]
    pub fn mss(&self) -> u32 {
        self.mss
    }

    /// Bytes of its headers.
    #[inline]
    pub fn header_bytes(&self) -> usize {
        usize::from(self.header_bytes)
    }

    /// Whether a frame with this flow in it is of the aggregate's flow.
    pub fn is_of(&self, frame: &[u8], flow: &Flow, told: Told) -> bool {
        self.flow.is_of(&self.header, flow, frame, told)
    }

    /// Whether a segment of `frame` may be appended. Of another flow's segment the answer means nothing but that it
    /// may not.
    ///
    /// # Errors
    /// Why not.
    #[inline(always)]
    pub fn judge(&mut self, frame: &[u8], segment: &Segment, limits: &Limits) -> Result<(), Refusal> {
        let joins = segment.sequence == self.next
            && !self.is_too_long(segment)
            && self.is_like(frame, segment)
            && may_follow(segment.flags)
            && self.id_follows(frame, segment.flow)
            && self.stamp.is_none_or(|last| rises(last, stamp_of(frame, segment)))
            && !self.has_too_many(segment, limits)
            && self.bytes() + segment.payload_bytes <= limits.bytes;
        // A copy: what is only looked at here stays in registers.
        if joins { Ok(()) } else { Err(self.refusal(frame, *segment, *limits)) }
    }

    /// Append a segment that [`Aggregate::judge`] has let in; answers whether and why it is the last. The payload is
    /// the caller's to append.
    #[inline(always)]
    pub fn append(&mut self, frame: &[u8], segment: &Segment) -> Option<Closing> {
        self.payload_sum.add(self.own_sum_of(frame, segment), self.payload_bytes & 1 == 1);
        self.next = segment.sequence.wrapping_add(segment.payload_bytes);
        self.payload_bytes += segment.payload_bytes;
        self.segments += segment.segments();
        if self.stamp.is_some() {
            self.stamp = stamp_of(frame, segment);
        }
        let pushed = segment.flags & (flag::FIN | flag::PSH);
        self.pushed |= pushed as u8;
        if pushed != 0 {
            Some(Closing::Pushed)
        } else if segment.payload_bytes < u32::from(segment.segments()) * self.mss {
            Some(Closing::Short)
        } else {
            None
        }
    }

    /// Write the header of the whole: lengths and checksums as of one packet, FIN and PSH of any segment. Answers its
    /// bytes.
    pub fn write_header(&self, out: &mut [u8; MAX_HEADER_BYTES]) -> usize {
        header::copy(out, &self.header, self.header_bytes());
        let end = self.header_bytes() + self.payload_bytes as usize;
        for network in self.flow.networks() {
            let at = usize::from(network.at);
            if network.kind == L3::V4 {
                put(out, at + 2, (end - at) as u16);
                put(out, at + 10, 0);
                let checksum = internet(out.get(at..at + 20).unwrap_or(&[]));
                put(out, at + 10, checksum);
            } else {
                put(out, at + 4, (end - at - 40) as u16);
            }
        }
        let tcp_at = self.tcp_at();
        if let Some(flags) = out.get_mut(tcp_at + 13) {
            *flags |= self.pushed;
        }
        if let Some(stamp) = self.stamp {
            put(out, tcp_at + STAMP_AT, (stamp >> 16) as u16);
            put(out, tcp_at + STAMP_AT + 2, stamp as u16);
        }
        put(out, tcp_at + 16, 0);
        let own = own_sum(out, tcp_at, (end - tcp_at) as u32, self.stamp.is_some());
        let common = self.sum_in_common();
        put(out, tcp_at + 16, own.add_sum(common).add_sum(self.payload_sum.of(common)).checksum());
        self.header_bytes()
    }

    /// Of a single segment, its payload, of which there must be some; one that is merged before must be of as long ones.
    #[inline]
    fn is_too_long(&self, segment: &Segment) -> bool {
        if segment.segments() > 1 {
            segment.unit_bytes() != self.mss
        } else {
            segment.payload_bytes.wrapping_sub(1) >= self.mss
        }
    }

    #[inline]
    fn has_too_many(&self, segment: &Segment, limits: &Limits) -> bool {
        u32::from(self.segments) + u32::from(segment.segments()) > u32::from(limits.segments)
    }

    /// The packet's bytes behind the Ethernet header.
    #[inline]
    fn bytes(&self) -> u32 {
        u32::from(self.header_bytes) - 14 + self.payload_bytes
    }

    #[inline]
    fn tcp_at(&self) -> usize {
        usize::from(self.flow.tcp_at)
    }

    /// `inet_gro_flush`.
    #[inline(always)]
    fn id_follows(&mut self, frame: &[u8], flow: Flow) -> bool {
        let [outer, inner] = &mut self.ids;
        outer.follows(flow.outer, frame, self.segments)
            && (!flow.is_tunnelled() || inner.follows(flow.inner, frame, self.segments))
    }

    /// Whether a segment's headers are equal where they must be. Then they have the same form, so that its flow needs no
    /// look of its own.
    #[inline(always)]
    fn is_like(&mut self, frame: &[u8], segment: &Segment) -> bool {
        let bytes = segment.header_bytes();
        if bytes != self.header_bytes() {
            return false;
        }
        if let Some(mask) = self.ready_mask(segment.flow) {
            return header::same(&self.header, frame, mask, bytes);
        }
        if !self.is_masked {
            self.make_mask();
        }
        header::same(&self.header, frame, &self.mask, bytes)
    }

    #[inline(always)]
    fn ready_mask(&self, flow: Flow) -> Option<&'static header::Bytes> {
        if self.stamp.is_none() { mask::ready(flow) } else { None }
    }

    #[cold]
    fn make_mask(&mut self) {
        mask::make(&mut self.mask, self.flow, self.stamp.is_some());
        self.is_masked = true;
    }

    /// The first reason why a segment may not be appended.
    #[cold]
    fn refusal(&mut self, frame: &[u8], segment: Segment, limits: Limits) -> Refusal {
        let (segment, limits) = (&segment, &limits);
        let is_like = self.is_like(frame, segment);
        let ready = self.ready_mask(self.flow);
        if !is_like && ready.is_none() && !self.is_masked {
            self.make_mask();
        }
        let mask = ready.unwrap_or(&self.mask);
        let differs = |range: Range<usize>| !is_like && header::differs(&self.header, frame, mask, range);
        let half_differs = |at| !is_like && header::field_differs::<2>(&self.header, frame, mask, at);
        let word_differs = |at| !is_like && header::field_differs::<4>(&self.header, frame, mask, at);
        let (ip_at, tcp_at) = (usize::from(self.flow.outer.at), self.tcp_at());
        let other = |of: fn(Network, &[u8]) -> Option<u8>| {
            self.flow.networks().any(|network| of(network, &self.header) != of(network, frame))
        };
        let falls = |last| !rises(last, stamp_of(frame, segment));
        if differs(0..ip_at) {
            Refusal::Link
        } else if segment.flow != self.flow {
            Refusal::Network
        } else if differs(ip_at..tcp_at) {
            if other(Network::tos) {
                Refusal::Tos
            } else if other(Network::ttl) {
                Refusal::Ttl
            } else {
                Refusal::Network
            }
        } else if !may_follow(segment.flags) {
            Refusal::Control
        } else if half_differs(tcp_at + 12) {
            Refusal::Flags
        } else if half_differs(tcp_at + 14) {
            Refusal::Window
        } else if word_differs(tcp_at + 8) {
            Refusal::Ack
        } else if differs(tcp_at + 20..self.header_bytes()) || self.stamp.is_some_and(falls) {
            Refusal::Options
        } else if segment.sequence != self.next {
            Refusal::Sequence
        } else if segment.payload_bytes == 0 {
            Refusal::Empty
        } else if self.is_too_long(segment) {
            Refusal::Longer
        } else if self.has_too_many(segment, limits) {
            Refusal::Segments
        } else if self.bytes() + segment.payload_bytes > limits.bytes {
            Refusal::Bytes
        } else {
            Refusal::Id
        }
    }

    /// The terms of the checksum that all segments have in common: addresses, protocol, and the TCP header but for
    /// what [`own_sum`] adds.
    fn sum_in_common(&self) -> Sum {
        let header = |from: usize, to: usize| self.header.get(from..to).unwrap_or(&[]);
        let (tcp_at, end) = (self.tcp_at(), self.header_bytes());
        let options = if self.stamp.is_some() {
            header(tcp_at + 20, tcp_at + STAMP_AT)
        } else {
            header(tcp_at + 20, end)
        };
        Sum::new()
            .add_bytes(self.flow.inner.addresses(&self.header))
            .add_u16(u16::from(crate::protocol::TCP))
            .add_bytes(header(tcp_at, tcp_at + 4))
            .add_bytes(header(tcp_at + 8, tcp_at + 12))
            .add_bytes(header(tcp_at + 14, tcp_at + 16))
            .add_bytes(options)
    }

    #[inline(always)]
    fn own_sum_of(&self, frame: &[u8], segment: &Segment) -> Sum {
        let tcp_at = usize::from(segment.flow.tcp_at);
        let tcp_bytes = (segment.header_bytes() - tcp_at) as u32 + segment.payload_bytes;
        own_sum(frame, tcp_at, tcp_bytes, self.stamp.is_some())
    }
}

/// A segment in the middle or at the end: ACK, and nothing that TCP acts on at once.
#[inline]
fn may_follow(flags: u16) -> bool {
    flags & (flag::ACK | flag::SYN | flag::RST | flag::URG | flag::CWR) == flag::ACK
}

/// Whether a timestamp value is not before the last.
fn rises(last: u32, value: Option<u32>) -> bool {
    value.is_some_and(|value| value.wrapping_sub(last) as i32 >= 0)
}

/// Its timestamp value. It stands between functions that are looked into and one that is not, which needs two numbers.
#[inline(always)]
fn stamp_of(frame: &[u8], segment: &Segment) -> Option<u32> {
    header::stamp(frame, usize::from(segment.flow.tcp_at), segment.header_bytes())
}

#[inline]
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u16::from_be_bytes(*word))
}

fn put(out: &mut [u8], at: usize, value: u16) {
    if let Some(place) = out.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *place = value.to_be_bytes();
    }
}
