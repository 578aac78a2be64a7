//! Checks that read the whole header or datagram, apart from the walk so that it stays cheap.

use super::{Headers, L3};
use crate::checksum::{self, Sum};
use crate::ipv4::Ipv4;
use crate::ipv6::Ipv6;
use crate::tcp::Tcp;
use crate::udp::Udp;
use crate::{Fault, protocol};

/// Checks the header checksum of the outermost IPv4 header, as `ip_rcv` does; a header inside a tunnel is
/// checked when its own packet is walked after decapsulation. Anything but IPv4 passes.
///
/// Fails with [`Fault::Ipv4Checksum`], or the walk's fault where there is no whole header to sum.
pub fn verify_ip_checksum(frame: &[u8], headers: &Headers) -> Result<(), Fault> {
    if headers.outer.kind != L3::V4 {
        return Ok(());
    }
    let view = Ipv4::fixed(frame.get(headers.outer.at()..).unwrap_or(&[]))?;
    if view.checksum_holds() { Ok(()) } else { Err(headers.fault.unwrap_or(Fault::Ipv4Checksum)) }
}

/// Checks the checksum of the innermost TCP, UDP, ICMP, ICMPv6 or IGMP message.
///
/// Passes what cannot be judged here: fragments, ESP, unknown protocols, frames with a fault, and a
/// transport behind a source route that is not used up, whose pseudo-header names a later destination
/// (RFC 8200 section 8.1). A UDP checksum of 0 passes over IPv4 and fails over IPv6.
///
/// Fails with [`Fault::TcpChecksum`], [`Fault::UdpChecksum`], [`Fault::IcmpChecksum`] or
/// [`Fault::IgmpChecksum`].
pub fn verify_l4_checksum(frame: &[u8], headers: &Headers) -> Result<(), Fault> {
    let inner = &headers.inner;
    let Some(at) = inner.l4_at() else { return Ok(()) };
    if headers.fault.is_some() || headers.is_fragment() || inner.is_source_routed() {
        return Ok(());
    }
    let Some(message) = frame.get(at..inner.end()) else { return Ok(()) };
    let (message, fault) = match inner.protocol {
        protocol::TCP => (message, Fault::TcpChecksum),
        protocol::UDP => {
            let view = Udp::fixed(message)?;
            if view.checksum() == 0 {
                return if inner.kind == L3::V4 { Ok(()) } else { Err(Fault::UdpChecksum) };
            }
            // A length of 0 is a jumbogram's; the walk accepts no other below 8.
            let len = usize::from(view.len_bytes());
            (message.get(..len).filter(|_| len != 0).unwrap_or(message), Fault::UdpChecksum)
        }
        protocol::ICMPV6 if inner.kind == L3::V6 => (message, Fault::IcmpChecksum),
        protocol::ICMP if inner.kind == L3::V4 => return plain(message, Fault::IcmpChecksum),
        protocol::IGMP if inner.kind == L3::V4 => return plain(message, Fault::IgmpChecksum),
        _ => return Ok(()),
    };
    let ip = frame.get(inner.at()..).unwrap_or(&[]);
    let pseudo = match inner.kind {
        L3::V4 => {
            let view = Ipv4::fixed(ip)?;
            let len = u16::try_from(message.len()).map_err(|_| fault)?;
            Sum::pseudo_v4(view.src(), view.dst(), inner.protocol, len)
        }
        _ => {
            let view = Ipv6::new(ip)?;
            let len = u32::try_from(message.len()).map_err(|_| fault)?;
            Sum::pseudo_v6(view.src(), view.dst(), inner.protocol, len)
        }
    };
    if pseudo.add_bytes(message).fold() == 0xffff { Ok(()) } else { Err(fault) }
}

fn plain(message: &[u8], fault: Fault) -> Result<(), Fault> {
    if checksum::holds(message) { Ok(()) } else { Err(fault) }
}

/// Checks the form of the innermost TCP header's options. The walk does not: Linux takes a segment whose
/// options are malformed (`tcp_parse_options` gives up on the rest).
///
/// Fails with [`Fault::TcpOptions`].
pub fn verify_tcp_options(frame: &[u8], headers: &Headers) -> Result<(), Fault> {
    match headers.l4_at() {
        Some(at) if headers.protocol() == protocol::TCP => {
            let view = Tcp::fixed(frame.get(at..).unwrap_or(&[]))?;
            view.options().try_for_each(|option| option.map(|_| ()))
        }
        _ => Ok(()),
    }
}
