//! What of a header must be equal, as a mask over its bytes.

use super::MAX_HEADER_BYTES;
use super::flow::Flow;
use super::header::{Bytes, STAMP_AT};
use crate::tcp::flag;
use crate::walk::L3;

/// FIN and PSH may differ.
const FLAGS: u8 = !((flag::FIN | flag::PSH) as u8);

/// A mask from where it has zeros, and where the flags are.
macro_rules! zeros {
    ($flags:literal, $($at:literal)+) => {{
        let mut mask = [0xff; MAX_HEADER_BYTES];
        $(mask[$at] = 0;)+
        mask[$flags] = FLAGS;
        mask
    }};
}

// Total length and identification, checksum (IPv4), or payload length (IPv6); sequence number; checksum and urgent pointer.
static V4: Bytes = zeros!(47, 16 17 18 19 24 25 38 39 40 41 50 51 52 53);
static V4_TAGGED: Bytes = zeros!(51, 20 21 22 23 28 29 42 43 44 45 54 55 56 57);
static V6: Bytes = zeros!(67, 18 19 58 59 60 61 70 71 72 73);
static V6_TAGGED: Bytes = zeros!(71, 22 23 62 63 64 65 74 75 76 77);

/// The mask of a form that many frames have, if no timestamp may rise.
#[inline(always)]
pub(super) fn ready(flow: Flow) -> Option<&'static Bytes> {
    match (flow.outer == flow.inner, flow.outer.kind, flow.outer.at, flow.tcp_at) {
        (true, L3::V4, 14, 34) => Some(&V4),
        (true, L3::V4, 18, 38) => Some(&V4_TAGGED),
        (true, L3::V6, 14, 54) => Some(&V6),
        (true, L3::V6, 18, 58) => Some(&V6_TAGGED),
        _ => None,
    }
}

/// Make the mask of any form.
pub(super) fn make(mask: &mut Bytes, flow: Flow, any_stamp: bool) {
    *mask = [0xff; MAX_HEADER_BYTES];
    for network in flow.networks() {
        let at = usize::from(network.at);
        match network.kind {
            // Total length and identification; checksum.
            L3::V4 => {
                set(mask, at + 2, 4, 0);
                set(mask, at + 10, 2, 0);
            }
            // Payload length.
            _ => set(mask, at + 4, 2, 0),
        }
    }
    let tcp_at = usize::from(flow.tcp_at);
    set(mask, tcp_at + 4, 4, 0);
    set(mask, tcp_at + 13, 1, FLAGS);
    // Checksum and urgent pointer, which does not count without URG.
    set(mask, tcp_at + 16, 4, 0);
    if any_stamp {
        set(mask, tcp_at + STAMP_AT, 8, 0);
    }
}

fn set(mask: &mut [u8], at: usize, bytes: usize, value: u8) {
    if let Some(range) = mask.get_mut(at..at + bytes) {
        range.fill(value);
    }
}

#[cfg(test)]
mod tests {
    use super::super::flow::Network;
    use super::*;

    #[test]
    fn what_is_ready_is_what_would_be_made() {
        for (kind, at, tcp_at) in [(L3::V4, 14, 34), (L3::V4, 18, 38), (L3::V6, 14, 54), (L3::V6, 18, 58)] {
            let network = Network { kind, at };
            let flow = Flow { outer: network, inner: network, tcp_at };
            let mut made = [0; MAX_HEADER_BYTES];
            make(&mut made, flow, false);
            assert_eq!(ready(flow), Some(&made));
        }
        let tunnelled = Flow { inner: Network { kind: L3::V4, at: 34 }, ..super::super::plain::PLAIN };
        assert_eq!(ready(tunnelled), None);
    }
}
