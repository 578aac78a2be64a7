//! Where frames of others come from.

use super::PortError;
use std::time::Duration;

/// Frames taken from a port at once: as many as are looked at together.
pub(crate) const BURST_FRAMES: usize = traffic::BATCH_FRAMES;

/// A port frames come in through. Used by one thread.
pub(crate) trait Inlet {
    /// Take what has come, up to [`BURST_FRAMES`]; answers how many. What was taken before is gone.
    ///
    /// # Errors
    /// The interface is gone.
    fn fill(&mut self) -> Result<usize, PortError>;

    /// A frame of those taken.
    fn frame(&self, at: usize) -> &[u8];

    /// Sleep until something has come, at most so long.
    ///
    /// # Errors
    /// The interface is gone.
    fn wait(&mut self, at_most: Duration) -> Result<(), PortError>;

    /// Frames that came and found no room, by the kernel's count, so far.
    fn missed_frames(&mut self) -> u64 {
        0
    }
}
