//! Receive checksum offload.

use wire::Fault;
use wire::protocol::{ICMP, ICMPV6, IGMP, TCP, UDP};
use wire::walk::{Headers, L3, verify_ip_checksum, verify_l4_checksum};

/// Verify the IPv4 header's and the transport's checksum. True: the transport's is there and right; false: there is
/// none that could be judged.
///
/// # Errors
/// The fault of the first checksum that is wrong.
#[inline]
pub(super) fn verify(frame: &[u8], headers: &Headers) -> Result<bool, Fault> {
    verify_ip_checksum(frame, headers)?;
    verify_l4_checksum(frame, headers)?;
    Ok(judged(frame, headers))
}

/// Whether [`verify_l4_checksum`] had something to verify; it passes what it cannot judge.
fn judged(frame: &[u8], headers: &Headers) -> bool {
    let inner = &headers.inner;
    let Some(l4_at) = inner.l4_at() else { return false };
    if headers.is_fragment() || inner.is_source_routed() {
        return false;
    }
    match (inner.protocol, inner.kind) {
        (TCP, _) | (ICMP | IGMP, L3::V4) | (ICMPV6, L3::V6) => true,
        // RFC 768: zero means that the sender computed none.
        (UDP, _) => frame.get(l4_at + 6..l4_at + 8).is_some_and(|checksum| checksum != [0, 0]),
        _ => false,
    }
}
