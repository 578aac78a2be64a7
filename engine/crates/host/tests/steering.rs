//! Steering by where sockets are read: RFS as the kernel's code has it, aRFS, the scheduler's callback.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod ground;

use ground::{Ground, config, udp};
use host::app::AppStep;
use host::steering::{Reason, SockSteeringCounter, WorkStep};
use host::{CallbackConfig, HostConfig, RfsConfig};
use proptest::prelude::*;
use stage::{CpuId, Errno, QueueId, RuleId, SocketId, TaskId};

const HASH: u32 = 0xabcd_ef01;

fn rfs(cpus: u16, accelerated: bool) -> HostConfig {
    let mut settings = config(cpus);
    settings.steering.rfs = Some(RfsConfig { sock_flow_entries: 256, flow_entries: 16, accelerated });
    settings.steering.cpu_queues = (0..cpus).map(|cpu| vec![QueueId(cpu)]).collect();
    settings
}

fn callback(cpus: u16, tasks: u32, change: impl FnOnce(&mut CallbackConfig)) -> Ground {
    let mut settings = config(cpus);
    let mut callback = CallbackConfig { window_ns: 0, hysteresis_ns: 0, retry_ns: 1_000_000 };
    change(&mut callback);
    settings.steering.callback = Some(callback);
    settings.steering.cpu_queues = (0..cpus).map(|cpu| vec![QueueId(cpu)]).collect();
    settings.apps.count = tasks;
    Ground::new(settings, cpus)
}

fn backlogs(ground: &Ground) -> Vec<u32> {
    ground.host.softnets().iter().map(|softnet| softnet.backlog.frames()).collect()
}

#[test]
fn a_flow_follows_its_reader_once_the_old_backlog_has_drained() {
    let mut ground = Ground::new(rfs(3, false), 3);
    ground.receive(0, HASH, &udp(1));
    assert_eq!((backlogs(&ground), ground.read_on(1, 0)), (vec![0, 0, 0], AppStep::Read));
    ground.receive(0, HASH, &udp(1));
    ground.receive(0, HASH, &udp(1));
    assert_eq!(backlogs(&ground), [0, 2, 0]);
    // CPU 1 hands over the first; the second still waits when the reader has moved.
    ground.interrupt(1, 1);
    ground.host.ipi(&mut ground.seen);
    ground.net_rx_action(1);
    ground.receive(0, HASH, &udp(1));
    ground.read_on(2, 0);
    ground.receive(0, HASH, &udp(1));
    assert_eq!((backlogs(&ground), ground.steering(SockSteeringCounter::Kept)), (vec![0, 2, 0], 1));
    ground.seen.cpu = CpuId(1);
    ground.host.ipi(&mut ground.seen);
    ground.net_rx_action(1);
    ground.receive(0, HASH, &udp(1));
    assert_eq!((backlogs(&ground), ground.steering(SockSteeringCounter::Moved)), (vec![0, 0, 1], 1));
}

#[test]
fn frames_without_a_hash_and_flows_never_read_go_by_rps() {
    let mut settings = rfs(2, false);
    settings.rps.cpus = vec![1];
    let mut ground = Ground::new(settings, 2);
    ground.receive(0, 0, &udp(1));
    ground.receive(0, HASH, &udp(2));
    assert_eq!(backlogs(&ground), [0, 2]);
}

#[test]
fn the_device_is_told_once_and_a_refusal_leaves_the_flow_to_rfs() {
    for (rules_max, written, refused) in [(8, 1, 0), (0, 0, 1)] {
        let mut ground = Ground::new(rfs(2, true), 2);
        ground.queues.rules_max = rules_max;
        ground.receive(0, HASH, &udp(1));
        ground.read_on(1, 0);
        ground.receive(0, HASH, &udp(1));
        let counters = [SockSteeringCounter::Programmed, SockSteeringCounter::Refused];
        assert_eq!(counters.map(|counter| ground.steering(counter)), [written, refused]);
        assert_eq!(backlogs(&ground), [0, 1]);
        assert_eq!(
            ground.queues.rules.first().map(|rule| (rule.queue, rule.hash)),
            (written > 0).then_some((QueueId(1), HASH))
        );
        // On the new queue the flow has arrived: there is nothing more to tell.
        ground.receive(1, HASH, &udp(1));
        assert_eq!(ground.queues.rules.len() as u64, written);
    }
}

