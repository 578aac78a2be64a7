//! A TAP device's queues as one source of frames: what the kernel behind it sends.

use super::Tap;
use crate::ports::inlet::{BURST_FRAMES, Inlet};
use crate::ports::{PortError, partial};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use stage::QueueId;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Reads all queues in turn.
pub(crate) struct TapInlet {
    tap: Arc<Tap>,
    /// Queues that may have frames.
    ready: VecDeque<QueueId>,
    bytes: Vec<u8>,
    /// Bytes a frame has room for.
    stride: usize,
    lengths: [usize; BURST_FRAMES],
}

impl TapInlet {
    /// Frames of up to `largest_bytes`; of longer ones as much, which the NIC then finds too long.
    pub(crate) fn new(tap: Arc<Tap>, largest_bytes: u32) -> Self {
        let stride = (largest_bytes as usize + 1).next_multiple_of(64);
        let ready = VecDeque::with_capacity(usize::from(tap.queues()));
        TapInlet { tap, ready, bytes: vec![0; stride * BURST_FRAMES], stride, lengths: [0; BURST_FRAMES] }
    }

    fn look(&mut self, at_most: Duration) -> Result<(), Errno> {
        let timeout =
            Timespec { tv_sec: at_most.as_secs() as i64, tv_nsec: i64::from(at_most.subsec_nanos()) };
        let mut polled: Vec<_> = self.tap.queues.iter().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
        match poll(&mut polled, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        let ready = polled.iter().enumerate().filter(|(_, fd)| !fd.revents().is_empty());
        self.ready.extend(ready.map(|(at, _)| QueueId(at as u16)));
        Ok(())
    }

    fn gone(&self, errno: Errno) -> PortError {
        PortError::new(self.tap.name(), errno, "the interface is gone")
    }
}

impl Inlet for TapInlet {
    fn fill(&mut self) -> Result<usize, PortError> {
        if self.ready.is_empty() {
            self.look(Duration::ZERO).map_err(|errno| self.gone(errno))?;
        }
        let mut filled = 0;
        let mut slots = self.bytes.chunks_exact_mut(self.stride).zip(&mut self.lengths);
        while let Some(queue) = self.ready.front().copied()
            && let Some((slot, length)) = slots.next()
        {
            let mut taken = None;
            while taken.is_none() && self.ready.front() == Some(&queue) {
                match self.tap.read(queue, slot) {
                    Ok(Some(frame)) => taken = Some(frame),
                    Ok(None) => drop(self.ready.pop_front()),
                    Err(errno) => {
                        return Err(PortError::new(self.tap.name(), errno, "the interface is gone"));
                    }
                }
            }
            let Some((header, bytes)) = taken else { break };
            *length = bytes.min(slot.len());
            if let Some(partial) = header.partial {
                partial::complete(slot.get_mut(..*length).unwrap_or(&mut []), partial);
            }
            filled += 1;
        }
        // The next burst begins with another queue.
        if filled == BURST_FRAMES {
            self.ready.rotate_left(1.min(self.ready.len()));
        }
        Ok(filled)
    }

    fn frame(&self, at: usize) -> &[u8] {
        let length = self.lengths.get(at).copied().unwrap_or(0);
        self.bytes.get(at * self.stride..).and_then(|bytes| bytes.get(..length)).unwrap_or(&[])
    }

    fn wait(&mut self, at_most: Duration) -> Result<(), PortError> {
        if self.ready.is_empty() {
            self.look(at_most).map_err(|errno| self.gone(errno))?;
        }
        Ok(())
    }
}
