//! IP forwarding (net/ipv4/ip_forward.c, net/ipv6/ip6_output.c): a packet to an address that is not this host's goes on
//! to the one next hop there is, or is dropped.
//!
//! What leaves are the frames that came: those GRO has merged are taken apart again, as segmentation offload does, and
//! each keeps its own header but for its TTL. What the card has merged is refused.

mod counters;
mod header;
mod local;

pub use counters::ForwardCounter;
pub use local::Network;
pub(crate) use local::padded;

use crate::page_pool::By;
use crate::path::Host;
use crate::skb::Skb;
use header::{Header, ip_is_sound};
use stage::{BufferPool, Context, DropReason, Op, Point, Region, RxPacket, Touch, Verdict};
use wire::walk::L3;

/// Bytes of a link address.
pub const MAC_BYTES: usize = 6;

/// Who else's packets go on, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardConfig {
    /// This host's addresses; empty: every address is.
    pub addresses: Vec<Network>,
    /// Whether others' packets go on (`net.ipv4.ip_forward`, `net.ipv6.conf.all.forwarding`).
    pub enabled: bool,
    /// Of the interface they leave by.
    pub mtu_bytes: u32,
    /// Link address of the interface they leave by.
    pub source_mac: [u8; MAC_BYTES],
    /// Link address of the next hop.
    pub next_hop_mac: [u8; MAC_BYTES],
}

impl Default for ForwardConfig {
    /// Every address is this host's.
    fn default() -> Self {
        ForwardConfig {
            addresses: Vec::new(),
            enabled: false,
            mtu_bytes: 1500,
            source_mac: [0; MAC_BYTES],
            next_hop_mac: [0; MAC_BYTES],
        }
    }
}

impl Host {
    /// Whether a frame is an IP packet to an address that is not this host's. Labelled packets are taken for its own.
    #[inline]
    pub(crate) fn is_foreign(&self, packet: &RxPacket, buffers: &BufferPool) -> bool {
        let addresses = &self.config.forward.addresses;
        !addresses.is_empty()
            && packet.headers.labels == 0
            && packet.headers.outer.is_ip()
            && !local::is_local(addresses, &packet.headers.outer, buffers.bytes(packet.buffer))
    }

    /// `ip_forward`, `ip6_forward`: on to the next hop, or dropped. Nothing above IP is looked at.
    #[inline(never)]
    pub(crate) fn forward<C: Context>(&mut self, skb: Box<Skb>, buffers: &mut BufferPool, context: &mut C) {
        if let Err(reason) = self.may_forward(&skb, buffers) {
            return self.discard(skb, reason, buffers, context);
        }
        context.op(Op::IpForward, 1);
        context.touch(Op::IpForward, Touch::read(Region::Shared, 0, 128, 128));
        context.touch(Op::IpForward, Touch::write(Region::Buffer, skb.packet.buffer.0, 0, 64));
        let frames = 1 + skb.fragments.frames();
        let bytes = self.emit(&skb.packet, buffers, context)
            + self.skbs.iter(&skb.fragments).map(|skb| self.emit(&skb.packet, buffers, context)).sum::<u64>();
        let counters = &mut self.forward_counters;
        counters.add(ForwardCounter::ForwDatagrams, 1);
        counters.add(ForwardCounter::WireFrames, u64::from(frames));
        counters.add(ForwardCounter::Bytes, bytes);
        context.passed(skb.packet.frame, skb.packet.queue, Point::Forwarded);
        let payload_bytes = skb.packet.headers.payload_len_bytes() as u32;
        context.settled(&skb.packet, Verdict::Delivered, payload_bytes);
        self.free(skb, By::Softirq, buffers, context);
    }

    /// The checks of Linux in their order.
    fn may_forward(&mut self, skb: &Skb, buffers: &BufferPool) -> Result<(), DropReason> {
        let (config, packet) = (&self.config.forward, &skb.packet);
        let layer = &packet.headers.outer;
        let ip = buffers.bytes(packet.buffer).get(layer.at()..).unwrap_or(&[]);
        let there = (packet.bytes as usize).saturating_sub(layer.at());
        if let Err(fault) = ip_is_sound(layer.kind, ip, there) {
            return Err(stage::drop_reason(fault));
        }
        if !config.enabled {
            return Err(DropReason::IpInaddrerrors);
        }
        // skb_warn_if_lro
        if skb.card_segments > 1 {
            self.forward_counters.add(ForwardCounter::LroForwardDrop, 1);
            return Err(DropReason::LroForward);
        }
        let ttl = match layer.kind {
            L3::V4 => ip.get(8),
            _ => ip.get(7),
        };
        if ttl.is_none_or(|ttl| *ttl <= 1) {
            return Err(DropReason::IpForwardTtl);
        }
        // ip_exceeds_mtu, skb_gso_validate_network_len: the longest of the frames that leave.
        let longest = match packet.gso_bytes {
            0 => layer.end() - layer.at(),
            gso_bytes => packet.headers.payload_at() - layer.at() + usize::from(gso_bytes),
        };
        if longest > config.mtu_bytes as usize { Err(DropReason::PktTooBig) } else { Ok(()) }
    }

    /// Hand one frame of the wire to the interface it leaves by, without its link padding; answers its bytes.
    fn emit<C: Context>(&self, packet: &RxPacket, buffers: &BufferPool, context: &mut C) -> u64 {
        context.op(Op::Transmit, 1);
        let config = &self.config.forward;
        // A merged frame's headers speak of the whole; what its own buffers hold is in `bytes`.
        let bytes = (packet.headers.outer.end() as u32).min(packet.bytes);
        let mut pieces = buffers.frame(&RxPacket { bytes, ..*packet });
        let first = pieces.next().unwrap_or(&[]);
        let header =
            Header::rewritten(first, &packet.headers.outer, &config.source_mac, &config.next_hop_mac);
        let rest = first.get(header.bytes().len()..).unwrap_or(&[]);
        context.forwarded(packet, &mut [header.bytes(), rest].into_iter().chain(pieces));
        u64::from(bytes)
    }

    /// What was counted of forwarding.
    pub fn forward_counters(&self) -> &stage::Counters<ForwardCounter> {
        &self.forward_counters
    }
}
