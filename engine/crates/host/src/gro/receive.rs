//! A frame meets what its NAPI holds (`napi_gro_receive`).

use super::{Gro, GroCounter};
use crate::path::Host;
use crate::skb::Skb;
use stage::{BufferPool, Context, Op, QueueId, Region, RxQueues, Touch, Verdict};
use wire::coalesce::{Checksum, Flow, Limits, Reading, Segment, Stamps, Told, read};

/// The kernel's: a total length's most (GRO_LEGACY_MAX_SIZE), and no limit of segments.
const LIMITS: Limits = Limits { segments: u16::MAX, bytes: 65_535 };

/// How a segment stands to the flows of its bucket.
enum Meeting {
    /// Part of the flow at this place; whether it completes it.
    Merged(usize, bool),
    /// Its flow is at this place and complete without it.
    Ended(usize),
    /// Of none.
    Stranger,
}

impl Host {
    /// Merge a frame into a flow that is held, hold it, or let it through.
    pub(crate) fn gro_receive<C: Context>(
        &mut self,
        queue: QueueId,
        mut skb: Box<Skb>,
        rx: &mut impl RxQueues,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        context.op(Op::GroReceive, 1);
        context.touch(Op::GroReceive, Touch::write(Region::Napi, u32::from(queue.0), 128, 128));
        self.gro_verify(&mut skb, buffers, context);
        let head = buffers.bytes(skb.packet.buffer);
        let checksum = Checksum::of(skb.packet.checksum_good, skb.packet.headers.fault);
        let reading = read(head, skb.packet.bytes as usize, &skb.packet.headers, checksum, false);
        let Some(gro) = self.gro_of(queue) else { return self.netif_receive(skb, rx, buffers, context) };
        gro.came += 1;
        let bucket = gro.buckets.of(skb.packet.hash);
        let (meeting, leads) = match reading {
            Reading::Joins(segment) => {
                let segment = segment.merged(skb.packet.segments, skb.packet.gso_bytes);
                (gro.meet(bucket, head, &segment, skb.packet.hash), segment.may_lead().then_some(segment))
            }
            Reading::Ends(segment) => (gro.find(bucket, head, &segment.flow, skb.packet.hash), None),
            // The kernel does not look at whose it is.
            Reading::Passes(_) | Reading::Apart => (Meeting::Stranger, None),
        };
        match meeting {
            Meeting::Merged(at, complete) => {
                context.settled(&skb.packet, Verdict::Consumed, 0);
                self.gro_append(queue, bucket, at, skb);
                if complete {
                    self.gro_hand_on(queue, bucket, at, rx, buffers, context);
                }
                return;
            }
            Meeting::Ended(at) => self.gro_hand_on(queue, bucket, at, rx, buffers, context),
            Meeting::Stranger => {}
        }
        match leads {
            Some(segment) => self.gro_hold(queue, skb, &segment, rx, buffers, context),
            None => {
                if let Some(gro) = self.gro_of(queue) {
                    gro.counters.add(GroCounter::Normal, 1);
                }
                self.netif_receive(skb, rx, buffers, context);
            }
        }
    }

    /// What the card has not verified is verified here (`skb_gro_checksum_validate`).
    fn gro_verify<C: Context>(&mut self, skb: &mut Skb, buffers: &BufferPool, context: &mut C) {
        let headers = &skb.packet.headers;
        let unknown = !skb.packet.checksum_good && headers.fault.is_none();
        if unknown && headers.protocol() == wire::protocol::TCP && !headers.is_fragment() {
            skb.packet.checksum_good = self.verify_checksums(skb, buffers, context).is_none();
        }
    }

