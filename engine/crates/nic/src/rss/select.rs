//! From parsed headers to hash input: which layer, which fields.

use super::{Fields, FieldsConfig, HashInput};
use stage::HashType;
use wire::Fault;
use wire::protocol::{TCP, UDP};
use wire::walk::{Headers, L3, Layer};

/// The network layer whose fields steer the frame: the outermost, or with `inner` the innermost.
///
/// Without `inner` a labelled frame is not IP to the NIC and has none: that is how MPLS costs RSS. With `inner` the
/// fragments of a tunnelled packet go by the outer header, which all of them have.
#[inline]
pub fn layer(headers: &Headers, inner: bool) -> Option<&Layer> {
    if headers.labels > 0 && !inner {
        return None;
    }
    let layer = if inner && !headers.outer.is_fragment() { &headers.inner } else { &headers.outer };
    // A header that is cut, or of another version than its EtherType says: nothing of it was read.
    let unread = layer.protocol == 0 && matches!(headers.fault, Some(Fault::Ipv4Header | Fault::Ipv6Header));
    (layer.is_ip() && !unread).then_some(layer)
}

/// Source and destination port in network order, where the layer carries whole TCP or UDP.
#[inline]
pub fn ports(frame: &[u8], layer: &Layer) -> Option<[u8; 4]> {
    if layer.is_fragment() || !matches!(layer.protocol, TCP | UDP) {
        return None;
    }
    frame.get(layer.l4_at()?..)?.first_chunk().copied()
}

/// Addresses, with ports where there are any (`None`: only the addresses).
#[inline]
pub fn tuple(frame: &[u8], layer: &Layer, ports: Option<[u8; 4]>) -> Option<HashInput> {
    let header = frame.get(layer.at()..)?;
    match layer.kind {
        L3::V4 => {
            let addresses = *header.get(12..)?.first_chunk()?;
            Some(ports.map_or_else(|| HashInput::ipv4(addresses), |p| HashInput::ipv4_ports(addresses, p)))
        }
        L3::V6 => {
            let addresses = *header.get(8..)?.first_chunk()?;
            Some(ports.map_or_else(|| HashInput::ipv6(addresses), |p| HashInput::ipv6_ports(addresses, p)))
        }
        _ => None,
    }
}

/// The input for a frame under a configuration, before any [`super::Symmetry`].
#[inline]
pub fn select(frame: &[u8], headers: &Headers, fields: &FieldsConfig, inner: bool) -> (HashInput, HashType) {
    let unhashed = (HashInput::EMPTY, HashType::None);
    let Some(layer) = layer(headers, inner) else { return unhashed };
    let ports = ports(frame, layer);
    let fields = match (layer.kind, ports.map(|_| layer.protocol)) {
        (L3::V4, Some(TCP)) => fields.tcp4,
        (L3::V4, Some(_)) => fields.udp4,
        (L3::V4, None) => fields.ipv4,
        (_, Some(TCP)) => fields.tcp6,
        (_, Some(_)) => fields.udp6,
        (_, None) => fields.ipv6,
    };
    let (ports, hash_type) = match fields {
        Fields::Off => return unhashed,
        Fields::TwoTuple => (None, HashType::L3),
        Fields::FourTuple => (ports, HashType::L4),
    };
    tuple(frame, layer, ports).map_or(unhashed, |input| (input, hash_type))
}
