//! A sender, without I/O: told of acknowledgements and time, it says which segment goes next.

mod cubic;
mod newreno;
mod pacing;
mod recovery;
mod rto;
mod scoreboard;
mod sending;
#[cfg(test)]
mod tests;
mod window;

pub use sending::Next;

use crate::tcp::CongestionControl;
use pacing::Pacer;
use recovery::Phase;
use rto::Rto;
use scoreboard::Scoreboard;
use stage::Nanos;
use window::Window;

/// The peer's window before its first acknowledgement: what fits its field without a shift (RFC 7323 section 2.2).
const FIRST_PEER_WINDOW_BYTES: u64 = 65_535;

/// What a sender is told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderConfig {
    /// Payload of a full segment.
    pub mss: u32,
    /// Bytes to send; `u64::MAX`: no end.
    pub size_bytes: u64,
    /// Congestion control.
    pub congestion: CongestionControl,
    /// Segments an acknowledgement may be worth in slow start; 0: any number.
    pub byte_counting: u32,
    /// First window, in segments.
    pub initial_window: u32,
    /// First threshold, in segments.
    pub initial_ssthresh: Option<u32>,
    /// Selective acknowledgements are agreed.
    pub sack: bool,
    /// Spread segments over the round-trip time.
    pub pacing: bool,
    /// Least retransmission timeout.
    pub min_rto_ns: Nanos,
}

/// An acknowledgement, its numbers as offsets in the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AckSeen {
    /// Everything before has arrived.
    pub offset: u64,
    /// What the peer takes beyond that.
    pub window_bytes: u64,
    /// Ranges beyond that have arrived, first byte and the one after the last.
    pub sack: [(u64, u64); 4],
    /// How many of them count.
    pub sack_len: u8,
    /// Bytes of the peer's own that came with it.
    pub answer_bytes: u32,
}

/// A segment to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmission {
    /// Offset of its first byte.
    pub offset: u64,
    /// Its bytes.
    pub bytes: u32,
    /// Sent before.
    pub again: bool,
    /// Nothing follows it.
    pub last: bool,
}

/// What a sender has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderTally {
    /// Segments sent, all of them.
    pub segments: u64,
    /// Of these, sent again.
    pub retransmissions: u64,
    /// Of these, probes of a closed window.
    pub probes: u64,
    /// Acknowledgements taken.
    pub acks: u64,
    /// Of these, duplicates.
    pub duplicate_acks: u64,
    /// Fast recoveries begun.
    pub recoveries: u64,
    /// Timeouts.
    pub timeouts: u64,
    /// Round trips begun: the first window's is the first.
    pub rounds: u64,
    /// The round in which slow start ended for the first time; 0 while it lasts.
    pub slow_start_rounds: u64,
    /// Largest number of segments released by one acknowledgement.
    pub largest_burst: u64,
}

/// The sending side of one connection.
#[derive(Clone, Debug)]
pub struct Sender {
    config: SenderConfig,
    window: Window,
    board: Scoreboard,
    rto: Rto,
    pacer: Pacer,
    phase: Phase,
    /// SND.UNA.
    acknowledged: u64,
    /// What its program has written so far.
    written: u64,
    /// Right edge of the peer's window.
    edge: u64,
    /// Duplicates since new data was acknowledged.
    duplicates: u64,
    /// Of what is in flight, sent because duplicates came (RFC 3042).
    limited_bytes: u64,
    /// A segment that goes before anything else.
    forced: Option<u64>,
    /// The window was what held the last segment back (RFC 9438 section 5.8, RFC 7661).
    window_limited: bool,
    /// One byte of the acknowledged, to make the peer say its window.
    probe_due: bool,
    /// End of the present round; none until the window's worth has been sent.
    round_end: Option<u64>,
    burst: u64,
    /// What was done.
    pub tally: SenderTally,
}

impl Sender {
    /// A connection that was just established.
    pub fn new(config: SenderConfig) -> Self {
        Sender {
            window: Window::new(
                config.congestion,
                config.mss,
                config.byte_counting,
                config.initial_window,
                config.initial_ssthresh,
            ),
            board: Scoreboard::new(config.mss, config.size_bytes),
            rto: Rto::new(config.min_rto_ns),
            pacer: Pacer::default(),
            phase: Phase::Open,
            acknowledged: 0,
            written: u64::MAX,
            edge: FIRST_PEER_WINDOW_BYTES,
            duplicates: 0,
            limited_bytes: 0,
            forced: None,
            window_limited: false,
            probe_due: false,
            round_end: None,
            burst: 0,
            tally: SenderTally { rounds: 1, ..SenderTally::default() },
            config,
        }
    }

