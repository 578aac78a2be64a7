//! Where frames leave to.

use stage::{DropReason, QueueId};
use wire::virtio_net::VirtioNetHeader;

/// A frame the other side did not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why, as the frame's verdict says it.
    pub reason: DropReason,
    /// The interface is gone: nothing will be taken any more.
    pub gone: bool,
}

/// A port frames leave through. Used by one thread.
pub(crate) trait Outlet {
    /// Hand a frame over, whose bytes are in `pieces`; a merged one as `header` says.
    ///
    /// # Errors
    /// It is not taken, and why.
    fn write(&mut self, queue: QueueId, header: &VirtioNetHeader, pieces: &[&[u8]]) -> Result<(), Refused>;

    /// Nothing follows for now.
    fn flush(&mut self) {}
}
