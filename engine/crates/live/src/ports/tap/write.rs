//! Handing frames to the kernel.

use super::{Napi, Tap};
use crate::ports::{Outlet, Refused};
use rustix::fd::BorrowedFd;
use rustix::io::{Errno, writev};
use stage::{DropReason, QueueId};
use std::io::IoSlice;
use std::sync::Arc;
use wire::virtio_net::{HEADER_BYTES, VirtioNetHeader};

/// Pieces of a frame that are written without a list on the heap.
const FEW: usize = 48;
/// Fragments an skb may have (`MAX_SKB_FRAGS`) and what one may hold, for `IFF_NAPI_FRAGS`.
const MAX_FRAGMENTS: usize = 17;
const FRAGMENT_BYTES: usize = 4_096;
/// What goes into an skb's linear part with `IFF_NAPI_FRAGS`: all headers.
const LINEAR_BYTES: usize = 128;

impl Tap {
    /// Hand a frame, whose bytes are in `pieces`, to the kernel through a queue. Without NAPI the kernel's receive path
    /// runs in here, on this thread's CPU.
    ///
    /// # Errors
    /// `RxMissed`: the kernel is behind by the whole send buffer; `RxNoBuffer`: it has no memory; `DevReady`: the
    /// interface is down or gone; `DevHdr`: it finds fault with the frame's header.
    #[inline]
    pub fn write(&self, queue: QueueId, header: &VirtioNetHeader, pieces: &[&[u8]]) -> Result<(), Refused> {
        let Some(fd) = self.queue(queue) else {
            return Err(Refused { reason: DropReason::DevReady, gone: false });
        };
        let header = header.bytes();
        let written = match pieces {
            _ if self.napi == Napi::Frags => self.write_fragments(fd, &header, pieces),
            [frame] => writev(fd, &[IoSlice::new(&header), IoSlice::new(frame)]),
            [head, rest] => writev(fd, &[IoSlice::new(&header), IoSlice::new(head), IoSlice::new(rest)]),
            pieces if pieces.len() < FEW => {
                let mut list = [IoSlice::new(&[]); FEW];
                let slots = list.iter_mut().zip(std::iter::once(&header[..]).chain(pieces.iter().copied()));
                slots.for_each(|(slot, piece)| *slot = IoSlice::new(piece));
                writev(fd, list.get(..=pieces.len()).unwrap_or(&list))
            }
            pieces => {
                let pieces = std::iter::once(&header[..]).chain(pieces.iter().copied());
                writev(fd, &pieces.map(IoSlice::new).collect::<Vec<_>>())
            }
        };
        written.map(|_| ()).map_err(refused)
    }

    /// The kernel wants the headers apart and the rest in pages.
    fn write_fragments(
        &self,
        fd: BorrowedFd<'_>,
        header: &[u8; HEADER_BYTES],
        pieces: &[&[u8]],
    ) -> Result<usize, Errno> {
        let mut gathered = self.gathered.lock().map_err(|_| Errno::NOMEM)?;
        gathered.clear();
        pieces.iter().for_each(|piece| gathered.extend_from_slice(piece));
        let (linear, rest) = gathered.split_at_checked(LINEAR_BYTES).unwrap_or((&gathered, &[]));
        let mut list = [IoSlice::new(&[]); 2 + MAX_FRAGMENTS];
        let fragments = rest.chunks(FRAGMENT_BYTES);
        let used = 2 + fragments.len();
        let parts = [header.as_slice(), linear].into_iter().chain(fragments);
        list.iter_mut().zip(parts).for_each(|(slot, part)| *slot = IoSlice::new(part));
        writev(fd, list.get(..used).ok_or(Errno::MSGSIZE)?)
    }
}

impl Outlet for Arc<Tap> {
    #[inline]
    fn write(&mut self, queue: QueueId, header: &VirtioNetHeader, pieces: &[&[u8]]) -> Result<(), Refused> {
        Tap::write(self, queue, header, pieces)
    }
}

#[cold]
fn refused(errno: Errno) -> Refused {
    let reason = match errno {
        Errno::AGAIN | Errno::INTR => DropReason::RxMissed,
        Errno::NOMEM | Errno::NOBUFS => DropReason::RxNoBuffer,
        Errno::INVAL | Errno::MSGSIZE => DropReason::DevHdr,
        _ => DropReason::DevReady,
    };
    Refused { reason, gone: errno == Errno::BADFD }
}
