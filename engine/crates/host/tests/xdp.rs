//! What the XDP program drops has cost no skb, and where pages go that are released.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod ground;

use ground::{Ground, config, tcp, udp};
use host::forward::Network;
use host::{PagePoolConfig, PagePoolCounter, XdpAction, XdpCounter, XdpRule};
use stage::{DropReason, QueueId};

const Q: QueueId = QueueId(0);
const ANY: XdpRule = XdpRule {
    protocol: None,
    source: None,
    destination: None,
    source_port: None,
    destination_port: None,
    action: XdpAction::Drop,
};

/// How many of these frames the program drops: UDP from ports 1 and 2, TCP, ARP, all from 192.0.2.1 to 198.51.100.1.
fn dropped(rules: &[XdpRule]) -> Vec<u64> {
    let mut settings = config(1);
    settings.xdp = rules.to_vec();
    let mut ground = Ground::new(settings, 1);
    let mut arp = udp(1);
    arp[12..14].copy_from_slice(&[8, 6]);
    for frame in [udp(1), udp(2), tcp(0, 0x10, b"ab"), arp] {
        ground.arrive(0, 1, &frame);
    }
    ground.interrupt(0, 0);
    ground.net_rx_action(0);
    let reason = stage::Verdict::Dropped(DropReason::Xdp);
    let dropped: Vec<u64> =
        ground.seen.settled.iter().filter(|(_, end)| *end == reason).map(|(frame, _)| *frame).collect();
    let counters = ground.host.xdp_counters(Q);
    if !rules.is_empty() {
        assert_eq!(counters.value(XdpCounter::Drop), dropped.len() as u64);
        assert_eq!(counters.value(XdpCounter::Pass), 4 - dropped.len() as u64);
    }
    assert_eq!(ground.host.live_skbs(), 4 - dropped.len() as u64, "what is dropped had no skb");
    ground.read_all();
    assert_eq!(ground.buffers.owned(), 0);
    dropped
}

fn network(address: [u8; 4], mask: [u8; 4]) -> Option<Network> {
    Network::new(&address, &mask)
}

#[test]
fn the_first_rule_that_fits_decides() {
    assert_eq!(dropped(&[]), []);
    assert_eq!(dropped(&[ANY]), [0, 1, 2, 3]);
    assert_eq!(dropped(&[XdpRule { protocol: Some(17), ..ANY }]), [0, 1]);
    assert_eq!(dropped(&[XdpRule { source_port: Some(2), ..ANY }]), [1]);
    assert_eq!(dropped(&[XdpRule { destination_port: Some(5_000), ..ANY }]), [0, 1, 2]);
    let from = |network| XdpRule { source: network, ..ANY };
    assert_eq!(dropped(&[from(network([192, 0, 2, 0], [255, 255, 255, 0]))]), [0, 1, 2]);
    assert_eq!(dropped(&[from(network([192, 0, 3, 0], [255, 255, 255, 0]))]), []);
    let to = XdpRule { destination: network([198, 51, 100, 1], [255; 4]), ..ANY };
    assert_eq!(dropped(&[to]), [0, 1, 2]);
    let pass = XdpRule { protocol: Some(6), action: XdpAction::Pass, ..ANY };
    assert_eq!(dropped(&[pass, ANY]), [0, 1, 3]);
}

#[test]
fn a_frame_that_is_redirected_leaves_as_it_came_link_addresses_exchanged() {
    let mut settings = config(1);
    settings.xdp = vec![XdpRule { protocol: Some(17), action: XdpAction::Redirect, ..ANY }];
    let mut ground = Ground::new(settings, 1);
    ground.arrive(0, 1, &udp(1));
    ground.arrive(0, 1, &tcp(0, 0x10, b"ab"));
    ground.interrupt(0, 0);
    ground.net_rx_action(0);
    let frame = udp(1);
    assert_eq!(ground.seen.forwarded, [[&frame[6..12], &frame[..6], &frame[12..]].concat()]);
    assert_eq!(ground.host.xdp_counters(Q).value(XdpCounter::Redirect), 1);
    assert_eq!(ground.seen.settled.len(), 2);
    assert_eq!(ground.host.live_skbs(), 1);
    ground.read_all();
    assert_eq!(ground.buffers.owned(), 0);
}

#[test]
fn pages_go_back_by_who_releases_them() {
    let mut settings = config(2);
    settings.page_pool = Some(PagePoolConfig { ring_pages: 2 });
    settings.xdp = vec![XdpRule { source_port: Some(9), ..ANY }];
    settings.sockets.rcvbuf_bytes = 4 * (2048 + 256);
    let mut ground = Ground::new(settings, 1);
    for port in [9, 9, 1, 1, 1, 1, 1] {
        ground.arrive(0, 1, &udp(port));
    }
    ground.interrupt(0, 0);
    ground.net_rx_action(0);
    let count = |ground: &Ground, counter| ground.host.page_pool_counters(Q).value(counter);
    // Two by XDP, one as the receive buffer was full.
    assert_eq!(count(&ground, PagePoolCounter::RecycleCached), 3);
    ground.read_all();
    assert_eq!(count(&ground, PagePoolCounter::RecycleRing), 2);
    assert_eq!(count(&ground, PagePoolCounter::RecycleRingFull), 2);
}
