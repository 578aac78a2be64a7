use super::*;
use crate::rss::{ContextConfig, ContextRule, Spread, Table};
use crate::steering::{FlowKey, SteeringConfig};
use crate::test_frames::ipv4_udp;
use crate::{Classified, NicCounter};
use stage::{BufferPool, FrameId, Interrupt, RxQueues};

const BUILT: Built = Built { queues: 4, ring_size: 256, flow_table: true };

fn table(key: &RssKey) -> BoxedHash {
    Box::new(Table::new(key))
}

fn config() -> NicConfig {
    NicConfig { queues: 4, ring_size: 256, steering: Some(SteeringConfig::default()), ..NicConfig::default() }
}

fn built() -> (Nic, BufferPool) {
    let mut buffers = config().buffer_pool(2 * 256);
    let nic = Nic::new(config(), &mut buffers).unwrap_or_else(|e| panic!("{e}"));
    (nic, buffers)
}

fn change(nic: &mut Nic, now_ns: Nanos, edit: impl FnOnce(&mut NicConfig)) -> Vec<Signal> {
    let mut config = config();
    edit(&mut config);
    let prepared = Reconfiguration::new(config, BUILT, &table).unwrap_or_else(|e| panic!("{e}"));
    let mut signals = Vec::new();
    nic.reconfigure(now_ns, prepared, &mut |signal| signals.push(signal));
    signals
}

fn classify(nic: &Nic, frame: &[u8]) -> Classified {
    let mut out = [Classified::default()];
    nic.classify(&[frame], &mut out);
    out[0]
}

fn receive(nic: &mut Nic, buffers: &mut BufferPool, frame: &[u8], now_ns: Nanos) -> bool {
    let classified = classify(nic, frame);
    let to = nic.steer(now_ns, frame, &classified, &FlowKey::NONE);
    nic.receive(now_ns, frame, &classified, to, FrameId(now_ns), now_ns, buffers, &mut |_| {}).is_ok()
}

fn flow(port: u16) -> Vec<u8> {
    let [high, low] = port.wrapping_mul(40_503).to_be_bytes();
    ipv4_udp([10, 7, high, low], [10, 0, 0, 2], port, 53, b"payload")
}

#[test]
fn a_changed_nic_is_one_built_that_way() {
    let edit = |c: &mut NicConfig| {
        c.rss.key = RssKey::from_bytes(&[0xab; 40]).unwrap();
        c.rss.spread = Spread::Weights { size: 128, weights: vec![1, 3] };
        c.rx_checksum = false;
        let spread = Spread::First { size: 128, queues: 2 };
        c.contexts = vec![ContextConfig { rule: Some(ContextRule::DestinationPort(53)), spread, key: None }];
    };
    let mut wanted = config();
    edit(&mut wanted);
    let mut buffers = wanted.buffer_pool(512);
    let new = Nic::new(wanted, &mut buffers).unwrap_or_else(|e| panic!("{e}"));
    let (mut nic, _) = built();
    change(&mut nic, 0, edit);
    for port in 0..500 {
        let (a, b) = (classify(&nic, &flow(port)), classify(&new, &flow(port)));
        assert_eq!((a.hash, a.hash_type, a.checksum_good), (b.hash, b.hash_type, b.checksum_good));
        assert_eq!(nic.queue_of(&a), new.queue_of(&b));
    }
}

#[test]
fn queues_beyond_those_in_use_get_no_new_frame_and_keep_those_they_have() {
    let (mut nic, mut buffers) = built();
    for port in 0..150 {
        assert!(receive(&mut nic, &mut buffers, &flow(port), 1));
    }
    let before: Vec<_> = nic.queues().iter().map(|queue| queue.ring().waiting()).collect();
    assert!(before.iter().all(|waiting| *waiting > 0), "{before:?}");
    change(&mut nic, 2, |c| c.queues = 2);
    for port in 0..150 {
        assert!(receive(&mut nic, &mut buffers, &flow(port), 3));
    }
    let after: Vec<_> = nic.queues().iter().map(|queue| queue.ring().waiting()).collect();
    assert_eq!(after[2..], before[2..]);
    assert_eq!(after.iter().sum::<usize>(), 300);
    let mut taken = Vec::new();
    for queue in 0..4 {
        nic.take(QueueId(queue), 10, 1_000, &mut taken);
    }
    assert_eq!((taken.len(), nic.pending()), (300, 0));
}

