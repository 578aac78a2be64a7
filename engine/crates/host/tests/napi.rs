//! When frames are taken off their queues: weight, budget, time, completion, RPS.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod ground;

use ground::{Ground, config, udp};
use host::RpsConfig;
use host::softirq::{Progress, SoftnetCounter};
use stage::{CpuId, DropReason, Event, Verdict};

#[test]
fn a_queue_that_runs_dry_completes_and_is_armed() {
    let mut ground = Ground::new(config(1), 1);
    for _ in 0..10 {
        ground.arrive(0, 1, &udp(1));
    }
    ground.interrupt(0, 0);
    assert_eq!(ground.net_rx_action(0), Progress::Done);
    assert!(ground.queues.armed[0]);
    assert_eq!(ground.counter(0, SoftnetCounter::Processed), 10);
    assert_eq!(ground.seen.woken.len(), 1, "a reader that was woken is not woken again");
}

#[test]
fn a_queue_that_used_its_weight_wants_another_turn() {
    let mut ground = Ground::new(config(1), 1);
    for _ in 0..100 {
        ground.arrive(0, 1, &udp(1));
    }
    ground.interrupt(0, 0);
    assert_eq!(ground.net_rx_action(0), Progress::RaisedAgain);
    assert_eq!(ground.counter(0, SoftnetCounter::Processed), 64);
    assert!(!ground.queues.armed[0]);
    assert_eq!(ground.counter(0, SoftnetCounter::TimeSqueeze), 0, "one queue's weight is not the budget");
    assert_eq!(ground.net_rx_action(0), Progress::Done);
    assert_eq!(ground.counter(0, SoftnetCounter::Processed), 100);
}

#[test]
fn five_full_queues_exhaust_the_budget_of_300() {
    let mut ground = Ground::new(config(1), 6);
    for queue in 0..6 {
        for _ in 0..64 {
            ground.arrive(queue, 1, &udp(1));
        }
        ground.interrupt(0, queue);
    }
    assert_eq!(ground.net_rx_action(0), Progress::RaisedAgain);
    // 4 x 64 leave 44 of the budget; the fifth poll is still made whole (net_rx_action checks after each poll).
    assert_eq!(ground.counter(0, SoftnetCounter::Processed), 320);
    assert_eq!(ground.counter(0, SoftnetCounter::TimeSqueeze), 1);
    assert_eq!(ground.seen.events, [Event::TimeSqueeze]);
    // The queue that was left out is polled first in the next run.
    ground.net_rx_action(0);
    assert!(ground.queues.waiting[5].is_empty());
}

#[test]
fn time_squeezes_as_budget_does() {
    let mut settings = config(1);
    settings.napi.budget_ns = 5_000;
    let mut ground = Ground::new(settings, 2);
    for queue in 0..2 {
        for _ in 0..30 {
            ground.arrive(queue, 1, &udp(1));
        }
        ground.interrupt(0, queue);
    }
    assert_eq!(ground.net_rx_action(0), Progress::RaisedAgain);
    assert_eq!(ground.counter(0, SoftnetCounter::Processed), 30);
    assert_eq!(ground.counter(0, SoftnetCounter::TimeSqueeze), 1);
}

#[test]
fn a_starved_ring_is_polled_again_instead_of_armed() {
    let mut ground = Ground::new(config(1), 1);
    ground.queues.starved = true;
    ground.arrive(0, 1, &udp(1));
    ground.interrupt(0, 0);
    assert_eq!(ground.net_rx_action(0), Progress::RaisedAgain);
    assert!(!ground.queues.armed[0]);
    ground.queues.starved = false;
    assert_eq!(ground.net_rx_action(0), Progress::Done);
    assert!(ground.queues.armed[0]);
}

fn with_rps(max_backlog_frames: u32, flow_limit: bool) -> Ground {
    let mut settings = config(2);
    settings.rps = RpsConfig { cpus: vec![1], max_backlog_frames, flow_limit, flow_limit_buckets: 4096 };
    Ground::new(settings, 1)
}

#[test]
fn rps_hands_over_with_one_interrupt_per_run() {
    let mut ground = with_rps(1000, false);
    for _ in 0..20 {
        ground.arrive(0, 0x8000_0000, &udp(1));
    }
    ground.interrupt(0, 0);
    ground.net_rx_action(0);
    assert_eq!(ground.seen.ipis, [CpuId(1)]);
    assert!(ground.seen.settled.is_empty());
    assert_eq!(ground.host.pending_frames(), 20);
    ground.seen.cpu = CpuId(1);
    ground.host.ipi(&mut ground.seen);
    assert_eq!(ground.net_rx_action(1), Progress::Done);
    assert_eq!(ground.host.pending_frames(), 0);
    assert_eq!(ground.counter(1, SoftnetCounter::ReceivedRps), 1);
    assert!(ground.seen.settled.iter().all(|(_, verdict)| *verdict == Verdict::Delivered));
    assert_eq!(ground.seen.settled.len(), 20);
}

#[test]
fn a_full_backlog_drops_on_the_cpu_that_enqueues() {
    let mut ground = with_rps(30, false);
    for _ in 0..60 {
        ground.arrive(0, 1, &udp(1));
    }
    ground.interrupt(0, 0);
    ground.net_rx_action(0);
    // enqueue_to_backlog takes while qlen <= max_backlog: one more than the limit's number.
    assert_eq!(ground.drops(DropReason::CpuBacklog), 29);
    assert_eq!(ground.counter(0, SoftnetCounter::Dropped), 29);
}

#[test]
fn the_flow_limit_spares_the_small_flow() {
    let mut ground = with_rps(200, true);
    for i in 0..900u32 {
        let (hash, port) = if i % 30 == 29 { (0x4000_0000 + i, 2) } else { (7, 1) };
        ground.arrive(0, hash, &udp(port));
    }
    ground.interrupt(0, 0);
    while ground.net_rx_action(0) == Progress::RaisedAgain {
        ground.interrupt(0, 0);
    }
    assert!(ground.drops(DropReason::FlowLimit) > 0);
    assert_eq!(ground.counter(0, SoftnetCounter::FlowLimitCount), ground.drops(DropReason::FlowLimit) as u64);
    let small_dropped = ground
        .seen
        .settled
        .iter()
        .filter(|(frame, v)| frame % 30 == 29 && *v == Verdict::Dropped(DropReason::FlowLimit));
    assert_eq!(small_dropped.count(), 0);
}
