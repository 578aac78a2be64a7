//! A received frame as it crosses from the NIC to the host: where its bytes are and what the NIC wrote about it.

use crate::{BufferId, Nanos, QueueId};

/// A frame's number in its run, from 0, in order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FrameId(pub u64);

/// What the RSS hash was computed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HashType {
    /// Not hashed: not IP, or the type is switched off. Goes to queue 0.
    #[default]
    None,
    /// Addresses only.
    L3,
    /// Addresses and ports.
    L4,
}

/// A received frame: the receive descriptor's write-back with the driver's own note of the buffer.
#[derive(Clone, Copy, Debug)]
pub struct RxPacket {
    /// Which frame of the run.
    pub frame: FrameId,
    /// First buffer; [`crate::BufferPool::chain`] leads to the rest.
    pub buffer: BufferId,
    /// First descriptor's place in its ring.
    pub slot: u32,
    /// Frame length in bytes, without FCS.
    pub bytes: u32,
    /// Hardware queue it was steered to.
    pub queue: QueueId,
    /// Wire frames merged into this one (1 without LRO).
    pub segments: u16,
    /// TCP payload of each segment of a merged frame but perhaps the last (`gso_size`); 0 in a frame as it came.
    pub gso_bytes: u16,
    /// Bytes of its headers if they have the first buffer to themselves (header-data split); 0: they have not.
    pub split_bytes: u16,
    /// RSS hash.
    pub hash: u32,
    /// What the hash covers.
    pub hash_type: HashType,
    /// The NIC verified the transport checksum and found it right.
    pub checksum_good: bool,
    /// A rule of the flow table chose the queue, not the hash.
    pub by_rule: bool,
    /// When the sender meant to send it; latency counts from here (no coordinated omission).
    pub sent_ns: Nanos,
    /// When its descriptor was written back; the host must not see it earlier.
    pub ready_ns: Nanos,
    /// Header offsets found by the NIC's parser.
    pub headers: wire::walk::Headers,
}

impl Default for RxPacket {
    /// No frame: what a place for one holds before its first.
    fn default() -> Self {
        RxPacket {
            frame: FrameId(0),
            buffer: BufferId(u32::MAX),
            slot: 0,
            bytes: 0,
            queue: QueueId(0),
            segments: 0,
            gso_bytes: 0,
            split_bytes: 0,
            hash: 0,
            hash_type: HashType::None,
            checksum_good: false,
            by_rule: false,
            sent_ns: 0,
            ready_ns: 0,
            headers: wire::walk::Headers::default(),
        }
    }
}

impl RxPacket {
    /// Whether it was merged from several frames. Their own headers are lost, so whoever forwards must refuse it
    /// (`skb_warn_if_lro`): a router that sent it on would break the connection's end-to-end principle.
    #[inline]
    pub fn is_merged(&self) -> bool {
        self.segments > 1
    }

    /// Buffers of `buffer_bytes` that it lies in.
    #[inline]
    pub fn buffers(&self, buffer_bytes: u32) -> u32 {
        buffers_for(self.bytes, self.split_bytes, buffer_bytes)
    }
}

/// Buffers of `buffer_bytes` that a frame takes; the first of them holds `split_bytes` alone unless these are 0.
#[inline]
pub fn buffers_for(bytes: u32, split_bytes: u16, buffer_bytes: u32) -> u32 {
    let rest = bytes - u32::from(split_bytes).min(bytes);
    // The division is for jumbo and merged frames only.
    let behind = if rest <= buffer_bytes { 1 } else { rest.div_ceil(buffer_bytes) };
    behind + u32::from(split_bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_their_own_take_one_buffer_more_than_the_payload() {
        let buffers = |bytes, split| buffers_for(bytes, split, 4096);
        assert_eq!([buffers(0, 0), buffers(4096, 0), buffers(4097, 0), buffers(9000, 0)], [1, 1, 2, 3]);
        assert_eq!([buffers(67, 66), buffers(66 + 4096, 66), buffers(66 + 4097, 66)], [2, 2, 3]);
    }
}
