//! What holds at the end of a run, and the error when it does not.

use crate::observe::Observations;
use stage::QueueId;
use std::fmt;

/// Frames, buffers or time that do not add up: a fault of the engine, never of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LawBroken(
    /// Which law, and the numbers.
    pub String,
);

impl fmt::Display for LawBroken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LawBroken {}

/// Frames are conserved: each one offered was delivered, dropped for a reason, consumed, or was found pending; in all
/// and for each queue.
///
/// # Errors
/// The first sum that does not come out, with its numbers.
pub fn frames_are_conserved(
    observations: &Observations,
    offered_frames: u64,
    pending_frames: u64,
    pending_of: impl Fn(QueueId) -> u64,
) -> Result<(), LawBroken> {
    let total = observations.total();
    if !total.holds(pending_frames) || total.rx != offered_frames {
        return Err(LawBroken(format!(
            "frames: {total:?} of {offered_frames} offered, found pending {pending_frames}"
        )));
    }
    for (queue, tally) in observations.tallies() {
        let found = queue.map_or(0, &pending_of);
        if !tally.holds(found) {
            return Err(LawBroken(format!("frames of queue {queue:?}: {tally:?}, found pending {found}")));
        }
    }
    Ok(())
}
