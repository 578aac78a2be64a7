//! Who is told what a walk meets.

use crate::Fault;
use crate::ah::Ah;
use crate::arp::Arp;
use crate::cooked::Cooked;
use crate::esp::Esp;
use crate::ethernet::Ethernet;
use crate::extension::Extension;
use crate::icmp::Icmp;
use crate::igmp::Igmp;
use crate::ipv4::Ipv4;
use crate::ipv6::Ipv6;
use crate::llc::Llc;
use crate::mpls::Label;
use crate::tcp::Tcp;
use crate::udp::Udp;
use crate::vlan::Vlan;

/// Told every header in the order of the frame; `at` is its offset. All methods do nothing by default.
///
/// A header is told even if a length in it is a lie; [`fault`](Self::fault) says so, before or after, and the
/// view then holds what is there. A header is also told when only its last bytes are cut: TCP behind the
/// window, UDP behind the length, ICMP behind the first 6 bytes, ICMPv6 and the options headers of
/// IPv6 behind the first 2, a routing header behind the first, a VLAN tag (not 802.1ad) behind the id. What is cut reads as 0, and a fault follows.
/// These are the bytes of the fields that tshark lists.
pub trait Visit {
    /// An Ethernet header.
    fn ethernet(&mut self, _at: usize, _view: &Ethernet<'_>) {}
    /// A Linux cooked header.
    fn cooked(&mut self, _at: usize, _view: &Cooked) {}
    /// An LLC header.
    fn llc(&mut self, _at: usize, _view: &Llc<'_>) {}
    /// A VLAN tag; `tpid` announced it, `at` is where its control information starts.
    fn vlan(&mut self, _at: usize, _tpid: u16, _view: &Vlan<'_>) {}
    /// A label stack entry.
    fn mpls(&mut self, _at: usize, _label: &Label) {}
    /// An ARP message.
    fn arp(&mut self, _at: usize, _view: &Arp<'_>) {}
    /// A whole IPv4 header. `len_bytes` is its total length or, where that is 0 (captured before segmentation),
    /// what is there.
    fn ipv4(&mut self, _at: usize, _view: &Ipv4<'_>, _len_bytes: usize) {}
    /// An IPv6 header.
    fn ipv6(&mut self, _at: usize, _view: &Ipv6<'_>) {}
    /// An extension header of the IPv6 header told last.
    fn extension(&mut self, _at: usize, _view: &Extension<'_>) {}
    /// An authentication header; the walk goes on behind it.
    fn ah(&mut self, _at: usize, _view: &Ah<'_>) {}
    /// An ESP header; the walk ends here. Told as well behind UDP port 4500 (RFC 3948).
    fn esp(&mut self, _at: usize, _view: &Esp<'_>) {}
    /// A TCP header with a data offset of at least 5. `payload_len_bytes` is by the IP length; `None` in a
    /// first fragment, and where that length is below the header's.
    fn tcp(&mut self, _at: usize, _view: &Tcp<'_>, _payload_len_bytes: Option<usize>) {}
    /// A UDP header.
    fn udp(&mut self, _at: usize, _view: &Udp<'_>) {}
    /// An ICMP header.
    fn icmp(&mut self, _at: usize, _view: &Icmp<'_>) {}
    /// An ICMPv6 header.
    fn icmpv6(&mut self, _at: usize, _view: &Icmp<'_>) {}
    /// An IGMP message.
    fn igmp(&mut self, _at: usize, _view: &Igmp<'_>) {}
    /// Something malformed, at or behind `at`. Told for every fault, not only the first.
    fn fault(&mut self, _at: usize, _fault: Fault) {}
}

/// Listens to nothing.
pub(super) struct Nothing;

impl Visit for Nothing {}
