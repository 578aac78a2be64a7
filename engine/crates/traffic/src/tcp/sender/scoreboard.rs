//! What is outstanding, segment by segment: acknowledged, selectively acknowledged, lost, sent again (RFC 6675
//! section 4).

use stage::Nanos;
use std::collections::VecDeque;

/// Duplicate acknowledgements, or segments' worth above a hole, that make it a loss (RFC 6675 section 2).
pub(super) const DUP_THRESH: u64 = 3;

/// The receiver has it.
const SACKED: u8 = 1;
/// Taken for lost.
const LOST: u8 = 2;
/// Sent again since it was taken for lost.
const AGAIN: u8 = 4;
/// Ever sent again: its acknowledgement tells no round-trip time (Karn's algorithm, RFC 6298 section 3).
const AMBIGUOUS: u8 = 8;

#[derive(Clone, Copy, Debug)]
struct Segment {
    sent_ns: Nanos,
    flags: u8,
}

impl Segment {
    fn is(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// How often it is in the network, as far as one can know.
    fn copies(self) -> u64 {
        if self.is(SACKED) { 0 } else { u64::from(!self.is(LOST)) + u64::from(self.is(AGAIN)) }
    }
}

/// What an acknowledgement took off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Acked {
    pub(super) bytes: u64,
    /// When the newest of these segments was sent, if none was ever sent again.
    pub(super) sent_ns: Option<Nanos>,
}

/// Segments between SND.UNA and SND.NXT. A segment's number is its offset over the segment size.
#[derive(Clone, Debug)]
pub(super) struct Scoreboard {
    mss: u64,
    size_bytes: u64,
    /// Number of the first one outstanding.
    first: u64,
    segments: VecDeque<Segment>,
    /// Bytes in the network (RFC 6675 section 4, SetPipe).
    pipe_bytes: u64,
    /// One after the last that the receiver has.
    sacked_below: u64,
    /// What is not SACKed before this is lost (IsLost).
    lost_below: u64,
    /// No segment before this is lost and not sent again (HighRxt).
    again_from: u64,
    /// Blocks seen last, so that one that grew is not walked again from its start.
    seen: [(u64, u64); 4],
}

impl Scoreboard {
    pub(super) fn new(mss: u32, size_bytes: u64) -> Self {
        Scoreboard {
            mss: u64::from(mss),
            size_bytes,
            first: 0,
            segments: VecDeque::new(),
            pipe_bytes: 0,
            sacked_below: 0,
            lost_below: 0,
            again_from: 0,
            seen: [(0, 0); 4],
        }
    }

    /// Number of the segment that is new next.
    pub(super) fn next(&self) -> u64 {
        self.first + self.segments.len() as u64
    }

    pub(super) fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Offset of a segment's first byte, the end of the data at most.
    pub(super) fn offset(&self, number: u64) -> u64 {
        number.saturating_mul(self.mss).min(self.size_bytes)
    }

    /// Payload bytes of a segment.
    pub(super) fn bytes(&self, number: u64) -> u64 {
        self.offset(number.saturating_add(1)) - self.offset(number)
    }

    /// Bytes in the network.
    pub(super) fn pipe_bytes(&self) -> u64 {
        self.pipe_bytes
    }

    fn segment(&self, number: u64) -> Option<Segment> {
        self.segments.get(number.checked_sub(self.first)? as usize).copied()
    }

    /// Change a segment's flags, and the pipe with them.
    fn update(&mut self, number: u64, change: impl FnOnce(&mut Segment)) {
        let bytes = self.bytes(number);
        let Some(at) = number.checked_sub(self.first) else { return };
        let Some(segment) = self.segments.get_mut(at as usize) else { return };
        let before = segment.copies();
        change(segment);
        let after = segment.copies();
        self.pipe_bytes = (self.pipe_bytes + after * bytes).saturating_sub(before * bytes);
    }

    /// The next new segment was sent.
    pub(super) fn sent(&mut self, now_ns: Nanos) {
        self.pipe_bytes += self.bytes(self.next());
        self.segments.push_back(Segment { sent_ns: now_ns, flags: 0 });
    }

    /// A segment was sent again.
    pub(super) fn sent_again(&mut self, number: u64, now_ns: Nanos) {
        self.update(number, |segment| {
            segment.sent_ns = now_ns;
            segment.flags |= AGAIN | AMBIGUOUS;
        });
    }

