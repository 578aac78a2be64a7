//! What goes on to the next hop, how it leaves, and what is dropped by which name.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod ground;

use ground::{Ground, config, tcp, udp};
use host::forward::{ForwardConfig, ForwardCounter, Network};
use stage::{DropReason, Verdict};
use wire::checksum;

const ACK: u8 = 0x10;

fn ground(change: impl FnOnce(&mut host::HostConfig)) -> Ground {
    let mut settings = config(1);
    settings.forward = ForwardConfig {
        addresses: Network::new(&[203, 0, 113, 0], &[255, 255, 255, 0]).into_iter().collect(),
        enabled: true,
        mtu_bytes: 200,
        source_mac: [2, 0, 0, 0, 0, 1],
        next_hop_mac: [2, 0, 0, 0, 0, 2],
    };
    change(&mut settings);
    Ground::new(settings, 1)
}

/// The frame with a right header checksum, as routers look at it.
fn sound(mut frame: Vec<u8>) -> Vec<u8> {
    frame[24..26].fill(0);
    let sum = checksum::internet(&frame[14..34]);
    frame[24..26].copy_from_slice(&sum.to_be_bytes());
    frame
}

fn to(destination: [u8; 4], mut frame: Vec<u8>) -> Vec<u8> {
    frame[30..34].copy_from_slice(&destination);
    sound(frame)
}

fn with_ttl(ttl: u8, mut frame: Vec<u8>) -> Vec<u8> {
    frame[22] = ttl;
    sound(frame)
}

fn verdict_of(settings: impl FnOnce(&mut host::HostConfig), frame: &[u8]) -> Verdict {
    let mut ground = ground(settings);
    ground.receive(0, 1, frame);
    assert_eq!(ground.host.live_skbs(), ground.host.sockets().iter().count() as u64);
    ground.seen.settled[0].1
}

fn counted(ground: &Ground) -> [u64; 4] {
    use ForwardCounter::{Bytes, ForwDatagrams, LroForwardDrop, WireFrames};
    [ForwDatagrams, WireFrames, Bytes, LroForwardDrop].map(|c| ground.host.forward_counters().value(c))
}

#[test]
fn what_is_for_others_leaves_with_a_hop_less() {
    let mut ground = ground(|_| ());
    let mut padded = sound(udp(7));
    let bytes = padded.len();
    padded.extend_from_slice(&[0; 9]);
    ground.receive(0, 1, &padded);
    let left = &ground.seen.forwarded[0];
    assert_eq!(left.len(), bytes, "link padding stays behind");
    assert_eq!(&left[..12], &[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]);
    assert!(left[22] == 63 && checksum::holds(&left[14..34]));
    assert_eq!((&left[12..22], &left[26..]), (&padded[12..22], &padded[26..bytes]));
    assert_eq!(counted(&ground), [1, 1, bytes as u64, 0]);
    assert_eq!(ground.seen.settled, [(0, Verdict::Delivered)]);
}

#[test]
fn what_is_for_this_host_or_for_everybody_stays() {
    for destination in [[203, 0, 113, 9], [224, 0, 0, 1], [255, 255, 255, 255]] {
        let mut ground = ground(|_| ());
        ground.receive(0, 1, &to(destination, udp(7)));
        assert_eq!(ground.host.sockets().iter().count(), 1, "{destination:?}");
        assert_eq!(counted(&ground), [0; 4]);
    }
}

#[test]
fn without_addresses_everything_is_for_this_host() {
    let mut ground = ground(|c| c.forward.addresses.clear());
    ground.receive(0, 1, &sound(udp(7)));
    assert_eq!((ground.host.sockets().iter().count(), ground.seen.forwarded.len()), (1, 0));
}

#[test]
fn what_cannot_go_on_is_dropped_by_its_name() {
    use DropReason::{IpCsum, IpForwardTtl, IpInaddrerrors, PktTooBig, PktTooSmall};
    let dropped = Verdict::Dropped;
    assert_eq!(verdict_of(|c| c.forward.enabled = false, &sound(udp(7))), dropped(IpInaddrerrors));
    for (ttl, verdict) in [(0, dropped(IpForwardTtl)), (1, dropped(IpForwardTtl)), (2, Verdict::Delivered)] {
        assert_eq!(verdict_of(|_| (), &with_ttl(ttl, udp(7))), verdict, "{ttl}");
    }
    let mut wrong = sound(udp(7));
    wrong[24] ^= 1;
    assert_eq!(verdict_of(|_| (), &wrong), dropped(IpCsum));
    let short = sound(udp(7));
    assert_eq!(verdict_of(|_| (), &short[..short.len() - 1]), dropped(PktTooSmall));
    let longest = |bytes: usize| sound(tcp(0, ACK, &vec![7; bytes]));
    assert_eq!(verdict_of(|_| (), &longest(160)), Verdict::Delivered);
    assert_eq!(verdict_of(|_| (), &longest(161)), dropped(PktTooBig));
}

#[test]
fn a_wrong_transport_checksum_is_the_receiver_s_business() {
    let mut frame = sound(udp(7));
    frame[41] = 99;
    assert_eq!(verdict_of(|_| (), &frame), Verdict::Delivered);
}

#[test]
fn what_gro_merged_leaves_as_it_came_and_what_the_card_merged_does_not() {
    let mut ground = ground(|c| c.gro.enabled = true);
    let came: Vec<_> = [(0, "0123"), (4, "4567"), (8, "89")]
        .map(|(sequence, payload)| sound(tcp(sequence, ACK, payload.as_bytes())))
        .into();
    came.iter().for_each(|frame| {
        ground.arrive(0, 1, frame);
    });
    ground.interrupt(0, 0);
    while ground.net_rx_action(0) == host::softirq::Progress::RaisedAgain {}
    let left = &ground.seen.forwarded;
    assert_eq!(left.len(), 3);
    for (came, left) in came.iter().zip(left) {
        assert_eq!((&left[12..22], left[22], &left[26..]), (&came[12..22], 63, &came[26..]));
        assert!(checksum::holds(&left[14..34]));
    }
    assert_eq!(counted(&ground)[..2], [1, 3]);

    for gro in [false, true] {
        let mut ground = self::ground(|c| c.gro.enabled = gro);
        ground.arrive(0, 1, &sound(tcp(0, ACK, b"01234567")));
        ground.arrive_merged(0, 1, &sound(tcp(8, ACK, b"89abcdef01234567")), 2);
        ground.interrupt(0, 0);
        while ground.net_rx_action(0) == host::softirq::Progress::RaisedAgain {}
        assert_eq!(counted(&ground)[3], 1);
        assert_eq!(ground.drops(DropReason::LroForward), 1);
        assert_eq!(ground.seen.forwarded.len(), usize::from(!gro), "what is merged with it stays as well");
    }
}
