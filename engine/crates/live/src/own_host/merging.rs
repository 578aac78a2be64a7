//! Large receive offload on the NIC's thread: the card's, over the exchange with a host thread.

use super::nic_thread::{NicQueue, NicThread};
use crate::exchange::NicEnd;
use nic::Classified;
use nic::lro::{Chain, Fate, Lro, Store};
use stage::{DropReason, Nanos, QueueId, RxPacket};

/// A queue's end while a frame arrives or a timer is due.
struct EndStore<'a> {
    end: &'a mut NicEnd,
    /// Buffers the frame that arrives took.
    descriptors: u32,
    /// Bytes of its headers, if they get one to themselves; else 0.
    split_bytes: u16,
    pushed_frames: u32,
}

impl Store for EndStore<'_> {
    #[inline]
    fn open(&mut self, frame: &[u8]) -> Result<Chain, DropReason> {
        let mut chain = self.end.open();
        if self.split_bytes > 0 {
            self.end.room(frame.len(), self.split_bytes)?;
            let (headers, payload) = frame.split_at_checked(self.split_bytes.into()).unwrap_or((frame, &[]));
            let first = self.end.append(&mut chain, headers)?;
            chain.fill_up();
            self.descriptors = first + self.end.append(&mut chain, payload)?;
            return Ok(chain);
        }
        self.append(&mut chain, frame)?;
        Ok(chain)
    }

    #[inline]
    fn append(&mut self, chain: &mut Chain, bytes: &[u8]) -> Result<(), DropReason> {
        self.descriptors = self.end.append(chain, bytes)?;
        Ok(())
    }

    fn overwrite(&mut self, chain: &Chain, header: &[u8]) {
        self.end.overwrite(chain, header);
    }

    fn push(&mut self, now_ns: Nanos, chain: &Chain, packet: &RxPacket) {
        self.end.push(chain, RxPacket { ready_ns: now_ns, ..*packet });
        self.pushed_frames += 1;
    }
}

impl NicQueue {
    /// What `work` makes of the queue's LRO and its end, and how many frames it pushed and descriptors it took.
    fn with_lro<T>(
        &mut self,
        split_bytes: u16,
        work: impl FnOnce(&mut Lro, &mut EndStore<'_>) -> T,
    ) -> Option<(T, u32, u32)> {
        let NicQueue { end, lro: Some(lro), unpublished_frames, .. } = self else { return None };
        let mut store = EndStore { end, descriptors: 0, split_bytes, pushed_frames: 0 };
        let outcome = work(lro, &mut store);
        let EndStore { descriptors, pushed_frames, .. } = store;
        *unpublished_frames += pushed_frames;
        Some((outcome, pushed_frames, descriptors))
    }

    /// When its LRO must hand something over.
    pub(crate) fn lro_due_ns(&self) -> Option<Nanos> {
        self.lro.as_ref()?.deadline_ns()
    }
}

impl NicThread {
    /// A frame for which there is room meets what the queue holds. Answers what became of it and the descriptors it
    /// took; `None` without LRO.
    #[inline]
    pub(super) fn merge(
        &mut self,
        now_ns: Nanos,
        frame: &[u8],
        classified: &Classified,
        packet: &RxPacket,
    ) -> Option<Result<(Fate, u32), DropReason>> {
        let queue = self.queues.get_mut(packet.queue.index())?;
        let (fate, pushed, descriptors) = queue.with_lro(packet.split_bytes, |lro, store| {
            lro.receive(now_ns, frame, classified, || *packet, store)
        })?;
        let host = queue.host;
        self.handed_over(host, pushed);
        Some(fate.map(|fate| (fate, descriptors)))
    }

    /// Hand over what has been held as long as it may.
    pub(super) fn merged_due(&mut self, now_ns: Nanos) {
        for at in 0..self.queues.len() {
            let Some(queue) = self.queues.get_mut(at) else { continue };
            if queue.lro_due_ns().is_some_and(|due_ns| due_ns <= now_ns) {
                let pushed = queue
                    .with_lro(0, |lro, store| lro.timer(now_ns, store))
                    .map_or(0, |(_, pushed, _)| pushed);
                let host = queue.host;
                self.handed_over(host, pushed);
            }
        }
    }

    /// Hand over all that a queue holds.
    pub(super) fn merged_all(&mut self, queue: QueueId, now_ns: Nanos) {
        let Some(queue) = self.queues.get_mut(queue.index()) else { return };
        let pushed =
            queue.with_lro(0, |lro, store| lro.flush(now_ns, store)).map_or(0, |(_, pushed, _)| pushed);
        let host = queue.host;
        self.handed_over(host, pushed);
    }

    fn handed_over(&mut self, host: usize, frames: u32) {
        if let Some(written) = self.written_frames.get_mut(host) {
            *written += u64::from(frames);
        }
    }
}
