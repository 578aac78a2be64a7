//! Who polls while the interrupt is off: the timer, or a program in its receive call.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod ground;

use ground::{Ground, config, udp};
use host::BusyPollConfig;
use host::softirq::{NapiCounter, Progress};
use proptest::prelude::*;
use stage::{CpuId, QueueId, Verdict};

const US: u64 = 1_000;
const Q: QueueId = QueueId(0);

struct Modes {
    defer: u32,
    flush_ns: u64,
    suspend_ns: u64,
    busy: Option<(u64, bool)>,
}

fn ground(modes: &Modes) -> Ground {
    let mut settings = config(1);
    settings.napi.defer_hard_irqs = modes.defer;
    settings.napi.gro_flush_timeout_ns = modes.flush_ns;
    settings.napi.irq_suspend_timeout_ns = modes.suspend_ns;
    settings.apps.busy_poll =
        modes.busy.map(|(busy_poll_ns, prefer)| BusyPollConfig { busy_poll_ns, budget_frames: 8, prefer });
    Ground::new(settings, 1)
}

const SUSPEND: Modes = Modes { defer: 2, flush_ns: 50 * US, suspend_ns: 20_000 * US, busy: Some((0, true)) };

fn count(ground: &Ground, counter: NapiCounter) -> u64 {
    ground.host.napi_counters(Q).value(counter)
}

/// The timer that was set last, as its time from now.
fn timer_in_us(ground: &Ground) -> u64 {
    ground.seen.napi_timers.last().unwrap().1.saturating_sub(ground.seen.now_ns) / US
}

/// Let the timer that was set last run out; answers whether a softirq found its NAPI scheduled.
fn fire(ground: &mut Ground) {
    let due_ns = ground.seen.napi_timers.last().unwrap().1;
    ground.seen.now_ns = ground.seen.now_ns.max(due_ns);
    ground.host.napi_timer(Q, due_ns, &mut ground.seen);
    while ground.net_rx_action(0) == Progress::RaisedAgain {}
}

/// A softirq, if a task has made one pending.
fn softirq(ground: &mut Ground) -> bool {
    let raised = ground.host.raised_by_task(CpuId(0));
    while raised && ground.net_rx_action(0) == Progress::RaisedAgain {}
    raised
}

#[test]
fn a_deferred_interrupt_comes_back_after_as_many_empty_polls() {
    let mut ground = ground(&Modes { defer: 3, flush_ns: 50 * US, suspend_ns: 0, busy: None });
    ground.receive(0, 1, &udp(1));
    assert!(!ground.queues.armed[0]);
    // Another frame begins the count anew.
    ground.arrive(0, 1, &udp(1));
    fire(&mut ground);
    for armed in [false, false, true] {
        assert!(!ground.queues.armed[0]);
        fire(&mut ground);
        assert_eq!(ground.queues.armed[0], armed);
    }
    assert_eq!(count(&ground, NapiCounter::TimerPolls), 4);
    // The poll that found a frame is the first of the three.
    assert_eq!(count(&ground, NapiCounter::Deferred), 4);
    assert_eq!(ground.seen.settled.len(), 2);
}

#[test]
fn without_a_timeout_nothing_is_deferred() {
    let mut ground = ground(&Modes { defer: 3, flush_ns: 0, suspend_ns: 0, busy: None });
    ground.receive(0, 1, &udp(1));
    assert!(ground.queues.armed[0] && ground.seen.napi_timers.is_empty());
}

#[test]
fn a_program_with_events_suspends_the_interrupt_and_one_without_resumes_it() {
    let mut ground = ground(&SUSPEND);
    ground.receive(0, 1, &udp(1));
    assert_eq!(timer_in_us(&ground), 50, "the softirq deferred by the flush timeout");
    for _ in 0..20 {
        ground.arrive(0, 1, &udp(1));
    }
    let polls = ground.read_or_poll(0);
    // Eight frames, as many again as the loop ends, four more, none.
    assert_eq!(count(&ground, NapiCounter::BusyPollRxPackets), 20);
    assert_eq!(ground.seen.read.len(), 21);
    assert!((3..=4).contains(&polls), "{polls}");
    assert_eq!(count(&ground, NapiCounter::Suspended), 3);
    assert_eq!(count(&ground, NapiCounter::Resumed), 1);
    assert!(!ground.queues.armed[0], "it is deferred first");
    assert!(softirq(&mut ground));
    assert_eq!(timer_in_us(&ground), 50);
    while !ground.queues.armed[0] {
        fire(&mut ground);
    }
    assert!(count(&ground, NapiCounter::TimerPolls) <= 2);
}

