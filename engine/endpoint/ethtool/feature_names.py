"""Names of features by their bit, as Linux 6.18 has them (netdev_features_strings, net/ethtool/common.c)."""

NAMES = (
    *("tx-scatter-gather", "tx-checksum-ipv4", "", "tx-checksum-ip-generic", "tx-checksum-ipv6", "highdma"),
    *("tx-scatter-gather-fraglist", "tx-vlan-hw-insert", "rx-vlan-hw-parse", "rx-vlan-filter"),
    *("vlan-challenged", "tx-generic-segmentation", "", "", "rx-gro", "rx-lro", "tx-tcp-segmentation"),
    *("tx-gso-robust", "tx-tcp-ecn-segmentation", "tx-tcp-mangleid-segmentation", "tx-tcp6-segmentation"),
    *("tx-fcoe-segmentation", "tx-gre-segmentation", "tx-gre-csum-segmentation", "tx-ipxip4-segmentation"),
    *("tx-ipxip6-segmentation", "tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation", "tx-gso-partial"),
    *("tx-tunnel-remcsum-segmentation", "tx-sctp-segmentation", "tx-esp-segmentation", ""),
    *("tx-udp-segmentation", "tx-gso-list", "tx-tcp-accecn-segmentation", "tx-checksum-fcoe-crc"),
    *("tx-checksum-sctp", "rx-ntuple-filter", "rx-hashing", "rx-checksum", "tx-nocache-copy", "loopback"),
    *("rx-fcs", "rx-all", "tx-vlan-stag-hw-insert", "rx-vlan-stag-hw-parse", "rx-vlan-stag-filter"),
    *("l2-fwd-offload", "hw-tc-offload", "esp-hw-offload", "esp-tx-csum-hw-offload"),
    *("rx-udp_tunnel-port-offload", "tls-hw-tx-offload", "tls-hw-rx-offload", "rx-gro-hw", "tls-hw-record"),
    *("rx-gro-list", "macsec-hw-offload", "rx-udp-gro-forwarding", "hsr-tag-ins-offload"),
    *("hsr-tag-rm-offload", "hsr-fwd-offload", "hsr-dup-offload"),
)
NEVER_CHANGED = frozenset({"vlan-challenged"})
"""NETIF_F_NEVER_CHANGE, as far as it has a name that is told."""
