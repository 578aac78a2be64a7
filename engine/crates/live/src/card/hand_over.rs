//! The driver: frames out of a ring, into the port.

use super::Card;
use crate::clock::Clock;
use crate::ports::{Outlet, Refused};
use graph::observe::Part;
use stage::{BufferPool, CpuId, DropReason, NANOS_PER_SECOND, Nanos, QueueId, RxPacket, RxQueues, Verdict};
use wire::virtio_net::VirtioNetHeader;

/// Bytes of a merged frame that are copied to be rewritten: link, IP and TCP header with all options.
pub(super) const HEAD_BYTES: usize = 160;

/// How long a frame is offered to a kernel that is behind, where none may be lost.
const PATIENCE_NS: Nanos = NANOS_PER_SECOND;

/// Pieces of a frame that are listed without a vector on the heap: 64 KiB in buffers of 2 KiB.
const FEW: usize = 36;

impl Card {
    /// Hand up to `limit` frames of a ring to the port, and give the ring buffers again; answers how many.
    pub(super) fn hand_over(
        &mut self,
        queue: QueueId,
        limit: usize,
        clock: &Clock,
        port: &mut dyn Outlet,
    ) -> usize {
        let mut now_ns = clock.now_ns();
        let mut taken = std::mem::take(&mut self.taken);
        let count = self.nic.take(queue, now_ns, limit, &mut taken);
        for packet in taken.drain(..) {
            now_ns = self.hand(packet, now_ns, clock, port);
            self.buffers.release(packet.buffer);
        }
        self.nic.refill(queue, &mut self.buffers);
        self.taken = taken;
        count
    }

    /// One frame; answers the time afterwards.
    #[inline]
    fn hand(&mut self, packet: RxPacket, before_ns: Nanos, clock: &Clock, port: &mut dyn Outlet) -> Nanos {
        let mut written = write(&packet, &self.buffers, &mut self.head, port);
        let mut now_ns = clock.now_ns();
        while self.lossless && is_behind(written) && now_ns - before_ns < PATIENCE_NS {
            std::thread::yield_now();
            written = write(&packet, &self.buffers, &mut self.head, port);
            now_ns = clock.now_ns();
        }
        self.written_ns += now_ns.saturating_sub(before_ns);
        let cpu = self.cpus.get(packet.queue.index()).copied().unwrap_or(CpuId(0));
        match written {
            Ok(()) => {
                let seen = &mut self.observations;
                seen.handed(before_ns, &packet, &mut self.buffers.frame(&packet));
                let payload_bytes = packet.headers.payload_len_bytes() as u32;
                seen.settled(now_ns, cpu, &packet, Verdict::Delivered, payload_bytes);
                seen.timed(packet.queue, Part::Nic, packet.ready_ns.saturating_sub(packet.sent_ns));
                seen.timed(packet.queue, Part::Ring, before_ns.saturating_sub(packet.ready_ns));
                seen.timed(packet.queue, Part::Stack, now_ns.saturating_sub(before_ns));
                seen.timed(packet.queue, Part::Total, now_ns.saturating_sub(packet.sent_ns));
            }
            Err(Refused { reason, gone }) => {
                self.gone |= gone;
                self.observations.settled(now_ns, cpu, &packet, Verdict::Dropped(reason), 0);
            }
        }
        now_ns
    }
}

fn is_behind(written: Result<(), Refused>) -> bool {
    matches!(written, Err(Refused { reason: DropReason::RxMissed, .. }))
}

/// Hand a frame's bytes to the port as they lie in its buffers; of a merged one, with a header that says so. The header
/// has no words for one merged in a tunnel: it goes as the one long packet it is, with its checksums complete.
#[inline]
pub(super) fn write(
    packet: &RxPacket,
    buffers: &BufferPool,
    head: &mut Vec<u8>,
    port: &mut dyn Outlet,
) -> Result<(), Refused> {
    let mut pieces = buffers.frame(packet);
    let first = pieces.next().unwrap_or(&[]);
    let mut list: [&[u8]; FEW] = [&[]; FEW];
    let (header, front) = if packet.is_merged() && packet.headers.ip_layers == 1 {
        let (headers, behind) = first.split_at_checked(HEAD_BYTES).unwrap_or((first, &[]));
        head.clear();
        head.extend_from_slice(headers);
        let header = VirtioNetHeader::merged(head, &packet.headers, packet.bytes as usize, packet.gso_bytes)
            .ok_or(Refused { reason: DropReason::DevHdr, gone: false })?;
        (header, [head.as_slice(), behind])
    } else {
        (VirtioNetHeader::default(), [first, &[]])
    };
    let parts = front.into_iter().filter(|part| !part.is_empty()).chain(pieces);
    let mut used = 0;
    let mut parts = parts.peekable();
    for (place, part) in list.iter_mut().zip(parts.by_ref()) {
        *place = part;
        used += 1;
    }
    if parts.peek().is_none() {
        return port.write(packet.queue, &header, list.get(..used).unwrap_or(&list));
    }
    let all: Vec<&[u8]> = list.into_iter().chain(parts).collect();
    port.write(packet.queue, &header, &all)
}
