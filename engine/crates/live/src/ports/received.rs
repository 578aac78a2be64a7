//! What arrives at an interface of this machine, as the NIC's line.

use super::inlet::Inlet;
use super::{AfPacket, AfXdp, PortError};
use stage::Nanos;
use std::time::Duration;
use traffic::Batch;

/// A port that frames are received from.
pub struct ReceivePort(Box<dyn Inlet + Send>);

impl From<AfPacket> for ReceivePort {
    fn from(port: AfPacket) -> Self {
        ReceivePort(Box::new(port))
    }
}

impl From<AfXdp> for ReceivePort {
    fn from(port: AfXdp) -> Self {
        ReceivePort(Box::new(port))
    }
}

/// Its frames, a batch at a time, for as long as a run is to take.
pub(crate) struct Received {
    port: ReceivePort,
    batch: Batch,
    left_frames: u64,
    until_ns: Nanos,
    lost: Option<PortError>,
}

impl Received {
    /// Frames of up to `largest_bytes`, and of longer ones one byte more, which the NIC then finds too long.
    pub(crate) fn new(
        port: ReceivePort,
        largest_bytes: u32,
        limit_frames: Option<u64>,
        until_ns: Nanos,
    ) -> Self {
        let batch = Batch::new(largest_bytes + 1);
        Received { port, batch, left_frames: limit_frames.unwrap_or(u64::MAX), until_ns, lost: None }
    }

    /// What has come, which may be nothing; `None` at the end, and when the interface is gone.
    #[inline]
    pub(super) fn next(&mut self, now_ns: Nanos) -> Option<&Batch> {
        if self.left_frames == 0 || now_ns >= self.until_ns || self.lost.is_some() {
            return None;
        }
        let inlet = &mut self.port.0;
        match inlet.fill() {
            Ok(frames) => {
                let frames = frames.min(usize::try_from(self.left_frames).unwrap_or(usize::MAX));
                self.batch.clear();
                (0..frames).for_each(|at| self.batch.take_in(now_ns, inlet.frame(at)));
                self.left_frames -= frames as u64;
                Some(&self.batch)
            }
            Err(lost) => {
                self.lost = Some(lost);
                None
            }
        }
    }

    /// Sleep until something comes.
    pub(super) fn wait(&mut self, at_most: Duration) {
        if let Err(lost) = self.port.0.wait(at_most) {
            self.lost = Some(lost);
        }
    }

    /// Frames the kernel had no room for, and why the interface is gone if it is.
    pub(super) fn end(mut self) -> (u64, Option<PortError>) {
        (self.port.0.missed_frames(), self.lost)
    }
}