#[test]
fn the_sockets_of_a_task_follow_it() {
    let mut ground = callback(4, 2, |_| {});
    for port in 0..8 {
        ground.receive(0, u32::from(port) + 1, &udp(port));
    }
    while ground.read_on(0, 0) == AppStep::Read {}
    ground.work(0);
    // Task 0 reads every other socket. The first reads said so; then it is moved.
    assert_eq!(ground.queues.rules.len(), 4);
    let due = ground.host.task_moved(TaskId(0), CpuId(3), ground.seen.now_ns).unwrap();
    assert_eq!(due, Some(ground.seen.now_ns));
    assert_eq!(ground.work(3), WorkStep::Done);
    let moved: Vec<_> = ground.queues.rules[4..].iter().map(|rule| (rule.hash, rule.queue.0)).collect();
    assert_eq!(moved, [(1, 3), (3, 3), (5, 3), (7, 3)]);
    let counters =
        [SockSteeringCounter::Read, SockSteeringCounter::Migrated, SockSteeringCounter::Programmed];
    assert_eq!(counters.map(|counter| ground.steering(counter)), [4, 4, 8]);
    // Reading there is no news.
    ground.receive(0, 1, &udp(0));
    ground.read_on(3, 0);
    assert_eq!(ground.work(3), WorkStep::Done);
    assert_eq!(ground.queues.rules.len(), 8);
}

#[test]
fn announcements_within_the_window_become_one_rule() {
    let mut ground = callback(4, 1, |c| c.window_ns = 1_000_000);
    ground.receive(0, HASH, &udp(1));
    let socket = SocketId(0);
    for cpu in [1, 2, 3] {
        ground.host.announce(socket, CpuId(cpu), Reason::Read, ground.seen.now_ns).unwrap();
    }
    assert!(matches!(ground.work(1), WorkStep::Later(_)));
    ground.seen.now_ns += 1_000_000;
    assert_eq!(ground.work(1), WorkStep::Done);
    assert_eq!(ground.queues.rules.iter().map(|rule| rule.queue.0).collect::<Vec<_>>(), [3]);
    assert_eq!(ground.steering(SockSteeringCounter::Merged), 2);
}

#[test]
fn a_socket_read_by_two_in_turn_does_not_flutter() {
    for (hysteresis_ns, damped) in [(0, false), (1_000_000_000, true)] {
        let mut ground = callback(2, 2, |c| c.hysteresis_ns = hysteresis_ns);
        for turn in 0..20_u16 {
            ground.receive(0, HASH, &udp(1));
            // Whoever reads it announces it.
            let cpu = turn % 2;
            ground.read_on(cpu, 0);
            ground.work(cpu);
        }
        assert_eq!(ground.queues.rules.len(), if damped { 1 } else { 20 });
        assert_eq!(ground.steering(SockSteeringCounter::Damped) > 0, damped);
    }
}

#[test]
fn what_is_not_there_is_refused_and_counted() {
    let mut ground = callback(2, 1, |_| {});
    let now_ns = ground.seen.now_ns;
    let errno = |error: stage::SteeringError| error.errno;
    let announced = ground.host.announce(SocketId(7), CpuId(0), Reason::Migration, now_ns);
    assert_eq!(announced.map_err(errno), Err(Errno::ENOENT));
    ground.receive(0, HASH, &udp(1));
    let announced = ground.host.announce(SocketId(0), CpuId(9), Reason::Migration, now_ns);
    assert_eq!(announced.map_err(errno), Err(Errno::ENOENT));
    assert_eq!(ground.host.task_moved(TaskId(5), CpuId(0), now_ns).map_err(errno), Err(Errno::ENOENT));
    assert_eq!(ground.steering(SockSteeringCounter::Unknown), 3);
    assert_eq!((ground.work(0), ground.work(1)), (WorkStep::Done, WorkStep::Done));
}

#[test]
fn a_flow_put_out_of_the_table_comes_back_after_a_while() {
    let mut ground = callback(2, 1, |_| {});
    ground.receive(0, 1, &udp(1));
    ground.receive(0, 2, &udp(2));
    ground.read_on(1, 0);
    ground.work(1);
    ground.queues.evicts = Some(RuleId { place: 0, serial: 0 });
    ground.read_on(1, 0);
    ground.work(1);
    assert_eq!(ground.queues.rules.len(), 2);
    for (wait_ns, rules) in [(0, 2), (1_000_000, 3)] {
        ground.seen.now_ns += wait_ns;
        ground.receive(0, 1, &udp(1));
        ground.read_on(1, 0);
        ground.work(1);
        assert_eq!(ground.queues.rules.len(), rules);
    }
}

