//! TCP frames for a card that merges: such as follow one another, and such as follow nothing.

use stage::Random;
use wire::checksum::{Sum, internet};
use wire::protocol::TCP;

const DESTINATION: [u8; 4] = [10, 0, 0, 1];

/// Segments of one flow, each behind the one before.
pub(crate) fn following(frames: u32, payload_bytes: usize) -> Vec<Vec<u8>> {
    let payload: Vec<u8> = (0..payload_bytes).map(|i| i as u8).collect();
    (0..frames).map(|i| segment([10, 1, 0, 1], 1, i * payload_bytes as u32, &payload, 0)).collect()
}

/// Frames of at most 60 bytes in which nothing follows anything.
pub(crate) fn strangers(frames: u32) -> Vec<Vec<u8>> {
    let mut random = Random::for_component(1, "strangers");
    (0..frames).map(|i| stranger(i, &mut random)).collect()
}

fn stranger(i: u32, random: &mut Random) -> Vec<u8> {
    let source = (random.next_u64() as u32).to_be_bytes();
    // One in four is of one of 16 flows, with a sequence number that jumps to and fro.
    let known = i.is_multiple_of(4);
    let source = if known { [10, 1, 0, (i / 4 % 16) as u8] } else { source };
    let port = if known { 1 } else { random.below(256) as u16 };
    let sequence = if i % 8 < 4 { 1000 } else { 9000 };
    let payload_bytes = if i % 4 == 1 { 1 } else { 6 };
    // One in four says it is shorter than it is.
    let lie_bytes = if i % 4 == 3 { 2 } else { 0 };
    segment(source, port, sequence, [7; 6].get(..payload_bytes).unwrap_or(&[]), lie_bytes)
}

/// A frame whose IP header says that it is `lie_bytes` shorter.
fn segment(source: [u8; 4], port: u16, sequence: u32, payload: &[u8], lie_bytes: u16) -> Vec<u8> {
    let mut tcp = [port.to_be_bytes(), [0, 80]].concat();
    tcp.extend(sequence.to_be_bytes());
    tcp.extend([0, 0, 0, 1, 0x50, 0x10, 1, 0, 0, 0, 0, 0]);
    tcp.extend(payload);
    let sum = Sum::pseudo_v4(source, DESTINATION, TCP, tcp.len() as u16).add_bytes(&tcp).checksum();
    let mut ip = vec![0x45, 0];
    ip.extend((20 + tcp.len() as u16 - lie_bytes).to_be_bytes());
    ip.extend([0, 0, 0x40, 0, 64, TCP, 0, 0]);
    ip.extend(source);
    ip.extend(DESTINATION);
    let header_sum = internet(&ip);
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend(ip);
    frame.extend(tcp);
    for (at, sum) in [(24, header_sum), (50, sum)] {
        if let Some(place) = frame.get_mut(at..at + 2) {
            place.copy_from_slice(&sum.to_be_bytes());
        }
    }
    frame
}
