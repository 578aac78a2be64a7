//! What virtual CPUs do: interrupts before softirqs before tasks, hand-over, steering, migration.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod running;

use running::ran;
use sim::Simulation;
use stats::Column;

fn column<'a>(
    simulation: &Simulation,
    table: &str,
    name: &str,
    read: impl Fn(&Column) -> Vec<String> + 'a,
) -> Vec<String> {
    let table = simulation.table(table).unwrap();
    read(table.column(name).unwrap())
}

fn names(column: &Column) -> Vec<String> {
    match column {
        Column::Name(values) => values.iter().map(|v| (*v).to_owned()).collect(),
        Column::I64(values) => values.iter().map(i64::to_string).collect(),
        Column::U64(values) => values.iter().map(u64::to_string).collect(),
        Column::F64(values) => values.iter().map(f64::to_string).collect(),
        Column::Text(values) => values.clone(),
    }
}

fn events(simulation: &Simulation, wanted: &str) -> usize {
    column(simulation, "events", "event", names).iter().filter(|event| *event == wanted).count()
}

/// Busy nanoseconds of a CPU in a context.
fn busy_ns(simulation: &Simulation, cpu: usize, context: &str) -> f64 {
    let rows = column(simulation, "cpu", "cpu", names)
        .into_iter()
        .zip(column(simulation, "cpu", "context", names))
        .zip(column(simulation, "cpu", "ns", names));
    rows.filter(|((c, x), _)| *c == cpu.to_string() && x == context)
        .map(|(_, ns)| ns.parse::<f64>().unwrap())
        .sum()
}

const LIGHT: &str = "[[traffic.streams]]\ngenerated = { offered = { frames_per_second = 100_000 } }\n";

#[test]
fn under_overload_the_softirq_is_handed_to_ksoftirqd() {
    let run = ran("version = 1\nduration_ns = 3_000_000\n[nic]\nqueues = 1");
    assert!(events(&run, "ksoftirqd_woken") > 0);
    assert!(busy_ns(&run, 0, "ksoftirqd") > busy_ns(&run, 0, "softirq"));
}

#[test]
fn a_light_load_stays_in_softirq_context() {
    let run = ran(&format!("version = 1\nduration_ns = 3_000_000\n[nic]\nqueues = 1\n{LIGHT}"));
    assert_eq!(events(&run, "ksoftirqd_woken"), 0);
    assert!(busy_ns(&run, 0, "softirq") > 0.0);
    assert_eq!(run.tally().dropped_total(), 0);
}

#[test]
fn only_the_interrupted_cpu_works_unless_rps_spreads() {
    let softirq = |rps: &str| {
        let run = ran(&format!(
            "version = 1\nduration_ns = 2_000_000\n[nic]\nqueues = 1\n[host]\ncpus = 4\nrps = {{ cpus = {rps} }}\n{LIGHT}"
        ));
        (0..4).map(|cpu| busy_ns(&run, cpu, "softirq") > 0.0).collect::<Vec<_>>()
    };
    assert_eq!(softirq("[]"), [true, false, false, false]);
    assert_eq!(softirq("[1, 2, 3]"), [true, true, true, true]);
}

#[test]
fn interrupts_go_where_the_scenario_says() {
    let run = ran(&format!(
        "version = 1\nduration_ns = 2_000_000\n[nic]\nqueues = 2\nirq_cpus = [3, 2]\n[host]\ncpus = 4\n{LIGHT}"
    ));
    let hardirq: Vec<bool> = (0..4).map(|cpu| busy_ns(&run, cpu, "hardirq") > 0.0).collect();
    assert_eq!(hardirq, [false, false, true, true]);
}

#[test]
fn longer_coalescing_means_fewer_interrupts() {
    let interrupts = |usecs: u32| {
        let run = ran(&format!(
            "version = 1\nduration_ns = 5_000_000\n[nic]\nqueues = 1\n\
             coalesce = {{ rx_usecs = {usecs}, rx_max_coalesced_frames = 0 }}\n{LIGHT}"
        ));
        events(&run, "interrupt")
    };
    let (short, long) = (interrupts(1), interrupts(100));
    assert!(short > 3 * long, "{short} with 1 us, {long} with 100 us");
}

#[test]
fn a_free_task_moves_off_a_busy_cpu_and_says_so_and_a_pinned_one_stays() {
    let migrations = |pinned: bool| {
        let run = ran(&format!(
            "version = 1\nduration_ns = 3_000_000\n[nic]\nqueues = 1\n[host]\ncpus = 4\n\
             apps = {{ count = 1, pinned = {pinned} }}\n\
             [[traffic.streams]]\ngenerated = {{ offered = {{ frames_per_second = 600_000 }} }}\n"
        ));
        events(&run, "task_migrated")
    };
    assert_eq!(migrations(true), 0);
    assert!(migrations(false) > 0);
}

#[test]
fn a_followed_frame_is_seen_at_every_point_in_order() {
    let run = ran(&format!(
        "version = 1\nduration_ns = 1_000_000\ndrain_ns = 1_000_000\n[nic]\nqueues = 2\n[observe]\ntrace_frames = [5]\n{LIGHT}"
    ));
    assert_eq!(
        column(&run, "trace", "point", names),
        ["wire", "ring", "napi", "ip", "socket", "verdict", "app"]
    );
    let times: Vec<u64> =
        column(&run, "trace", "time_ns", names).iter().map(|t| t.parse().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[test]
fn the_cache_model_can_be_switched_off_and_costs_time_when_on() {
    let busy = |enabled: bool| {
        let run = ran(&format!(
            "version = 1\nduration_ns = 2_000_000\n[nic]\nqueues = 1\n[host]\ncpus = 2\ncache = {{ enabled = {enabled} }}\n{LIGHT}"
        ));
        busy_ns(&run, 0, "softirq")
    };
    assert!(busy(true) > 1.05 * busy(false));
}