    /// Everything before `offset` was acknowledged.
    pub(super) fn acknowledge(&mut self, offset: u64) -> Acked {
        let mut acked = Acked::default();
        let mut ambiguous = false;
        while !self.segments.is_empty() && self.offset(self.first + 1) <= offset {
            let bytes = self.bytes(self.first);
            let Some(segment) = self.segments.pop_front() else { break };
            self.pipe_bytes = self.pipe_bytes.saturating_sub(segment.copies() * bytes);
            acked.bytes += bytes;
            ambiguous |= segment.is(AMBIGUOUS);
            // What was SACKed earlier was not acknowledged by this.
            if !segment.is(SACKED) {
                acked.sent_ns = Some(segment.sent_ns);
            }
            self.first += 1;
        }
        if ambiguous {
            acked.sent_ns = None;
        }
        self.sacked_below = self.sacked_below.max(self.first);
        self.lost_below = self.lost_below.max(self.first);
        self.again_from = self.again_from.max(self.first);
        acked
    }

    /// The receiver has these bytes; answers how many of them are news.
    pub(super) fn sack(&mut self, start: u64, end: u64) -> u64 {
        let from = start.div_ceil(self.mss);
        let to = if end >= self.size_bytes { self.next() } else { (end / self.mss).min(self.next()) };
        let known = self.seen.iter().find(|(known, until)| *known == from && *until <= to);
        let unseen = known.map_or(from, |(_, until)| *until).max(self.first);
        let mut news = 0;
        for number in unseen..to {
            if self.segment(number).is_some_and(|segment| !segment.is(SACKED)) {
                news += self.bytes(number);
                self.update(number, |segment| segment.flags |= SACKED);
            }
        }
        self.sacked_below = self.sacked_below.max(to);
        match self.seen.iter_mut().find(|(known, _)| *known == from) {
            Some(seen) => seen.1 = seen.1.max(to),
            None => {
                self.seen.rotate_right(1);
                self.seen[0] = (from, to);
            }
        }
        news
    }

    /// Take for lost what enough was SACKed above (RFC 6675 section 4, IsLost). Whether the first outstanding is.
    pub(super) fn judge_losses(&mut self) -> bool {
        let (mut bytes, mut runs, mut in_run) = (0, 0, false);
        let mut below = self.sacked_below;
        while below > self.lost_below && bytes <= (DUP_THRESH - 1) * self.mss && runs < DUP_THRESH {
            below -= 1;
            let sacked = self.segment(below).is_some_and(|segment| segment.is(SACKED));
            bytes += if sacked { self.bytes(below) } else { 0 };
            runs += u64::from(sacked && !in_run);
            in_run = sacked;
        }
        if bytes > (DUP_THRESH - 1) * self.mss || runs >= DUP_THRESH {
            self.take_for_lost(below);
        }
        self.lost_below > self.first && !self.segments.is_empty()
    }

    /// Take everything before `below` for lost that the receiver does not have.
    pub(super) fn take_for_lost(&mut self, below: u64) {
        for number in self.lost_below..below {
            self.update(number, |segment| segment.flags |= LOST);
        }
        self.lost_below = self.lost_below.max(below);
    }

    /// The timer ran out: all that the receiver does not have is lost, also what was sent again (RFC 6675 section 5.1).
    pub(super) fn all_lost(&mut self) {
        for number in self.first..self.next() {
            self.update(number, |segment| segment.flags = (segment.flags | LOST) & !AGAIN);
        }
        self.lost_below = self.next();
        self.again_from = self.first;
    }

    /// The first lost segment that was not sent again (NextSeg rule 1).
    pub(super) fn next_lost(&mut self) -> Option<u64> {
        while self.again_from < self.lost_below {
            let segment = self.segment(self.again_from)?;
            if segment.is(LOST) && !segment.is(SACKED) && !segment.is(AGAIN) {
                return Some(self.again_from);
            }
            self.again_from += 1;
        }
        None
    }

    /// The first segment below a SACKed one that may be lost and was not sent again (NextSeg rule 3).
    pub(super) fn next_doubtful(&self) -> Option<u64> {
        (self.again_from.max(self.lost_below)..self.sacked_below)
            .find(|number| self.segment(*number).is_some_and(|s| !s.is(SACKED) && !s.is(AGAIN)))
    }

    /// The last segment the receiver is not known to have (NextSeg rule 4).
    pub(super) fn last_missing(&self) -> Option<u64> {
        (self.first..self.next()).rev().find(|number| self.segment(*number).is_some_and(|s| !s.is(SACKED)))
    }

    /// The pipe by the RFC's own definition, segment by segment.
    #[cfg(test)]
    pub(super) fn pipe_by_definition(&self) -> u64 {
        (self.first..self.next()).map(|n| self.segment(n).map_or(0, |s| s.copies() * self.bytes(n))).sum()
    }
}
