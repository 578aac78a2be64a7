//! The path between senders and the line: what is lost on it, and where everything that entered it went.

use super::TcpStreamConfig;
use stage::Random;

/// Where data frames and acknowledgements of a stream went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PathTally {
    /// Data frames sent.
    pub sent_frames: u64,
    /// Lost before the line, by chance or as told.
    pub lost_frames: u64,
    /// Lost before the line for want of buffer.
    pub overflowed_frames: u64,
    /// Put on the line.
    pub offered_frames: u64,
    /// Acknowledgements the host sent.
    pub host_acks: u64,
    /// Lost on their way.
    pub lost_acks: u64,
    /// Arrived.
    pub arrived_acks: u64,
}

/// Loses frames.
#[derive(Clone, Debug)]
pub(super) struct Path {
    loss: f64,
    ack_loss: f64,
    lose_frames: Vec<u64>,
    data: Random,
    acks: Random,
    pub(super) tally: PathTally,
}

impl Path {
    pub(super) fn new(config: &TcpStreamConfig, seed: u64, component: &str) -> Self {
        Path {
            loss: config.loss,
            ack_loss: config.ack_loss,
            lose_frames: config.lose_frames.clone(),
            data: Random::for_component(seed, &format!("{component}.loss")),
            acks: Random::for_component(seed, &format!("{component}.ack_loss")),
            tally: PathTally::default(),
        }
    }

    /// Whether the next data frame is lost.
    pub(super) fn loses_frame(&mut self) -> bool {
        let number = self.tally.sent_frames;
        self.tally.sent_frames += 1;
        // Drawn for each frame, so that one frame's fate moves no other's.
        let lost = (self.loss > 0.0 && self.data.unit() < self.loss) || self.lose_frames.contains(&number);
        self.tally.lost_frames += u64::from(lost);
        lost
    }

    /// Whether the next acknowledgement is lost.
    pub(super) fn loses_ack(&mut self) -> bool {
        self.tally.host_acks += 1;
        let lost = self.ack_loss > 0.0 && self.acks.unit() < self.ack_loss;
        self.tally.lost_acks += u64::from(lost);
        lost
    }
}
