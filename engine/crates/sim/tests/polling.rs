//! CPUs that poll: no interrupts, no switches, frames and applications in turn.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod running;

use running::{ran, simulation};
use sim::Simulation;
use stats::Column;

const ONE_CPU: &str = "version = 1\nduration_ns = 2_000_000\ndrain_ns = 10_000_000\n[nic]\nqueues = 2\n\
     [[traffic.streams]]\n[traffic.streams.generated]\nflows = { count = 2 }\n[host]\ncpus = 1\n";

fn names(run: &Simulation, table: &str, column: &str) -> Vec<String> {
    match run.table(table).unwrap().column(column).unwrap() {
        Column::Name(names) => names.iter().map(|name| (*name).to_owned()).collect(),
        Column::Text(names) => names.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nobody_is_interrupted_and_nobody_switched() {
    let run = ran(&format!("{ONE_CPU}polling = true\n[host.napi]\nbudget_frames = 64\n"));
    let charged = names(&run, "ledger", "op");
    assert!(!charged.contains(&"sched.switch".to_owned()), "{charged:?}");
    let events = names(&run, "events", "event");
    assert!(!events.iter().any(|event| event == "interrupt" || event == "ksoftirqd_woken"));
    let interrupted = ran(ONE_CPU);
    assert!(names(&interrupted, "events", "event").iter().any(|event| event == "interrupt"));
}

#[test]
fn too_much_is_lost_at_the_ring_where_it_costs_nothing() {
    // A round takes 64 frames, which is fewer than a receive buffer holds: applications never fall behind.
    let run = ran(&format!("{ONE_CPU}polling = true\n[host.napi]\nbudget_frames = 64\n"));
    let reasons = names(&run, "drops", "reason");
    assert!(!reasons.is_empty() && reasons.iter().all(|reason| reason == "rx_missed"), "{reasons:?}");
    let interrupted = ran(ONE_CPU);
    assert!(names(&interrupted, "drops", "reason").iter().any(|reason| reason == "socket_rcvbuff"));
    assert!(run.tally().delivered > interrupted.tally().delivered);
}

#[test]
fn frames_far_apart_are_each_seen_when_they_come() {
    let sparse = "version = 1\nduration_ns = 1_000_000\n[nic]\nqueues = 1\n[host]\ncpus = 1\npolling = true\n\
         [[traffic.streams]]\n[traffic.streams.generated]\noffered = { frames_per_second = 100_000 }\n";
    let run = ran(sparse);
    let total = run.tally();
    assert_eq!((total.rx, total.delivered), (100, 100));
    let Column::U64(high_ns) = run.table("latency").unwrap().column("high_ns").unwrap().clone() else {
        panic!()
    };
    // Wire, memory, one frame's way: nothing waits for an interrupt or for the CPU to come out of idling.
    assert!(high_ns.iter().all(|high_ns| *high_ns < 10_000), "{high_ns:?}");
}

#[test]
fn a_source_that_waits_loses_nothing_and_goes_as_fast_as_the_path() {
    let document = format!("{ONE_CPU}polling = true\n[host.napi]\nbudget_frames = 64\n")
        .replace("duration_ns = 2_000_000", "duration_ns = 200_000_000")
        .replace("[nic]", "[traffic]\nframes = 10_000\n[nic]");
    let mut waiting = simulation(&document).lossless();
    waiting.advance(u64::MAX);
    waiting.check_laws().unwrap();
    let total = waiting.tally();
    assert_eq!((total.rx, total.delivered), (10_000, 10_000));
    // The CPU was never without work: the baseline's cost of a frame, a dozen operations, is above a microsecond.
    let Column::F64(busy) = waiting.table("cpu").unwrap().column("ns").unwrap().clone() else { panic!() };
    let busy_ns: f64 = busy.iter().take(4).sum();
    assert!(busy_ns > 10_000_000.0 && busy_ns <= waiting.last_ns() as f64);
    assert!(busy_ns > 0.99 * waiting.last_ns() as f64, "{busy_ns} of {}", waiting.last_ns());
}
