//! One queue's socket: the kernel takes empty chunks from the fill ring, and puts full ones into the other.

use super::ring::Ring;
use crate::ports::inlet::BURST_FRAMES;
use crate::ports::socket::Mapped;
use libc::{XDP_PGOFF_RX_RING, XDP_UMEM_PGOFF_FILL_RING};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::xdp::{SocketAddrXdp, SocketAddrXdpFlags, XdpUmemReg, XdpUmemRegFlags};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with, sockopt};

/// Bytes of a chunk: a page. The kernel keeps the first 256 (`XDP_PACKET_HEADROOM`).
const CHUNK_BYTES: u32 = 4096;

/// A socket with its rings and chunks.
pub(super) struct Queue {
    // The rings before the socket: they are unmapped before it is closed.
    fill: Ring,
    full: Ring,
    chunks: Mapped,
    pub(super) socket: OwnedFd,
    taken: [(u64, u32); BURST_FRAMES],
    count: usize,
}

impl Queue {
    /// Bind to a queue of an interface; its frames come once the program is told.
    ///
    /// # Errors
    /// The kernel's: no right, no such queue, no zero-copy.
    pub(super) fn open(interface: u32, queue: u32, frames: u32, zero_copy: bool) -> Result<Self, Errno> {
        let socket = socket_with(AddressFamily::XDP, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
        let chunks = Mapped::anonymous(frames as usize * CHUNK_BYTES as usize)?;
        sockopt::set_xdp_umem_reg(
            &socket,
            XdpUmemReg {
                addr: chunks.address(),
                len: u64::from(frames) * u64::from(CHUNK_BYTES),
                chunk_size: CHUNK_BYTES,
                headroom: 0,
                flags: XdpUmemRegFlags::empty(),
                tx_metadata_len: 0,
            },
        )?;
        sockopt::set_xdp_umem_fill_ring_size(&socket, frames)?;
        // Nothing is sent, yet no socket is bound without it.
        sockopt::set_xdp_umem_completion_ring_size(&socket, frames)?;
        sockopt::set_xdp_rx_ring_size(&socket, frames)?;
        let offsets = sockopt::xdp_mmap_offsets(&socket)?;
        let fd = socket.as_fd();
        let mut fill = Ring::map(fd, XDP_UMEM_PGOFF_FILL_RING, &offsets.fr, frames, 8)?;
        let full = Ring::map(fd, XDP_PGOFF_RX_RING as u64, &offsets.rx, frames, 16)?;
        fill.give((0..u64::from(frames)).map(|chunk| chunk * u64::from(CHUNK_BYTES)));
        let copying = if zero_copy { SocketAddrXdpFlags::XDP_ZEROCOPY } else { SocketAddrXdpFlags::XDP_COPY };
        let flags = copying | SocketAddrXdpFlags::XDP_USE_NEED_WAKEUP;
        bind(&socket, &SocketAddrXdp::new(flags, interface, queue))?;
        Ok(Queue { fill, full, chunks, socket, taken: [(0, 0); BURST_FRAMES], count: 0 })
    }

    /// Give back the last burst's chunks and take the next; answers how many.
    #[inline]
    pub(super) fn fill(&mut self) -> usize {
        let given = self.taken.get(..self.count).unwrap_or(&[]);
        if !given.is_empty() {
            self.fill.give(given.iter().map(|(at, _)| at - at % u64::from(CHUNK_BYTES)));
        }
        if self.fill.needs_wakeup() {
            // Nothing can be received: only the kernel is told. What it answers is said by the rings.
            let _ = recv(&self.socket, &mut [0; 0], RecvFlags::DONTWAIT);
        }
        self.count = self.full.take(&mut self.taken);
        self.count
    }

    pub(super) fn frame(&self, at: usize) -> &[u8] {
        let (at, bytes) = self.taken.get(at).copied().unwrap_or_default();
        // SAFETY: the chunk is given back by the next `fill`, which needs this borrow to have ended.
        unsafe { self.chunks.bytes(at as usize, bytes as usize) }.unwrap_or(&[])
    }

    /// Frames the kernel found no chunk for, or no place in the ring. Neither counts the other's (net/xdp/xsk.c); an
    /// empty fill ring is counted by each attempt, and is not a frame.
    pub(super) fn missed_frames(&self) -> u64 {
        sockopt::xdp_statistics(&self.socket)
            .map_or(0, |counted| counted.rx_dropped + counted.rx_ring_full.unwrap_or(0))
    }
}