    /// Hang a frame on the first of its flow.
    fn gro_append(&mut self, queue: QueueId, bucket: usize, at: usize, mut skb: Box<Skb>) {
        let Host { gros, skbs, .. } = self;
        let Some(gro) = gros.get_mut(queue.index()).and_then(Option::as_mut) else { return };
        gro.counters.add(GroCounter::Merged, 1);
        let Some(held) = gro.buckets.flows_mut(bucket).get_mut(at) else { return };
        let Some(head) = &mut held.skb else { return };
        let payload_bytes = skb.packet.headers.payload_len_bytes() as u32;
        head.packet.headers = head.packet.headers.lengthened(payload_bytes);
        (head.packet.segments, head.packet.gso_bytes) =
            (held.aggregate.segments(), held.aggregate.mss() as u16);
        head.card_segments = head.card_segments.max(skb.card_segments);
        head.buffers_bytes += skb.buffers_bytes;
        skb.payload_bytes = payload_bytes;
        skbs.push(&mut head.fragments, skb);
    }

    fn gro_hold<C: Context>(
        &mut self,
        queue: QueueId,
        skb: Box<Skb>,
        segment: &Segment,
        rx: &mut impl RxQueues,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        let Some(bucket) = self.gro_of(queue).map(|gro| gro.buckets.of(skb.packet.hash)) else {
            return self.netif_receive(skb, rx, buffers, context);
        };
        if self.gro_of(queue).is_some_and(|gro| gro.buckets.is_full(bucket)) {
            // gro_flush_oldest.
            if let Some(gro) = self.gro_of(queue) {
                gro.counters.add(GroCounter::BucketFull, 1);
            }
            self.gro_hand_on(queue, bucket, 0, rx, buffers, context);
        }
        let jiffy = super::complete::jiffy(context.now_ns());
        let head = buffers.bytes(skb.packet.buffer);
        let Some(gro) = self.gro_of(queue) else { return self.netif_receive(skb, rx, buffers, context) };
        gro.counters.add(GroCounter::Held, 1);
        let held = gro.buckets.hold(bucket, skb, (jiffy, gro.came - 1), |aggregate| {
            aggregate.begin(head, segment, Stamps::Equal)
        });
        if let Err(skb) = held {
            self.netif_receive(skb, rx, buffers, context);
        }
    }

    /// Hand a flow that is held to the stack (`napi_gro_complete`).
    fn gro_hand_on<C: Context>(
        &mut self,
        queue: QueueId,
        bucket: usize,
        at: usize,
        rx: &mut impl RxQueues,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        let Some(gro) = self.gro_of(queue) else { return };
        if let Some(skb) = gro.buckets.take(bucket, at) {
            gro.count(&skb);
            self.netif_receive(skb, rx, buffers, context);
        }
    }

    pub(crate) fn gro_of(&mut self, queue: QueueId) -> Option<&mut Gro> {
        self.gros.get_mut(queue.index())?.as_mut()
    }
}

impl Gro {
    /// Note a flow that leaves.
    pub(super) fn count(&mut self, skb: &Skb) {
        if skb.packet.segments > 1 {
            self.counters.add(GroCounter::Packets, 1);
            self.counters.add(GroCounter::WirePackets, u64::from(skb.packet.segments));
        }
    }

    fn meet(&mut self, bucket: usize, head: &[u8], segment: &Segment, hash: u32) -> Meeting {
        for (at, held) in self.buckets.flows_mut(bucket).iter_mut().enumerate().rev() {
            // gro_list_prepare.
            if held.skb.as_ref().is_none_or(|skb| skb.packet.hash != hash) {
                continue;
            }
            match held.aggregate.judge(head, segment, &LIMITS) {
                Ok(()) => return Meeting::Merged(at, held.aggregate.append(head, segment).is_some()),
                Err(_) if held.aggregate.is_of(head, &segment.flow, Told::AsLinux) => {
                    return Meeting::Ended(at);
                }
                Err(_) => {}
            }
        }
        Meeting::Stranger
    }

    fn find(&mut self, bucket: usize, head: &[u8], flow: &Flow, hash: u32) -> Meeting {
        let of_flow = |held: &super::held::Held| {
            held.skb.as_ref().is_some_and(|skb| skb.packet.hash == hash)
                && held.aggregate.is_of(head, flow, Told::AsLinux)
        };
        let flows = self.buckets.flows_mut(bucket);
        flows.iter().position(|held| of_flow(held)).map_or(Meeting::Stranger, Meeting::Ended)
    }
}
