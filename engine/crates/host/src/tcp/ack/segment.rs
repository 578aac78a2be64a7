//! An acknowledgement as it goes on the wire: Ethernet, IP, TCP with SACK blocks, all checksums made.

use crate::socket::FlowKey;
use wire::checksum::Sum;
use wire::ethernet::{self, EthernetHeader, ethertype};
use wire::ipv4::Ipv4Header;
use wire::ipv6::Ipv6Header;
use wire::protocol;
use wire::tcp::{self, TcpHeader, flag};

/// Ethernet, IPv6, TCP with four SACK blocks.
pub const MAX_ACK_BYTES: usize = 14 + 40 + 20 + MAX_OPTION_BYTES;
/// Payload of the largest answer: a full segment's.
pub(crate) const MAX_ANSWER_BYTES: usize = 1_448;
/// Two no-operations, kind, length, four blocks (RFC 2018 section 3).
const MAX_OPTION_BYTES: usize = 2 + 2 + 8 * super::sack::MAX_BLOCKS;

/// What an acknowledgement says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AckSegment<'a> {
    /// The flow it answers: it goes the other way.
    pub(crate) key: FlowKey,
    /// Link addresses of the flow's frames: destination, then source.
    pub(crate) link: [[u8; 6]; 2],
    pub(crate) sequence: u32,
    pub(crate) acknowledgement: u32,
    /// As it stands in the field: shifted.
    pub(crate) window: u16,
    pub(crate) sack: &'a [(u32, u32)],
    /// Zeros behind the header, pushed: an answer; 0: a mere acknowledgement.
    pub(crate) payload_bytes: usize,
}

impl AckSegment<'_> {
    /// Write it; answers its bytes, 0 where `out` is too short or the flow is not TCP over IP.
    pub(crate) fn emit(&self, out: &mut [u8]) -> usize {
        self.try_emit(out).unwrap_or(0)
    }

    fn try_emit(&self, out: &mut [u8]) -> Option<usize> {
        let ipv6 = self.key.version() == 6;
        let type_or_length = if ipv6 { ethertype::IPV6 } else { ethertype::IPV4 };
        let [src, dst] = self.link;
        EthernetHeader { dst, src, type_or_length }.emit(out);
        let mut options = [1; MAX_OPTION_BYTES];
        let option_bytes = self.options(&mut options)?;
        let header_bytes = tcp::HEADER_BYTES + option_bytes;
        let segment_bytes = header_bytes + self.payload_bytes;
        let ip = out.get_mut(ethernet::HEADER_BYTES..)?;
        let (ip_bytes, pseudo) =
            if ipv6 { self.emit_ipv6(ip, segment_bytes) } else { self.emit_ipv4(ip, segment_bytes) };
        let segment = ip.get_mut(ip_bytes..ip_bytes + segment_bytes)?;
        let mut header = TcpHeader {
            src_port: self.key.destination_port(),
            dst_port: self.key.source_port(),
            seq: self.sequence,
            ack: self.acknowledgement,
            flags: if self.payload_bytes > 0 { flag::ACK | flag::PSH } else { flag::ACK },
            window: self.window,
            checksum: 0,
            urgent: 0,
            options: options.get(..option_bytes)?,
        };
        segment.get_mut(header_bytes..)?.fill(0);
        header.emit(segment)?;
        header.checksum = tcp::checksum(pseudo, segment);
        header.emit(segment)?;
        Some(ethernet::HEADER_BYTES + ip_bytes + segment_bytes)
    }

    /// The SACK option behind two no-operations, which align its blocks.
    fn options(&self, out: &mut [u8; MAX_OPTION_BYTES]) -> Option<usize> {
        if self.sack.is_empty() {
            return Some(0);
        }
        let length = 2 + 8 * self.sack.len();
        out.get_mut(2..4)?.copy_from_slice(&[5, length as u8]);
        for (place, (start, end)) in out.get_mut(4..)?.chunks_exact_mut(8).zip(self.sack) {
            place.get_mut(..4)?.copy_from_slice(&start.to_be_bytes());
            place.get_mut(4..)?.copy_from_slice(&end.to_be_bytes());
        }
        Some(2 + length)
    }

    fn emit_ipv4(&self, out: &mut [u8], segment_bytes: usize) -> (usize, Sum) {
        let low = |address: [u64; 2]| (address[1] as u32).to_be_bytes();
        let (src, dst) = (low(self.key.destination_words()), low(self.key.source_words()));
        let header = Ipv4Header {
            src,
            dst,
            protocol: protocol::TCP,
            ttl: 64,
            tos: 0,
            id: 0,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset_bytes: 0,
            payload_len_bytes: segment_bytes as u16,
            options: &[],
        };
        header.emit(out);
        (20, Sum::pseudo_v4(src, dst, protocol::TCP, segment_bytes as u16))
    }

    fn emit_ipv6(&self, out: &mut [u8], segment_bytes: usize) -> (usize, Sum) {
        let whole = |[high, low]: [u64; 2]| (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
        let (src, dst) = (whole(self.key.destination_words()), whole(self.key.source_words()));
        let header = Ipv6Header {
            src,
            dst,
            next_header: protocol::TCP,
            hop_limit: 64,
            traffic_class: 0,
            flow_label: 0,
            payload_len_bytes: segment_bytes as u16,
        };
        header.emit(out);
        (40, Sum::pseudo_v6(src, dst, protocol::TCP, segment_bytes as u32))
    }
}
