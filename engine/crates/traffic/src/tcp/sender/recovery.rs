//! From loss to recovery and back: RFC 6675 with selective acknowledgements, RFC 6582 without, the timeout of RFC 5681.

use super::Sender;
use super::scoreboard::DUP_THRESH;
use stage::Nanos;

/// Where a sender stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing is known to be lost.
    Open,
    /// Fast recovery, until everything before is acknowledged.
    Fast {
        /// SND.NXT when it began (RecoveryPoint; `recover` in RFC 6582).
        point: u64,
        /// The one rescue retransmission was used (RFC 6675 section 4, NextSeg rule 4).
        rescued: bool,
    },
    /// After a timeout, until everything before is acknowledged.
    Timeout {
        /// SND.NXT when the timer ran out.
        point: u64,
    },
}

impl Sender {
    /// New data was acknowledged.
    pub(super) fn advanced(&mut self, now_ns: Nanos, news: u64) {
        match self.phase {
            Phase::Fast { point, .. } if self.acknowledged >= point => {
                self.phase = Phase::Open;
                if !self.config.sack {
                    // RFC 6582 section 3.2 step 3, option 1: no burst for what was held back.
                    let mss = u64::from(self.config.mss);
                    let flight = self.flight_bytes().max(mss) + mss;
                    self.window.bytes = self.window.threshold_bytes.min(flight);
                }
            }
            Phase::Fast { .. } if self.config.sack => {
                self.board.judge_losses();
            }
            Phase::Fast { .. } => self.partially_advanced(news),
            Phase::Timeout { point } => {
                self.grow(now_ns, news, true);
                if self.acknowledged >= point {
                    self.phase = Phase::Open;
                }
            }
            Phase::Open => {
                self.grow(now_ns, news, false);
                if self.config.sack && self.board.judge_losses() {
                    self.recover();
                }
            }
        }
    }

    /// RFC 6582 section 3.2 step 3, a partial acknowledgement: the next hole is there. The window deflates by what left
    /// the network and keeps one segment for the retransmission.
    fn partially_advanced(&mut self, news: u64) {
        let mss = u64::from(self.config.mss);
        self.forced = Some(self.board.first());
        self.window.bytes = self.window.bytes.saturating_sub(news).max(mss);
        if news >= mss {
            self.window.bytes += mss;
        }
    }

    /// A duplicate acknowledgement came.
    pub(super) fn repeated(&mut self) {
        match self.phase {
            Phase::Open if self.config.sack => {
                if self.board.judge_losses() || self.duplicates >= DUP_THRESH {
                    self.recover();
                }
            }
            Phase::Open if self.duplicates == DUP_THRESH => self.recover(),
            Phase::Open | Phase::Timeout { .. } => {
                if self.config.sack {
                    self.board.judge_losses();
                }
            }
            Phase::Fast { .. } if self.config.sack => {
                self.board.judge_losses();
            }
            // RFC 5681 section 3.2 step 4: a segment has left the network.
            Phase::Fast { .. } => self.window.bytes += u64::from(self.config.mss),
        }
    }

    /// Fast recovery begins (RFC 6675 section 5 step 4; RFC 6582 section 3.2 step 2).
    fn recover(&mut self) {
        self.tally.recoveries += 1;
        // RFC 5681 section 3.2 step 2: what limited transmit sent does not count.
        self.window.lost(self.flight_bytes() - self.limited_bytes);
        self.phase = Phase::Fast { point: self.sent(), rescued: false };
        self.forced = Some(self.board.first());
        if self.config.sack {
            self.board.take_for_lost(self.board.first() + 1);
        } else {
            self.window.bytes += DUP_THRESH * u64::from(self.config.mss);
        }
    }

    /// The timer ran out.
    pub(super) fn timed_out(&mut self) {
        let first = !matches!(self.phase, Phase::Timeout { .. });
        self.window.timed_out(self.flight_bytes(), first);
        self.phase = Phase::Timeout { point: self.sent() };
        self.duplicates = 0;
        self.forced = None;
        self.board.all_lost();
    }

    fn grow(&mut self, now_ns: Nanos, news: u64, after_timeout: bool) {
        let slow_start = self.window.in_slow_start();
        // A window that is not used says nothing about the path.
        if self.window_limited {
            self.window.grow(news, now_ns, self.rto.srtt_ns().unwrap_or(0), after_timeout);
        }
        if slow_start && !self.window.in_slow_start() && self.tally.slow_start_rounds == 0 {
            self.tally.slow_start_rounds = self.tally.rounds;
        }
    }
}
