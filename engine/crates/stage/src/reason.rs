//! Why a frame was dropped: one enum for the whole path, named after Linux where Linux has a name
//! (`include/net/dropreason-core.h`). There is no "other".

use crate::Layer;

/// A drop reason as a reader of the reference page sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReasonDeclaration {
    /// Name in verdicts, tables and the command line.
    pub name: &'static str,
    /// The layer that decides it.
    pub layer: Layer,
    /// One sentence.
    pub meaning: &'static str,
}

macro_rules! drop_reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal @ $layer:ident,)+) => {
        /// Why a frame was dropped.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum DropReason { $($(#[doc = $doc])+ $variant,)+ }

        impl DropReason {
            /// Every reason, in declaration order.
            pub const ALL: &'static [DropReason] = &[$(DropReason::$variant,)+];
            /// How many reasons there are.
            pub const COUNT: usize = Self::ALL.len();

            /// What is written about it in the reference.
            pub const fn declaration(self) -> ReasonDeclaration {
                match self {
                    $(DropReason::$variant => ReasonDeclaration {
                        name: $name, layer: Layer::$layer, meaning: concat!($($doc,)+).trim_ascii(),
                    },)+
                }
            }
        }
    };
}

drop_reasons! {
    /// Shorter than its link header or longer than the largest frame the NIC takes.
    RxLengthError = "rx_length_error" @ Nic,
    /// The queue's ring had no free descriptor: the host did not keep up (ethtool: rx_missed_errors).
    RxMissed = "rx_missed" @ Nic,
    /// A descriptor was there but no buffer could be had to refill it (ethtool: rx_no_buffer).
    RxNoBuffer = "rx_no_buffer" @ Nic,
    /// The interface behind the NIC is down or gone (SKB_DROP_REASON_DEV_READY).
    DevReady = "dev_ready" @ Nic,
    /// The interface behind the NIC finds fault with the frame's header (SKB_DROP_REASON_DEV_HDR).
    DevHdr = "dev_hdr" @ Nic,
    /// A VLAN tag announced by its EtherType is cut off.
    VlanTruncated = "vlan_truncated" @ Nic,
    /// An MPLS label stack entry is cut off.
    MplsTruncated = "mpls_truncated" @ Nic,
    /// More labels than the datapath looks at (16).
    MplsDepth = "mpls_depth" @ Nic,
    /// The label stack has no bottom-of-stack entry.
    MplsNoBos = "mpls_no_bos" @ Nic,
    /// A reserved label that has no meaning on receive (RFC 3032 section 2.1).
    MplsReserved = "mpls_reserved" @ Nic,
    /// The top label's TTL is zero (RFC 3443).
    MplsTtl = "mpls_ttl" @ Nic,
    /// An explicit rule of the flow table says so (ethtool -N ... action -1; RX_CLS_FLOW_DISC).
    RxFilter = "rx_filter" @ Nic,
    /// The XDP program says so (XDP_DROP; ethtool: rx_xdp_drop, SKB_DROP_REASON_XDP).
    Xdp = "xdp" @ Driver,
    /// The IP header is malformed (Linux: SKB_DROP_REASON_IP_INHDR).
    IpInhdr = "ip_inhdr" @ Ip,
    /// The IPv4 header checksum is wrong (SKB_DROP_REASON_IP_CSUM).
    IpCsum = "ip_csum" @ Ip,
    /// The packet is shorter than its headers say (SKB_DROP_REASON_PKT_TOO_SMALL).
    PktTooSmall = "pkt_too_small" @ Ip,
    /// IPv4 options are malformed or more than the limit of eight.
    IpOptions = "ip_options" @ Ip,
    /// The IPv6 extension chain is malformed (SKB_DROP_REASON_IPV6_BAD_EXTHDR).
    Ipv6BadExthdr = "ipv6_bad_exthdr" @ Ip,
    /// More extension headers, options or nested IP headers than the datapath looks at.
    ExtLimit = "ext_limit" @ Ip,
    /// No protocol takes this EtherType and no packet socket listens (SKB_DROP_REASON_UNHANDLED_PROTO).
    UnhandledProto = "unhandled_proto" @ Ip,
    /// No raw socket and no protocol takes this IP protocol (SKB_DROP_REASON_IP_NOPROTO).
    IpNoproto = "ip_noproto" @ Ip,
    /// To an address that is not this host's, which does not forward (SKB_DROP_REASON_IP_INADDRERRORS).
    IpInaddrerrors = "ip_inaddrerrors" @ Ip,
    /// Forwarding found no hop left in its TTL or hop limit (SKB_DROP_REASON_IP_INHDR, with ICMP's time exceeded).
    IpForwardTtl = "ip_forward_ttl" @ Ip,
    /// Longer than the MTU of the interface it was to leave by (SKB_DROP_REASON_PKT_TOO_BIG).
    PktTooBig = "pkt_too_big" @ Ip,
    /// The card had merged it, and what it was merged from is not known to who would take it apart (skb_warn_if_lro).
    LroForward = "lro_forward" @ Ip,
    /// The ICMP or IGMP checksum is wrong (SKB_DROP_REASON_ICMP_CSUM).
    IcmpCsum = "icmp_csum" @ Ip,
    /// The UDP checksum is wrong (SKB_DROP_REASON_UDP_CSUM).
    UdpCsum = "udp_csum" @ Udp,
    /// The TCP checksum is wrong (SKB_DROP_REASON_TCP_CSUM).
    TcpCsum = "tcp_csum" @ Tcp,
    /// The TCP header length or its options are malformed.
    TcpInhdr = "tcp_inhdr" @ Tcp,
    /// Every byte was received before (SKB_DROP_REASON_TCP_OLD_DATA).
    TcpOldData = "tcp_old_data" @ Tcp,
    /// The segment lies beyond the receive window (SKB_DROP_REASON_TCP_OVERWINDOW).
    TcpOverwindow = "tcp_overwindow" @ Tcp,
    /// The receive buffer is full and the window closed (SKB_DROP_REASON_TCP_ZEROWINDOW).
    TcpZerowindow = "tcp_zerowindow" @ Tcp,
    /// The bytes are already in the out-of-order queue (SKB_DROP_REASON_TCP_OFOMERGE).
    TcpOfomerge = "tcp_ofomerge" @ Tcp,
    /// The out-of-order queue is full (SKB_DROP_REASON_TCP_OFO_QUEUE_PRUNE).
    TcpOfoQueuePrune = "tcp_ofo_queue_prune" @ Tcp,
    /// No socket listens (SKB_DROP_REASON_NO_SOCKET).
    NoSocket = "no_socket" @ Socket,
    /// The socket's receive buffer is full (SKB_DROP_REASON_SOCKET_RCVBUFF).
    SocketRcvbuff = "socket_rcvbuff" @ Socket,
    /// The socket table is full: the configured number of sockets exists.
    SocketTableFull = "socket_table_full" @ Socket,
    /// The per-CPU backlog is full (SKB_DROP_REASON_CPU_BACKLOG).
    CpuBacklog = "cpu_backlog" @ Rps,
    /// The flow filled more than half of the flow limit's history while the backlog was over half full.
    FlowLimit = "flow_limit" @ Rps,
}

impl DropReason {
    /// The name used in verdicts, tables and the command line.
    #[inline]
    pub const fn name(self) -> &'static str {
        self.declaration().name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_snake_case() {
        let names: HashSet<_> = DropReason::ALL.iter().map(|r| r.name()).collect();
        assert_eq!(names.len(), DropReason::COUNT);
        for name in names {
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
                "{name}"
            );
        }
    }

    #[test]
    fn discriminants_index_the_list() {
        for (i, reason) in DropReason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, i);
        }
    }
}