#[test]
fn a_suspended_interrupt_is_looked_after_when_the_program_takes_too_long() {
    let mut ground = ground(&SUSPEND);
    ground.receive(0, 1, &udp(1));
    ground.read_on(0, 0);
    assert_eq!(timer_in_us(&ground), 19_999, "the first event suspended it");
    ground.arrive(0, 1, &udp(1));
    // It works on, and does not come back to wait.
    fire(&mut ground);
    assert_eq!(count(&ground, NapiCounter::TimerPolls), 1);
    assert_eq!(ground.seen.settled.len(), 2, "the timer's poll took the frame");
}

#[test]
fn a_busy_loop_ends_with_events_or_in_its_time() {
    let mut ground = ground(&Modes { defer: 0, flush_ns: 0, suspend_ns: 0, busy: Some((10 * US, false)) });
    ground.receive(0, 1, &udp(1));
    assert!(ground.queues.armed[0]);
    let began_ns = ground.seen.now_ns;
    assert!(ground.read_or_poll(0) > 10);
    let took_us = (ground.seen.now_ns - began_ns) / US;
    assert!((10..13).contains(&took_us), "{took_us}");
    assert!(ground.queues.armed[0], "its last poll enabled the interrupt");
    assert!(!ground.host.raised_by_task(CpuId(0)));
    // The next frame interrupts and wakes it.
    ground.receive(0, 1, &udp(1));
    assert_eq!(ground.seen.woken.len(), 2);
}

#[test]
fn an_interrupt_during_the_loop_is_the_loops() {
    let mut ground = ground(&Modes { defer: 0, flush_ns: 0, suspend_ns: 0, busy: Some((10 * US, false)) });
    ground.receive(0, 1, &udp(1));
    ground.read_on(0, 0);
    ground.read_on(0, 0);
    ground.host.busy_poll_step(stage::TaskId(0), &mut ground.queues, &mut ground.buffers, &mut ground.seen);
    ground.arrive(0, 1, &udp(1));
    ground.interrupt(0, 0);
    assert_eq!(ground.net_rx_action(0), Progress::Done, "the NAPI is the task's");
    assert_eq!(ground.seen.settled.len(), 1);
    ground.read_or_poll(0);
    assert_eq!(ground.seen.read.len(), 2);
    assert_eq!(ground.seen.woken.len(), 1, "one that polls is not woken");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    /// However programs and timers take turns: each frame has one end, and when the timers have run out all have met it
    /// and the interrupt is on.
    #[test]
    fn nothing_is_left_behind(
        defer in 0u32..4,
        flush_ns in prop_oneof![Just(0), Just(50 * US)],
        suspend_ns in prop_oneof![Just(0), Just(200 * US)],
        busy in prop::option::of((prop_oneof![Just(0), Just(5 * US)], any::<bool>())),
        steps in prop::collection::vec((0u8..5, 1usize..20), 1..60),
    ) {
        let mut ground = ground(&Modes { defer, flush_ns, suspend_ns, busy });
        let mut frames = 0;
        ground.queues.armed[0] = true;
        for (step, n) in steps {
            match step {
                0..2 => {
                    for _ in 0..n {
                        ground.arrive(0, 1, &udp(1));
                        frames += 1;
                    }
                }
                2 => { ground.read_on(0, 0); }
                3 => { ground.read_or_poll(0); softirq(&mut ground); }
                _ if !ground.seen.napi_timers.is_empty() => fire(&mut ground),
                _ => {}
            }
            // The device interrupts once for what comes while it is on.
            if !ground.queues.waiting[0].is_empty() && std::mem::take(&mut ground.queues.armed[0]) {
                ground.interrupt(0, 0);
                while ground.net_rx_action(0) == Progress::RaisedAgain {}
            }
        }
        for _ in 0..8 {
            ground.read_or_poll(0);
            softirq(&mut ground);
            if !ground.queues.waiting[0].is_empty() && std::mem::take(&mut ground.queues.armed[0]) {
                ground.interrupt(0, 0);
                while ground.net_rx_action(0) == Progress::RaisedAgain {}
            }
            if !ground.seen.napi_timers.is_empty() {
                fire(&mut ground);
            }
        }
        ground.read_or_poll(0);
        prop_assert!(ground.queues.waiting[0].is_empty());
        prop_assert_eq!(ground.seen.settled.len(), frames);
        prop_assert!(ground.seen.settled.iter().all(|(_, verdict)| *verdict == Verdict::Delivered));
        prop_assert_eq!(ground.seen.read.len(), frames);
        prop_assert_eq!(ground.buffers.owned(), 0);
    }
}
