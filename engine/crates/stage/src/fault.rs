//! From a malformation the walker found to the reason the datapath gives for dropping the frame.

use crate::DropReason;
use wire::Fault;

/// Why a frame with this fault is dropped. Exhaustive: a new fault does not compile without a reason.
pub const fn drop_reason(fault: Fault) -> DropReason {
    match fault {
        Fault::Runt => DropReason::RxLengthError,
        Fault::VlanTruncated => DropReason::VlanTruncated,
        Fault::MplsTruncated => DropReason::MplsTruncated,
        Fault::MplsDepth => DropReason::MplsDepth,
        Fault::MplsNoBottom => DropReason::MplsNoBos,
        Fault::MplsReservedLabel => DropReason::MplsReserved,
        Fault::MplsTtl => DropReason::MplsTtl,
        Fault::Ipv4Header | Fault::Ipv6Header => DropReason::IpInhdr,
        Fault::Ipv4Checksum => DropReason::IpCsum,
        Fault::Ipv4Options => DropReason::IpOptions,
        Fault::IpDepth | Fault::ExtensionLimit | Fault::OptionLimit => DropReason::ExtLimit,
        Fault::Ipv6Extension => DropReason::Ipv6BadExthdr,
        // Linux counts all of these as "packet too small": the bytes end before the header said they would.
        Fault::IpTruncated
        | Fault::ArpTruncated
        | Fault::AhTruncated
        | Fault::EspTruncated
        | Fault::UdpLength
        | Fault::IcmpTruncated
        | Fault::IgmpTruncated => DropReason::PktTooSmall,
        Fault::UdpChecksum => DropReason::UdpCsum,
        Fault::TcpHeader | Fault::TcpOptions => DropReason::TcpInhdr,
        Fault::TcpChecksum => DropReason::TcpCsum,
        Fault::IcmpChecksum | Fault::IgmpChecksum => DropReason::IcmpCsum,
    }
}

/// Whether the NIC itself drops a frame with this fault; all others it hands up, and the host drops them.
pub const fn is_dropped_by_nic(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::Runt
            | Fault::VlanTruncated
            | Fault::MplsTruncated
            | Fault::MplsDepth
            | Fault::MplsNoBottom
            | Fault::MplsReservedLabel
            | Fault::MplsTtl
    )
}
