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
#[inline(always)]
pub fn layer(headers: &Headers, inner: bool) -> Option<&Layer> {
    if headers.labels > 0 && !inner {
        return None;
    }
    let layer = if inner && !headers.outer.is_fragment() { &headers.inner } else { &headers.outer };
    // A header that is cut, or of another version than its EtherType says: nothing of it was read.
    let unread = layer.protocol == 0 && matches!(headers.fault, Some(Fault::Ipv4Header | Fault::Ipv6Header));
    (layer.is_ip() && !unread).then_some(layer)
}

/// Source and destination port in network order, where the layer carries whole TCP or UDP. A fragment header is one
/// even where it says that nothing is fragmented (RFC 6946): to a NIC as to Linux's flow dissector it is a fragment.
#[inline(always)]
pub fn ports(frame: &[u8], layer: &Layer) -> Option<[u8; 4]> {
    let fragment = layer.is_fragment() || layer.is_atomic_fragment();
    if fragment || !matches!(layer.protocol, TCP | UDP) {
        return None;
    }
    frame.get(layer.l4_at()?..)?.first_chunk().copied()
}

/// Set `input` to the layer's addresses, and ports where given; false where it is not whole IP.
#[inline(always)]
pub fn tuple(frame: &[u8], layer: &Layer, ports: Option<[u8; 4]>, input: &mut HashInput) -> bool {
    let header = frame.get(layer.at()..).unwrap_or(&[]);
    match layer.kind {
        L3::V4 => header
            .first_chunk::<20>()
            .and_then(|header| header.last_chunk())
            .map(|addresses| input.set_ipv4(*addresses, ports))
            .is_some(),
        L3::V6 => header
            .first_chunk::<40>()
            .and_then(|header| header.last_chunk())
            .map(|addresses| input.set_ipv6(*addresses, ports))
            .is_some(),
        _ => false,
    }
}

/// Set `input` to what is hashed of a frame under a configuration, before any [`super::Symmetry`]. Where nothing is,
/// the input is empty.
#[inline(always)]
pub fn select(
    frame: &[u8],
    headers: &Headers,
    fields: &FieldsConfig,
    inner: bool,
    input: &mut HashInput,
) -> HashType {
    if let Some(layer) = layer(headers, inner) {
        let ports = ports(frame, layer);
        let fields = match (layer.kind, ports.map(|_| layer.protocol)) {
            (L3::V4, Some(TCP)) => fields.tcp4,
            (L3::V4, Some(_)) => fields.udp4,
            (L3::V4, None) => fields.ipv4,
            (_, Some(TCP)) => fields.tcp6,
            (_, Some(_)) => fields.udp6,
            (_, None) => fields.ipv6,
        };
        match fields {
            Fields::TwoTuple if tuple(frame, layer, None, input) => return HashType::L3,
            Fields::FourTuple if tuple(frame, layer, ports, input) => return HashType::L4,
            _ => {}
        }
    }
    *input = HashInput::EMPTY;
    HashType::None
}
