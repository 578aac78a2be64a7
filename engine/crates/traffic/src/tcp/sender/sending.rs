//! Which segment goes next (RFC 6675 section 4, NextSeg; RFC 5681 section 3).

use super::recovery::Phase;
use super::{Sender, Transmission};
use stage::Nanos;

/// What a sender wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send this.
    Send(Transmission),
    /// Ask again then: it is paced.
    At(Nanos),
    /// Wait for an acknowledgement or the timer.
    Wait,
}

impl Sender {
    /// The segment that goes now, which is then sent: to be called until it says to wait.
    pub fn next(&mut self, now_ns: Nanos) -> Next {
        if std::mem::take(&mut self.probe_due) {
            self.tally.probes += 1;
            self.tally.segments += 1;
            return Next::Send(Transmission {
                offset: self.acknowledged.saturating_sub(1),
                bytes: 1,
                again: true,
                last: false,
            });
        }
        if let Some(number) = self.forced.take().filter(|number| *number >= self.board.first()) {
            return Next::Send(self.send_again(number, now_ns));
        }
        if self.config.pacing
            && let Some(at_ns) = self.pacer.blocked_until_ns(now_ns)
        {
            return Next::At(at_ns);
        }
        match self.choose(now_ns) {
            Some(transmission) => Next::Send(transmission),
            None => Next::Wait,
        }
    }

    fn choose(&mut self, now_ns: Nanos) -> Option<Transmission> {
        let mss = u64::from(self.config.mss);
        if self.phase == Phase::Open {
            // Limited transmit (RFC 3042): each of the first two duplicates lets one more go. A SACKed segment has left
            // the pipe, which comes to the same.
            let limited = if self.config.sack { 0 } else { self.duplicates.min(2) * mss };
            let room = (self.window.bytes + limited).saturating_sub(self.outstanding_bytes());
            return self.send_new(room, now_ns);
        }
        let room = self.window.bytes.saturating_sub(self.outstanding_bytes());
        if room < mss {
            self.window_limited = true;
            return None;
        }
        if let Some(number) = self.board.next_lost() {
            return Some(self.send_again(number, now_ns));
        }
        if let Some(new) = self.send_new(room, now_ns) {
            return Some(new);
        }
        let Phase::Fast { point, rescued } = self.phase else { return None };
        if !self.config.sack {
            return None;
        }
        if let Some(number) = self.board.next_doubtful() {
            return Some(self.send_again(number, now_ns));
        }
        let last = self.board.last_missing().filter(|_| !rescued)?;
        self.phase = Phase::Fast { point, rescued: true };
        Some(self.send_again(last, now_ns))
    }

    /// The next new segment, if the window, the peer and the data allow one.
    fn send_new(&mut self, room: u64, now_ns: Nanos) -> Option<Transmission> {
        let number = self.board.next();
        let (offset, bytes) = (self.board.offset(number), self.board.bytes(number));
        if bytes == 0 || offset + bytes > self.edge.min(self.written) {
            self.window_limited = false;
            return None;
        }
        if bytes > room {
            self.window_limited = true;
            return None;
        }
        if self.phase == Phase::Open && self.duplicates > 0 {
            self.limited_bytes += bytes;
        }
        self.board.sent(now_ns);
        Some(self.sent_now(offset, bytes, false, now_ns))
    }

    fn send_again(&mut self, number: u64, now_ns: Nanos) -> Transmission {
        self.tally.retransmissions += 1;
        self.board.sent_again(number, now_ns);
        self.sent_now(self.board.offset(number), self.board.bytes(number), true, now_ns)
    }

    fn sent_now(&mut self, offset: u64, bytes: u64, again: bool, now_ns: Nanos) -> Transmission {
        self.tally.segments += 1;
        self.burst += 1;
        self.tally.largest_burst = self.tally.largest_burst.max(self.burst);
        self.rto.start(now_ns);
        if self.config.pacing {
            let slow_start = self.window.in_slow_start();
            self.pacer.sent(now_ns, bytes, self.window.bytes, self.rto.srtt_ns(), slow_start);
        }
        let last = offset + bytes == self.config.size_bytes;
        Transmission { offset, bytes: bytes as u32, again, last }
    }
}