    /// From now on its program writes, by [`Sender::write`]; else all there is to send is there at once.
    pub fn await_writes(&mut self) {
        self.written = 0;
    }

    /// Its program has written so many bytes more.
    pub fn write(&mut self, bytes: u32) {
        self.written = self.written.saturating_add(bytes.into());
    }

    /// SND.UNA, as an offset.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// SND.NXT, as an offset.
    pub fn sent(&self) -> u64 {
        self.board.offset(self.board.next())
    }

    /// Sent and not acknowledged (FlightSize).
    pub fn flight_bytes(&self) -> u64 {
        self.sent() - self.acknowledged
    }

    /// Sent, and neither arrived nor lost as far as is known: what the congestion window is held against.
    pub fn outstanding_bytes(&self) -> u64 {
        if !self.config.sack && matches!(self.phase, Phase::Fast { .. }) {
            // RFC 6582 inflates the window instead.
            return self.flight_bytes();
        }
        self.board.pipe_bytes()
    }

    /// The congestion window.
    pub fn window_bytes(&self) -> u64 {
        self.window.bytes
    }

    /// The slow start threshold; `u64::MAX` before the first loss.
    pub fn threshold_bytes(&self) -> u64 {
        self.window.threshold_bytes
    }

    /// The peer's right edge, as an offset.
    pub fn edge(&self) -> u64 {
        self.edge
    }

    /// Smoothed round-trip time.
    pub fn srtt_ns(&self) -> Option<Nanos> {
        self.rto.srtt_ns()
    }

    /// Whether everything has been sent and acknowledged.
    pub fn is_done(&self) -> bool {
        self.acknowledged >= self.config.size_bytes
    }

    /// When [`Sender::time`] must be called.
    pub fn deadline_ns(&self) -> Option<Nanos> {
        self.rto.deadline_ns()
    }

    /// An acknowledgement came.
    pub fn acknowledge(&mut self, now_ns: Nanos, ack: &AckSeen) {
        self.tally.acks += 1;
        self.burst = 0;
        // Of what was not sent, or long acknowledged: of no use (RFC 9293 section 3.10.7.4).
        if ack.offset > self.sent() || ack.offset < self.acknowledged {
            return;
        }
        // A round ends with the last segment sent before its first acknowledgement came.
        let round_end = *self.round_end.get_or_insert(self.sent());
        let moved = ack.offset + ack.window_bytes != self.edge;
        self.edge = self.edge.max(ack.offset + ack.window_bytes);
        let acked = self.board.acknowledge(ack.offset);
        let news = ack.offset - self.acknowledged;
        self.acknowledged = ack.offset;
        if let Some(sent_ns) = acked.sent_ns {
            self.rto.measured(now_ns.saturating_sub(sent_ns));
        }
        let mut sacked = 0;
        if self.config.sack {
            let blocks = ack.sack.iter().take(ack.sack_len.into());
            sacked = blocks.map(|(start, end)| self.board.sack(*start, *end)).sum();
        }
        if news > 0 {
            self.duplicates = 0;
            self.limited_bytes = 0;
            if self.board.is_empty() {
                self.rto.stop()
            } else {
                self.rto.restart(now_ns)
            }
            self.advanced(now_ns, news);
        } else if !self.board.is_empty() && (sacked > 0 || (!self.config.sack && !moved)) {
            // RFC 6675 section 2 and RFC 5681 section 2.
            self.duplicates += 1;
            self.tally.duplicate_acks += 1;
            self.repeated();
        }
        if self.board.is_empty() && self.blocked_by_peer() {
            self.rto.start(now_ns);
        }
        if ack.offset >= round_end {
            self.tally.rounds += 1;
            self.round_end = None;
        }
    }

    /// Time came to [`Sender::deadline_ns`].
    pub fn time(&mut self, now_ns: Nanos) {
        if self.rto.deadline_ns().is_none_or(|deadline_ns| deadline_ns > now_ns) {
            return;
        }
        self.burst = 0;
        if self.board.is_empty() {
            if self.blocked_by_peer() {
                self.probe_due = true;
                self.rto.back_off(now_ns);
            } else {
                self.rto.stop();
            }
            return;
        }
        self.tally.timeouts += 1;
        self.timed_out();
        self.rto.back_off(now_ns);
    }

    fn blocked_by_peer(&self) -> bool {
        !self.is_done() && self.sent() + self.board.bytes(self.board.next()) > self.edge
    }
}
