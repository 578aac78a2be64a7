//! A program at the driver's hook, before there is an skb (Documentation/bpf; `bpf_prog_run_xdp` in the driver's poll):
//! rules in their order, of which the first that fits says what becomes of the frame.

use crate::forward::Network;
use crate::page_pool::By;
use crate::path::Host;
use stage::{
    BufferPool, Context, Counters, DropReason, Op, Point, QueueId, Region, RxPacket, Touch, Verdict,
};
use wire::protocol;
use wire::walk::{Headers, L3};

stage::counters! {
    /// The XDP program of one queue.
    pub enum XdpCounter in "xdp" {
        /// Frames dropped (XDP_DROP), by the name drivers give it.
        Drop = "rx_xdp_drop" : "frames",
        /// Frames sent out of an interface (XDP_REDIRECT).
        Redirect = "rx_xdp_redirect" : "frames",
        /// Frames handed to the stack (XDP_PASS).
        Pass = "rx_xdp_pass" : "frames",
    }
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XdpAction {
    /// XDP_PASS: on to the stack.
    Pass,
    /// XDP_DROP: its page is the ring's again.
    Drop,
    /// XDP_REDIRECT: out of an interface, link addresses exchanged, nothing else looked at (samples/bpf/xdp_redirect).
    Redirect,
}

/// One rule, on a frame's outermost IP header; what is not said fits anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XdpRule {
    /// IP protocol number.
    pub protocol: Option<u8>,
    /// Where from.
    pub source: Option<Network>,
    /// Where to.
    pub destination: Option<Network>,
    /// Of TCP or UDP.
    pub source_port: Option<u16>,
    /// Of TCP or UDP.
    pub destination_port: Option<u16>,
    /// What becomes of a frame that fits.
    pub action: XdpAction,
}

impl XdpRule {
    fn fits(&self, headers: &Headers, frame: &[u8]) -> bool {
        let layer = &headers.outer;
        let addresses_at = match layer.kind {
            L3::V4 => layer.at() + 12,
            L3::V6 => layer.at() + 8,
            _ => return self.is_for_all(),
        };
        let len = if layer.kind == L3::V4 { 4 } else { 16 };
        let from = |network: &Network, i: usize| {
            frame
                .get(addresses_at + i * len..addresses_at + (i + 1) * len)
                .is_some_and(|address| network.holds(layer.kind, &crate::forward::padded(address)))
        };
        let has_ports = matches!(layer.protocol, protocol::TCP | protocol::UDP);
        let ports_at = layer.l4_at().filter(|_| has_ports);
        let port = |i: usize| {
            let at = ports_at? + 2 * i;
            Some(u16::from_be_bytes(*frame.get(at..)?.first_chunk()?))
        };
        self.protocol.is_none_or(|wanted| wanted == layer.protocol)
            && self.source.is_none_or(|network| from(&network, 0))
            && self.destination.is_none_or(|network| from(&network, 1))
            && self.source_port.is_none_or(|wanted| port(0) == Some(wanted))
            && self.destination_port.is_none_or(|wanted| port(1) == Some(wanted))
    }

    fn is_for_all(&self) -> bool {
        self.protocol.is_none()
            && self.source.is_none()
            && self.destination.is_none()
            && self.source_port.is_none()
            && self.destination_port.is_none()
    }
}

/// The program: rules that cannot be changed while it is attached, and what it did.
#[derive(Debug)]
pub(crate) struct Xdp {
    rules: Vec<XdpRule>,
    counters: Vec<Counters<XdpCounter>>,
}

impl Xdp {
    /// `None` without rules: no program is attached.
    pub(crate) fn new(rules: Vec<XdpRule>) -> Option<Self> {
        (!rules.is_empty()).then(|| Xdp { rules, counters: Vec::new() })
    }

    fn run(&mut self, queue: QueueId, headers: &Headers, frame: &[u8]) -> XdpAction {
        let action = self.rules.iter().find(|rule| rule.fits(headers, frame));
        let action = action.map_or(XdpAction::Pass, |rule| rule.action);
        if self.counters.len() <= queue.index() {
            self.counters.resize_with(queue.index() + 1, Counters::default);
        }
        if let Some(counters) = self.counters.get_mut(queue.index()) {
            let counter = match action {
                XdpAction::Pass => XdpCounter::Pass,
                XdpAction::Drop => XdpCounter::Drop,
                XdpAction::Redirect => XdpCounter::Redirect,
            };
            counters.add(counter, 1);
        }
        action
    }
}

/// Send a frame back the way it came. Its page is free at once: that the card has yet to read it costs the host nothing.
fn redirect<C: Context>(packet: &RxPacket, buffers: &BufferPool, context: &mut C) {
    context.op(Op::XdpRedirect, 1);
    context.touch(Op::XdpRedirect, Touch::write(Region::Buffer, packet.buffer.0, 0, 12));
    let mut pieces = buffers.frame(packet);
    let first = pieces.next().unwrap_or(&[]);
    let (to, from) = (first.get(..6).unwrap_or(&[]), first.get(6..12).unwrap_or(&[]));
    let rest = first.get(12..).unwrap_or(&[]);
    context.forwarded(packet, &mut [from, to, rest].into_iter().chain(pieces));
    context.passed(packet.frame, packet.queue, Point::Forwarded);
    context.settled(packet, Verdict::Delivered, packet.headers.payload_len_bytes() as u32);
}

impl Host {
    /// Run the program on a frame; answers whether that was its end here.
    #[inline(never)]
    pub(crate) fn xdp_ends<C: Context>(
        &mut self,
        queue: QueueId,
        packet: &RxPacket,
        buffers: &mut BufferPool,
        context: &mut C,
    ) -> bool {
        let Some(xdp) = &mut self.xdp else { return false };
        context.op(Op::Xdp, 1);
        let headers = packet.bytes.min(64);
        context.touch(Op::Xdp, Touch::read(Region::Buffer, packet.buffer.0, 0, headers));
        match xdp.run(queue, &packet.headers, buffers.bytes(packet.buffer)) {
            XdpAction::Pass => return false,
            XdpAction::Drop => context.settled(packet, Verdict::Dropped(DropReason::Xdp), 0),
            XdpAction::Redirect => redirect(packet, buffers, context),
        }
        self.release_pages(packet, By::Driver, buffers, context);
        true
    }

    /// What the program counted on a queue; zeros without one.
    pub fn xdp_counters(&self, queue: QueueId) -> Counters<XdpCounter> {
        let counters = self.xdp.as_ref().and_then(|xdp| xdp.counters.get(queue.index()));
        counters.cloned().unwrap_or_default()
    }
}