#[test]
fn a_socket_is_handed_over_after_accept() {
    let mut settings = config(3);
    settings.steering.callback = Some(CallbackConfig { window_ns: 0, hysteresis_ns: 0, retry_ns: 0 });
    settings.steering.cpu_queues = (0..3).map(|cpu| vec![QueueId(cpu)]).collect();
    (settings.apps.count, settings.apps.acceptors) = (3, 1);
    let mut ground = Ground::new(settings, 3);
    for task in 0..3 {
        ground.host.task_moved(TaskId(task), CpuId(task as u16), 0).unwrap();
    }
    ground.receive(0, HASH, &udp(1));
    ground.receive(0, HASH, &udp(1));
    assert_eq!(ground.read_on(0, 0), AppStep::Read);
    // The second message is the worker's, who was asleep.
    assert_eq!((ground.read_on(0, 0), ground.seen.woken.last()), (AppStep::Sleep, Some(&TaskId(1))));
    assert_eq!(ground.read_on(1, 1), AppStep::Read);
    assert_eq!(ground.steering(SockSteeringCounter::HandedOver), 1);
    (0..3).for_each(|cpu| {
        ground.work(cpu);
    });
    assert_eq!(ground.queues.rules.last().map(|rule| rule.queue), Some(QueueId(1)));
}

#[test]
fn a_cpu_goes_offline_with_frames_on_its_backlog() {
    let mut settings = rfs(3, false);
    settings.rps.cpus = vec![1];
    let mut ground = Ground::new(settings, 3);
    ground.receive(0, 0, &udp(1));
    ground.receive(0, 0, &udp(2));
    assert_eq!(backlogs(&ground), [0, 2, 0]);
    ground.host.unplug(CpuId(1), CpuId(2));
    assert_eq!((backlogs(&ground), ground.host.is_online(CpuId(1))), (vec![0, 0, 2], false));
    while ground.net_rx_action(2) == host::softirq::Progress::RaisedAgain {}
    ground.receive(0, 0, &udp(3));
    assert_eq!(ground.seen.settled.len(), 3, "the third stayed on its own CPU");
    assert_eq!(ground.steering(SockSteeringCounter::Offline), 1);
    ground.host.unplug(CpuId(2), CpuId(2));
    assert!(ground.host.is_online(CpuId(2)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    // Whoever reads where, and however slow each CPU: RFS lets no frame overtake one of its flow, and loses none. With
    // CPUs that go offline it still loses none; and with RPS below it, whose backlogs a flow's first move does not heed
    // (get_rps_cpu: the CPU is unset), as in the kernel.
    #[test]
    fn rfs_keeps_flows_in_order_and_loses_nothing(
        steps in prop::collection::vec((0u8..10, 0u16..6, 0u16..4), 0..300), plug: bool,
    ) {
        let mut settings = rfs(4, false);
        settings.rps.cpus = if plug { vec![0, 1, 2, 3] } else { Vec::new() };
        let mut ground = Ground::new(settings, 2);
        let mut sent = Vec::new();
        for (action, flow, cpu) in steps {
            match action {
                0..5 => {
                    // Flow and queue are one: two queues do not share a flow.
                    ground.arrive(flow % 2, HASH.wrapping_mul(u32::from(flow) * 2 + 1), &udp(flow));
                    sent.push(flow);
                    ground.interrupt(flow % 2, flow % 2);
                    let cpu = flow % 2;
                    if ground.host.is_online(CpuId(cpu)) {
                        ground.net_rx_action(cpu);
                    }
                }
                5..7 => { ground.read_on(cpu, 0); }
                7..9 => {
                    ground.seen.cpu = CpuId(cpu);
                    if ground.host.is_online(CpuId(cpu)) {
                        ground.host.ipi(&mut ground.seen);
                        ground.seen.cpu = CpuId(cpu);
                        ground.host.net_rx_step(&mut ground.queues, &mut ground.buffers, &mut ground.seen);
                    }
                }
                // Queues 0 and 1 stay where they are.
                _ if plug && cpu > 1 => ground.host.unplug(CpuId(cpu), CpuId(0)),
                _ => {}
            }
        }
        for _ in 0..4 {
            for cpu in 0..4 {
                if ground.host.is_online(CpuId(cpu)) {
                    ground.seen.cpu = CpuId(cpu);
                    ground.host.ipi(&mut ground.seen);
                    while ground.net_rx_action(cpu) == host::softirq::Progress::RaisedAgain {}
                }
            }
        }
        let mut seen: Vec<u64> = ground.seen.settled.iter().map(|(frame, _)| *frame).collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..sent.len() as u64).collect::<Vec<_>>());
        prop_assert_eq!(ground.host.pending_frames(), 0);
        if !plug {
            let reordered: u64 = ground.host.sockets().iter().map(|socket| socket.reordered_frames).sum();
            prop_assert_eq!(reordered, 0);
        }
    }
}
