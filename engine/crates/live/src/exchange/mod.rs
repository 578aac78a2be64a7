//! Packet buffers between the NIC's thread and a host thread.
//!
//! A buffer belongs to exactly one side. The driver posts it ([`HostEnd::post`]), the NIC fills it and hands it over
//! with what it wrote about the frame ([`NicEnd::write`]), the driver sees and takes it ([`HostEnd::look`], [`HostEnd::take`]). Both ways are
//! rings from one thread to the other, so that owning a buffer is having its number.

mod host_end;
mod memory;
mod nic_end;
mod record;

pub(crate) use host_end::HostEnd;
pub(crate) use memory::{HostView, Memory};
pub(crate) use nic_end::NicEnd;

use crate::spsc::ring;
use record::Record;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

/// One queue's two ends over the memory of the host thread it belongs to.
pub(crate) fn exchange(memory: &Arc<Memory>, ring_size: u32) -> (NicEnd, HostEnd) {
    let capacity = ring_size as usize;
    let (posting, posted) = ring::<u32>(capacity);
    let (writing, written) = ring::<Record>(capacity);
    let unfilled = Arc::new(AtomicU32::new(0));
    (
        NicEnd::new(Arc::clone(memory), posted, writing, Arc::clone(&unfilled), capacity),
        HostEnd::new(Arc::clone(memory), posting, written, unfilled),
    )
}

#[cfg(test)]
mod tests;
