//! From the start of the frame to the network header: link headers, VLAN tags, LLC, labels.

use super::{L3, Link, Step, Visit, Walker, filled, offset};
use crate::Fault;
use crate::arp::Arp;
use crate::cooked::{self, Cooked};
use crate::ethernet::{self, Ethernet, ethertype};
use crate::llc::{self, Llc};
use crate::mpls::{self, Label};
use crate::null::{self, Family};
use crate::vlan::{self, Vlan};

/// LLC service access point of IP (IEEE 802 numbers; RFC 1042 prefers SNAP).
const SAP_IP: u8 = 0x06;
/// The control field of a datagram without connection (IEEE 802.2 section 5.3).
const UNNUMBERED_INFORMATION: u8 = 0x03;

impl<V: Visit> Walker<'_, '_, V> {
    pub(super) fn link(&mut self, link: Link) -> Step {
        let bytes = self.bytes(0);
        match link {
            Link::Ethernet => match Ethernet::new(bytes) {
                Ok(view) => {
                    self.visitor.ethernet(0, &view);
                    Step::Type(view.type_or_length(), ethernet::HEADER_BYTES)
                }
                Err(fault) => self.stop(0, fault),
            },
            Link::RawIp => {
                if bytes.is_empty() {
                    return self.stop(0, Fault::Runt);
                }
                Step::Ip(0)
            }
            Link::BsdNull => match Family::new(bytes) {
                Ok(Family::Inet) => Step::Type(ethertype::IPV4, null::HEADER_BYTES),
                Ok(Family::Inet6) => Step::Type(ethertype::IPV6, null::HEADER_BYTES),
                Ok(Family::Other(_)) => self.other(null::HEADER_BYTES),
                Err(fault) => self.stop(0, fault),
            },
            Link::LinuxCooked => self.cooked(Cooked::v1(bytes), cooked::V1_BYTES),
            Link::LinuxCooked2 => self.cooked(Cooked::v2(bytes), cooked::V2_BYTES),
        }
    }

    fn cooked(&mut self, head: Result<Cooked, Fault>, at: usize) -> Step {
        match head {
            Ok(head) => {
                self.visitor.cooked(0, &head);
                match head.protocol {
                    cooked::PROTOCOL_LLC => Step::Llc(at),
                    small if small <= ethernet::MAX_LENGTH => self.other(at),
                    ethertype => Step::Type(ethertype, at),
                }
            }
            Err(fault) => self.stop(0, fault),
        }
    }

    pub(super) fn ethertype(&mut self, ethertype: u16, at: usize) -> Step {
        if vlan::is_tpid(ethertype) {
            return match Vlan::new(self.bytes(at)) {
                Ok(view) => {
                    self.visitor.vlan(at, ethertype, &view);
                    self.out.vlans = self.out.vlans.saturating_add(1);
                    Step::Type(view.type_or_length(), at + vlan::TAG_BYTES)
                }
                Err(fault) => {
                    if ethertype != ethertype::QINQ
                        && let Some(copy) = filled::<4>(self.bytes(at), 2)
                        && let Ok(view) = Vlan::new(&copy)
                    {
                        self.visitor.vlan(at, ethertype, &view);
                    }
                    self.stop(at, fault)
                }
            };
        }
        if ethertype <= ethernet::MAX_LENGTH {
            // What is beyond the 802.3 length is padding.
            self.end = self.end.min(at + usize::from(ethertype));
            return Step::Llc(at);
        }
        self.out.ethertype = ethertype;
        match ethertype {
            ethertype::IPV4 => Step::Ipv4(at),
            ethertype::IPV6 => Step::Ipv6(at),
            ethertype::MPLS | ethertype::MPLS_UPSTREAM => Step::Mpls(at),
            ethertype::ARP => {
                self.layer.kind = L3::Arp;
                self.layer.at = offset(at);
                self.layer.end = offset(self.end);
                match Arp::new(self.bytes(at)) {
                    Ok(view) => {
                        self.visitor.arp(at, &view);
                        Step::Stop
                    }
                    Err(fault) => self.stop(at, fault),
                }
            }
            _ => self.other(at),
        }
    }

    pub(super) fn llc(&mut self, at: usize) -> Step {
        match Llc::new(self.bytes(at)) {
            Ok(view) => {
                self.visitor.llc(at, &view);
                match view.snap_ethertype() {
                    // A length inside SNAP would lead back here.
                    Some(ethertype) if ethertype > ethernet::MAX_LENGTH => {
                        Step::Type(ethertype, at + llc::SNAP_BYTES)
                    }
                    _ if view.dsap() == SAP_IP && view.control() == UNNUMBERED_INFORMATION => {
                        Step::Type(ethertype::IPV4, at + llc::HEADER_BYTES)
                    }
                    None if view.is_cut_snap() => self.stop(at, Fault::Runt),
                    _ => self.other(at),
                }
            }
            Err(fault) => self.stop(at, fault),
        }
    }

    /// The whole label stack; then IP by the version nibble, as label tables are not known here.
    pub(super) fn mpls(&mut self, first_at: usize) -> Step {
        let mut at = first_at;
        loop {
            let bytes = self.bytes(at);
            if bytes.is_empty() {
                return self
                    .stop(at, if at == first_at { Fault::MplsTruncated } else { Fault::MplsNoBottom });
            }
            if self.out.labels >= self.limits.labels {
                return self.stop(at, Fault::MplsDepth);
            }
            let entry = match Label::new(bytes) {
                Ok(entry) => entry,
                Err(fault) => return self.stop(at, fault),
            };
            self.visitor.mpls(at, &entry);
            self.out.labels = self.out.labels.saturating_add(1);
            if mpls::is_reserved(entry.label) {
                self.fault(at, Fault::MplsReservedLabel);
            }
            // Only the top entry's TTL lives; below an entropy label indicator it is 0 by RFC 6790.
            if at == first_at && entry.ttl == 0 {
                self.fault(at, Fault::MplsTtl);
            }
            at += mpls::ENTRY_BYTES;
            if entry.bos {
                return match entry.label {
                    // An associated channel header or an OAM message follows, whatever its first nibble.
                    mpls::GAL | mpls::OAM_ALERT => self.other(at),
                    _ => Step::Ip(at),
                };
            }
        }
    }

    /// IP by its version nibble: behind labels, and where a link has no type field.
    pub(super) fn ip(&mut self, at: usize) -> Step {
        match self.bytes(at).first().map(|byte| byte >> 4) {
            Some(4) => {
                self.note_type(ethertype::IPV4);
                Step::Ipv4(at)
            }
            Some(6) => {
                self.note_type(ethertype::IPV6);
                Step::Ipv6(at)
            }
            // An empty frame is told apart before; so these are labels with nothing below.
            None => self.stop(at, Fault::MplsTruncated),
            Some(_) => self.other(at),
        }
    }

    fn note_type(&mut self, ethertype: u16) {
        if self.out.ethertype == 0 {
            self.out.ethertype = ethertype;
        }
    }

    /// A network layer that is not walked.
    fn other(&mut self, at: usize) -> Step {
        self.layer.kind = L3::Other;
        self.layer.at = offset(at.min(self.frame.len()));
        self.layer.end = offset(self.end);
        Step::Stop
    }
}
