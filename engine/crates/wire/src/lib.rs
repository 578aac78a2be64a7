//! Packet formats, and one walk over them.
//!
//! One protocol, one file, one shape: a **view** borrowed from the bytes, a **checked constructor**
//! (`new`) that refuses what the RFC refuses, **getters** in host order, an **emit** that writes the header
//! into a slice the caller owns, and tests on a captured packet. A view holds its fixed header as an array
//! reference, so a getter cannot miss; everything of variable length is sliced with `get`.
//!
//! [`walk::walk`] goes once over a frame from its link header to the innermost transport header, tells a
//! [`walk::Visit`] every header it meets and answers a compact [`walk::Headers`]. [`walk::headers`] is the
//! datapath's way in: [`walk::fast_ipv4`] for the common frame, the walk for the rest.
//!
//! | layer | file |
//! |---|---|
//! | link | [`ethernet`], [`llc`], [`vlan`], [`cooked`], [`null`] |
//! | shim | [`mpls`] |
//! | network | [`arp`], [`ipv4`], [`ipv6`], [`extension`] |
//! | security | [`ah`], [`esp`] |
//! | transport | [`tcp`], [`udp`], [`icmp`], [`igmp`] |
//! | to and from a device | [`virtio_net`] |
//! | sums | [`checksum`] |
//!
//! [`coalesce`] judges which TCP segments may become one.
//!
//! Nothing here panics, reads outside the slice, allocates or keeps state. The cost of a walk is linear in
//! the bytes of the headers and bounded by [`walk::Limits`].
//!
//! Offsets are sums of a slice length (at most `isize::MAX`) and header lengths of a few hundred bytes, so
//! they cannot overflow `usize`; the one sum that takes 32 bits from the wire (the jumbo payload length)
//! saturates.
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing)]

pub mod ah;
pub mod arp;
pub mod checksum;
pub mod coalesce;
pub mod cooked;
pub mod esp;
pub mod ethernet;
pub mod extension;
mod fault;
pub mod icmp;
pub mod igmp;
pub mod ipv4;
pub mod ipv6;
pub mod llc;
pub mod mpls;
pub mod null;
pub mod protocol;
pub mod tcp;
pub mod udp;
pub mod virtio_net;
pub mod vlan;
pub mod walk;

pub use fault::Fault;
