//! A multi-queue TAP device: this machine's kernel as the host. A frame written to queue q is one the kernel's stack
//! receives on queue q of the interface; a frame read is one it sent.

mod inlet;
mod ioctl;
mod open;
mod settings;
mod write;

pub(crate) use inlet::TapInlet;
pub use settings::{MAX_QUEUES, Napi, TapSettings};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::{Errno, readv};
use stage::QueueId;
use std::io::IoSliceMut;
use std::sync::Mutex;
use wire::virtio_net::{HEADER_BYTES, VirtioNetHeader};

/// A TAP device; it lives as long as this value.
#[derive(Debug)]
pub struct Tap {
    name: String,
    queues: Vec<OwnedFd>,
    napi: Napi,
    /// Where a frame of too many pieces is put together.
    gathered: Mutex<Vec<u8>>,
}

impl Tap {
    /// The interface's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many queues it has.
    pub fn queues(&self) -> u16 {
        self.queues.len() as u16
    }

    fn queue(&self, queue: QueueId) -> Option<BorrowedFd<'_>> {
        self.queues.get(queue.index()).map(AsFd::as_fd)
    }

    /// Take the next frame the kernel has sent through a queue, if there is one: its header, and its bytes as far as
    /// `frame` has room.
    ///
    /// # Errors
    /// The system's: the interface is gone, or the queue is none of it (`BADFD`).
    #[inline]
    pub fn read(&self, queue: QueueId, frame: &mut [u8]) -> Result<Option<(VirtioNetHeader, usize)>, Errno> {
        let fd = self.queue(queue).ok_or(Errno::BADFD)?;
        let mut header = [0; HEADER_BYTES];
        let mut pieces = [IoSliceMut::new(&mut header), IoSliceMut::new(frame)];
        match readv(fd, &mut pieces) {
            Ok(bytes) => {
                let header = VirtioNetHeader::read(&header).unwrap_or_default();
                Ok(Some((header, bytes.saturating_sub(HEADER_BYTES))))
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// Sleep until the kernel has sent something, at most `timeout_ms`; answers the queues that have frames to read.
    ///
    /// # Errors
    /// The system's.
    pub fn wait(&self, timeout_ms: u32) -> Result<Vec<QueueId>, Errno> {
        let mut polled: Vec<_> = self.queues.iter().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
        let timeout = Timespec {
            tv_sec: i64::from(timeout_ms / 1_000),
            tv_nsec: i64::from(timeout_ms % 1_000) * 1_000_000,
        };
        match poll(&mut polled, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        let ready = polled.iter().enumerate().filter(|(_, fd)| !fd.revents().is_empty());
        Ok(ready.map(|(at, _)| QueueId(at as u16)).collect())
    }

    /// Take a queue from the interface or give it back: the kernel sends nothing through a detached one, and takes
    /// nothing.
    ///
    /// # Errors
    /// The system's.
    pub fn set_attached(&self, queue: QueueId, attached: bool) -> Result<(), Errno> {
        ioctl::set_attached(self.queue(queue).ok_or(Errno::BADFD)?, attached)
    }
}
