//! An interface's frames taken before the kernel's stack sees them (Documentation/networking/af_xdp.rst): a program of
//! six instructions redirects each queue's frames to a socket, whose rings and buffers are shared with the kernel.

mod open;
mod program;
mod queue;
mod ring;

pub use open::{Attach, Copying, XdpSettings};

use super::PortError;
use super::inlet::Inlet;
use super::socket::{lost, wait};
use program::Redirect;
use queue::Queue;
use std::time::Duration;

/// Looks that find nothing between two questions whether the interface is still there.
const ASK_EVERY: u32 = 4_096;

/// A socket for each queue of an interface, and the program in front of them; they live as long as this value.
pub struct AfXdp {
    interface: String,
    // Before the queues: frames are redirected while there is somebody to take them.
    _redirect: Redirect,
    queues: Vec<Queue>,
    /// The queue the last burst came from.
    queue: usize,
    looks: u32,
    zero_copy: bool,
    native: bool,
}

impl AfXdp {
    /// How many queues are received from.
    pub fn queues(&self) -> u16 {
        self.queues.len() as u16
    }

    /// Whether the card writes into our buffers itself.
    pub fn zero_copy(&self) -> bool {
        self.zero_copy
    }

    /// Whether the driver runs the program, not the kernel's generic code behind it.
    pub fn native(&self) -> bool {
        self.native
    }
}

impl Inlet for AfXdp {
    fn fill(&mut self) -> Result<usize, PortError> {
        for _ in 0..self.queues.len() {
            self.queue = (self.queue + 1) % self.queues.len();
            match self.queues.get_mut(self.queue).map_or(0, Queue::fill) {
                0 => {}
                frames => return Ok(frames),
            }
        }
        self.looks += 1;
        if self.looks.is_multiple_of(ASK_EVERY) {
            self.queues.iter().try_for_each(|queue| lost(&queue.socket, &self.interface))?;
        }
        Ok(0)
    }

    fn frame(&self, at: usize) -> &[u8] {
        self.queues.get(self.queue).map_or(&[], |queue| queue.frame(at))
    }

    fn wait(&mut self, at_most: Duration) -> Result<(), PortError> {
        wait(self.queues.iter().map(|queue| &queue.socket), &self.interface, at_most)?;
        self.queues.iter().try_for_each(|queue| lost(&queue.socket, &self.interface))
    }

    fn missed_frames(&mut self) -> u64 {
        self.queues.iter().map(Queue::missed_frames).sum()
    }
}
