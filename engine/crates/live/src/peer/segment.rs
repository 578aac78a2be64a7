//! Segments as a TCP behind a TAP sends and receives them.

use std::net::SocketAddrV4;
use wire::checksum::Sum;
use wire::ethernet::{self, EthernetHeader, ethertype};
use wire::ipv4::{self, Ipv4Header};
use wire::protocol::TCP;
use wire::tcp::{self, Tcp, TcpHeader, TcpOption, flag};
use wire::walk;

/// Bytes of Ethernet, IPv4 and TCP without options.
pub(super) const HEADER_BYTES: usize = ethernet::HEADER_BYTES + ipv4::HEADER_BYTES + tcp::HEADER_BYTES;

/// Maximum segment size, window scale 10, no SACK: what is lost is sent again from where it was.
const SYN_OPTIONS: [u8; 8] = [2, 4, 0x05, 0xb4, 1, 3, 3, 10];

/// The two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Whoever sends the stream, behind the TAP.
    pub sender: SocketAddrV4,
    /// Its MAC address.
    pub sender_mac: [u8; 6],
    /// The kernel's socket.
    pub receiver: SocketAddrV4,
    /// The interface's MAC address.
    pub receiver_mac: [u8; 6],
}

/// What a segment from the kernel says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) flags: u16,
    pub(super) seq: u32,
    pub(super) ack: u32,
    /// Not scaled.
    pub(super) window: u16,
    /// Of a SYN.
    pub(super) window_shift: u8,
}

impl Ends {
    /// The headers of a segment whose payload is elsewhere; its checksum is left to whoever completes it.
    pub(super) fn head(&self, seq: u32, ack: u32, payload_bytes: usize) -> [u8; HEADER_BYTES] {
        let mut head = [0; HEADER_BYTES];
        self.emit(&mut head, seq, ack, flag::ACK | flag::PSH, &[], payload_bytes);
        head
    }

    /// A segment without payload, complete.
    pub(super) fn control(&self, seq: u32, ack: u32, flags: u16) -> Vec<u8> {
        let options: &[u8] = if flags & flag::SYN != 0 { &SYN_OPTIONS } else { &[] };
        let mut frame = vec![0; HEADER_BYTES + options.len()];
        self.emit(&mut frame, seq, ack, flags, options, 0);
        let at = ethernet::HEADER_BYTES + ipv4::HEADER_BYTES;
        let bytes = (frame.len() - at) as u16;
        let pseudo = Sum::pseudo_v4(self.sender.ip().octets(), self.receiver.ip().octets(), TCP, bytes);
        let checksum = pseudo.add_bytes(frame.get(at..).unwrap_or(&[])).checksum();
        if let Some(place) = frame.get_mut(at + 16..at + 18) {
            place.copy_from_slice(&checksum.to_be_bytes());
        }
        frame
    }

    fn emit(&self, out: &mut [u8], seq: u32, ack: u32, flags: u16, options: &[u8], payload_bytes: usize) {
        let link =
            EthernetHeader { dst: self.receiver_mac, src: self.sender_mac, type_or_length: ethertype::IPV4 };
        link.emit(out);
        let ip = Ipv4Header {
            src: self.sender.ip().octets(),
            dst: self.receiver.ip().octets(),
            protocol: TCP,
            ttl: 64,
            tos: 0,
            id: 0,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset_bytes: 0,
            payload_len_bytes: (tcp::HEADER_BYTES + options.len() + payload_bytes) as u16,
            options: &[],
        };
        ip.emit(out.get_mut(ethernet::HEADER_BYTES..).unwrap_or(&mut []));
        let header = TcpHeader {
            src_port: self.sender.port(),
            dst_port: self.receiver.port(),
            seq,
            ack,
            flags,
            window: u16::MAX,
            checksum: 0,
            urgent: 0,
            options,
        };
        header.emit(out.get_mut(ethernet::HEADER_BYTES + ipv4::HEADER_BYTES..).unwrap_or(&mut []));
    }

    /// What a frame from the kernel says to the sender, if it is of this connection.
    pub(super) fn hear(&self, frame: &[u8]) -> Option<Heard> {
        let headers = walk::headers(frame);
        if headers.protocol() != TCP || headers.is_fragment() || headers.ip_layers != 1 {
            return None;
        }
        let ip = ipv4::Ipv4::fixed(frame.get(headers.inner.at()..)?).ok()?;
        let tcp = Tcp::new(frame.get(headers.l4_at()?..)?).ok()?;
        let from_us = ip.src() == self.receiver.ip().octets() && ip.dst() == self.sender.ip().octets();
        if !from_us || tcp.src_port() != self.receiver.port() || tcp.dst_port() != self.sender.port() {
            return None;
        }
        let shift = tcp.options().find_map(|option| match option {
            Ok(TcpOption::WindowScale(shift)) => Some(shift.min(14)),
            _ => None,
        });
        Some(Heard {
            flags: tcp.flags(),
            seq: tcp.seq(),
            ack: tcp.ack(),
            window: tcp.window(),
            window_shift: shift.unwrap_or(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const ENDS: Ends = Ends {
        sender: SocketAddrV4::new(Ipv4Addr::new(10, 78, 0, 2), 20_000),
        sender_mac: [2, 0, 0, 0, 0, 2],
        receiver: SocketAddrV4::new(Ipv4Addr::new(10, 78, 0, 1), 5_001),
        receiver_mac: [2, 0, 0, 0, 0, 1],
    };

    #[test]
    fn what_is_said_is_heard_at_the_other_end() {
        let other = Ends {
            sender: ENDS.receiver,
            sender_mac: ENDS.receiver_mac,
            receiver: ENDS.sender,
            receiver_mac: ENDS.sender_mac,
        };
        let syn = ENDS.control(7, 9, flag::SYN | flag::ACK);
        let headers = walk::headers(&syn);
        assert_eq!(walk::verify_ip_checksum(&syn, &headers), Ok(()));
        assert_eq!(walk::verify_l4_checksum(&syn, &headers), Ok(()));
        let heard = other.hear(&syn).unwrap();
        assert_eq!(
            heard,
            Heard { flags: flag::SYN | flag::ACK, seq: 7, ack: 9, window: 0xffff, window_shift: 10 }
        );
        assert_eq!(ENDS.hear(&syn), None);
        assert_eq!(other.hear(&syn[..40]), None);
    }
}