#[test]
fn what_cannot_be_is_refused() {
    type Edit = fn(&mut NicConfig);
    let refused: [(&str, Edit); 5] = [
        ("queues", |c| c.queues = 5),
        ("ring_size", |c| c.ring_size = 512),
        ("ring_size", |c| c.ring_size = 100),
        ("rss.table", |c| {
            c.queues = 2;
            c.rss.spread = Spread::Explicit(vec![QueueId(2); 128]);
        }),
        ("coalesce.rx_usecs", |c| c.coalesce.rx_usecs = 1_000_001),
    ];
    for (key, edit) in refused {
        let mut config = config();
        edit(&mut config);
        assert_eq!(Reconfiguration::new(config, BUILT, &table).err().unwrap().key, key);
    }
}

#[test]
fn a_shorter_ring_is_filled_no_further_and_a_longer_one_is_again() {
    let (mut nic, mut buffers) = built();
    let queue = nic.queue_of(&classify(&nic, &flow(7)));
    change(&mut nic, 1, |c| c.ring_size = 64);
    let mut fill = |nic: &mut Nic, now_ns| {
        let mut written = 0;
        while receive(nic, &mut buffers, &flow(7), now_ns) {
            written += 1;
        }
        let mut taken = Vec::new();
        assert_eq!(nic.take(queue, now_ns, 1_000, &mut taken), written);
        taken.iter().for_each(|packet| {
            buffers.release(packet.buffer);
        });
        nic.refill(queue, &mut buffers);
        written
    };
    // What had been posted is used up; then as many as the ring holds now.
    assert_eq!([fill(&mut nic, 2), fill(&mut nic, 3), fill(&mut nic, 4)], [256, 64, 64]);
    change(&mut nic, 5, |c| c.ring_size = 128);
    // The refill that follows an empty ring finds the longer one.
    assert_eq!([fill(&mut nic, 6), fill(&mut nic, 7)], [64, 128]);
    assert_eq!(nic.total(NicCounter::RxMissed), 5);
}

#[test]
fn the_interrupt_follows_the_new_limits() {
    let (mut nic, mut buffers) = built();
    assert!(receive(&mut nic, &mut buffers, &flow(7), 1_000));
    let queue = nic.queue_of(&classify(&nic, &flow(7)));
    // 50 µs after the frame at first; then 10 µs after it; then at once.
    let timer = Signal::Timer(Interrupt { queue, at_ns: 11_000 });
    let sooner = change(&mut nic, 2_000, |c| c.coalesce.rx_usecs = 10);
    assert_eq!(sooner[queue.index()], timer);
    let now = change(&mut nic, 3_000, |c| c.coalesce = CoalesceConfig::OFF);
    assert_eq!(now[queue.index()], Signal::Raise(Interrupt { queue, at_ns: 3_000 }));
    assert_eq!(nic.timer(queue, 11_000), Signal::Quiet);
    assert_eq!(nic.total(NicCounter::Interrupts), 1);
}

#[test]
fn a_nic_that_is_down_drops_what_comes_and_takes_it_again_when_up() {
    let (mut nic, mut buffers) = built();
    change(&mut nic, 1, |c| c.up = false);
    let classified = classify(&nic, &flow(7));
    assert_eq!((classified.drop, nic.queue_of(&classified)), (Some(stage::DropReason::DevReady), QueueId(0)));
    assert!(!receive(&mut nic, &mut buffers, &flow(7), 2));
    change(&mut nic, 3, |_| ());
    assert!(receive(&mut nic, &mut buffers, &flow(7), 4));
    let counters = nic.counters();
    assert_eq!((counters.value(NicCounter::RxDown), counters.value(NicCounter::Packets)), (1, 1));
}
