//! Which flow a frame belongs to, for tables of flows.

use crate::rss;
use stage::FlowKey;
use wire::walk::{Headers, L3, Layer};

/// The flow of a frame, in the layer RSS looks at; `None` where it is not whole TCP or UDP.
#[inline(always)]
pub fn flow_of(frame: &[u8], headers: &Headers, inner: bool) -> Option<FlowKey> {
    let layer: &Layer = rss::layer(headers, inner)?;
    let ports = rss::ports(frame, layer)?;
    key(frame, layer, ports)
}

/// The same for whatever has addresses, with the outermost VLAN: ports are 0 where there are none to see, in fragments
/// and other protocols.
pub fn packet_of(frame: &[u8], headers: &Headers, inner: bool) -> Option<FlowKey> {
    let layer: &Layer = rss::layer(headers, inner)?;
    let packet = key(frame, layer, rss::ports(frame, layer).unwrap_or_default())?;
    Some(match rss::vlan(frame, headers) {
        Some(vlan) => packet.in_vlan(vlan),
        None => packet,
    })
}

#[inline(always)]
fn key(frame: &[u8], layer: &Layer, ports: [u8; 4]) -> Option<FlowKey> {
    let header = frame.get(layer.at()..)?;
    Some(if layer.kind == L3::V4 {
        FlowKey::ipv4(*header.get(12..)?.first_chunk()?, ports, layer.protocol)
    } else {
        FlowKey::ipv6(*header.get(8..)?.first_chunk()?, ports, layer.protocol)
    })
}
