//! Real time without loss and virtual time at a low rate come to the same: verdict by verdict, flow by flow.
// Clippy sees tests in #[test] functions only, not in what they share.
#![allow(clippy::unwrap_used, clippy::panic)]

use graph::Scenario;
use graph::scenario::Format;
use live::{Idle, Outcome, OwnHost, Pacing, Settings};
use nic::rss::{BoxedHash, RssKey, Table};
use sim::Simulation;
use stats::Column;
use std::collections::BTreeMap;
use std::sync::Arc;
use traffic::Captures;

/// Room for everything: what is dropped is dropped for what it is.
const ROOMY: &str = "version = 1\nduration_ns = 20_000_000\ndrain_ns = 1_000_000_000\n\
     [observe]\nverdicts = true\n\
     [nic]\nring_size = 1024\nqueues = 4\n";

fn by_table(key: &RssKey) -> BoxedHash {
    Box::new(Table::new(key))
}

fn capture(name: &str) -> Captures {
    let path = format!("{}/../../../datasets/captures/{name}", env!("CARGO_MANIFEST_DIR"));
    Captures::from([("capture".to_owned(), Arc::from(std::fs::read(path).unwrap()))])
}

fn settings(idle: Idle) -> Settings {
    Settings { pacing: Pacing::Lossless, idle, oversubscribe: true, ..Settings::default() }
}

fn in_real_time(scenario: Scenario, captures: &Captures, settings: Settings) -> Outcome {
    let outcome = OwnHost::new(scenario, captures, &by_table, settings).unwrap().run(|| true).unwrap();
    outcome.check_laws().unwrap();
    outcome
}

fn words(table: &stats::Table, column: &str) -> Vec<String> {
    match table.column(column).unwrap() {
        Column::Name(values) => values.iter().map(|v| (*v).to_owned()).collect(),
        Column::I64(values) => values.iter().map(i64::to_string).collect(),
        Column::U64(values) => values.iter().map(u64::to_string).collect(),
        Column::F64(values) => values.iter().map(f64::to_string).collect(),
        Column::Text(values) => values.clone(),
    }
}

/// A flow as both must see it.
#[derive(Debug, Default, PartialEq)]
struct Flow {
    /// Frames delivered, bytes delivered, frames dropped.
    sums: [u64; 3],
    /// Queue and frames out of order, where one queue has all of its frames. Several queues' frames meet on one socket
    /// in no particular order (raw sockets, fragments), and on two CPUs they have a socket on each.
    on_one_queue: Option<[u64; 2]>,
}

/// Flows by their name.
fn flows(table: &stats::Table) -> BTreeMap<String, Flow> {
    let names = ["version", "protocol", "source", "destination", "source_port", "destination_port"];
    let names: Vec<_> = names.iter().map(|name| words(table, name)).collect();
    let number = |column: &str, i: usize| words(table, column)[i].parse::<u64>().unwrap();
    let mut flows: BTreeMap<String, Flow> = BTreeMap::new();
    for i in 0..names[0].len() {
        let name = names.iter().map(|column| column[i].as_str()).collect::<Vec<_>>().join(" ");
        let seen_before = flows.contains_key(&name);
        let flow = flows.entry(name).or_default();
        for (sum, column) in flow.sums.iter_mut().zip(["delivered", "bytes", "dropped"]) {
            *sum += number(column, i);
        }
        let one = !seen_before && number("queue_moves", i) == 0;
        flow.on_one_queue = one.then(|| [number("queue", i), number("reordered", i)]);
    }
    flows
}

/// Frames delivered on each queue, in order: of a flow on one queue this is the order too.
fn order(table: &stats::Table) -> BTreeMap<String, Vec<String>> {
    let mut by_queue: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (queue, frame) in words(table, "queue").into_iter().zip(words(table, "frame")) {
        by_queue.entry(queue).or_default().push(frame);
    }
    by_queue
}

/// Counters that say what was received and not when. The host's are summed, for in real time each thread has one.
fn counted(table: &stats::Table) -> BTreeMap<(String, String), u64> {
    let columns = ["name", "scope", "index", "value"].map(|column| words(table, column));
    let per_frame = ["rx_", "ntuple_", "zerocopy_mapped_", "zerocopy_copied_"];
    let mut sums = BTreeMap::new();
    for (i, name) in columns[0].iter().enumerate() {
        if per_frame.iter().any(|prefix| name.starts_with(prefix)) {
            let of = if columns[1][i] == "host" { "" } else { &columns[2][i] };
            *sums.entry((name.clone(), of.to_owned())).or_default() += columns[3][i].parse::<u64>().unwrap();
        }
    }
    sums
}

fn assert_parity(text: &str, captures: &Captures) {
    let document = format!("{ROOMY}{text}");
    for (cpus, idle) in [(1, Idle::BusyPoll), (2, Idle::BusyPoll), (2, Idle::Sleep)] {
        let mut scenario = Scenario::parse(&document, Format::Toml).unwrap();
        scenario.host.cpus = cpus;
        let mut simulation = Simulation::new(scenario.clone(), captures, &by_table).unwrap();
        simulation.advance(u64::MAX);
        simulation.check_laws().unwrap();
        let outcome = in_real_time(scenario, captures, settings(idle));
        assert!(outcome.offered_frames() > 0);
        assert_eq!(outcome.offered_frames(), simulation.offered_frames());
        assert_eq!(outcome.tally(), simulation.tally(), "{cpus} CPUs, {idle:?}");
        let both = |name: &str| (outcome.table(name).unwrap(), simulation.table(name).unwrap());
        let (real, model) = both("verdicts");
        assert_eq!(words(&real, "verdict"), words(&model, "verdict"), "{cpus} CPUs, {idle:?}");
        let (real, model) = both("delivered");
        assert_eq!(order(&real), order(&model), "{cpus} CPUs, {idle:?}");
        let (real, model) = both("flows");
        assert_eq!(flows(&real), flows(&model), "{cpus} CPUs, {idle:?}");
        let (real, model) = both("counters");
        assert_eq!(counted(&real), counted(&model), "{cpus} CPUs, {idle:?}");
    }
}

fn generated(stream: &str) {
    let text = format!(
        "[[traffic.streams]]\ngenerated = {{ offered = {{ frames_per_second = 200_000 }}, {stream} }}\n"
    );
    assert_parity(&text, &Captures::default());
}

#[test]
fn udp() {
    generated("flows = { count = 50 }");
}

#[test]
fn tcp() {
    generated("flows = { count = 50, tcp_share = 1.0 }");
}

#[test]
fn a_mix_of_everything_the_generator_has() {
    generated(
        "flows = { count = 300, tcp_share = 0.5, ipv6_share = 0.5 }, sizes = { imix = { middle_bytes = 594 } }",
    );
}

#[test]
fn ipv6() {
    generated("flows = { count = 40, ipv6_share = 1.0 }, arrivals = \"poisson\"");
}

#[test]
fn frames_of_several_buffers() {
    let text = "buffer_bytes = 256\n[[traffic.streams]]\n\
         generated = { offered = { frames_per_second = 50_000 }, sizes = { uniform = { min_bytes = 64, max_bytes = 9018 } } }\n";
    assert_parity(text, &Captures::default());
}

#[test]
fn headers_in_buffers_of_their_own() {
    let text = "buffer_bytes = 4096\ntcp_data_split = true\n[[traffic.streams]]\n\
         generated = { offered = { frames_per_second = 50_000 }, flows = { count = 50, tcp_share = 0.7 }, \
         sizes = { uniform = { min_bytes = 64, max_bytes = 9018 } } }\n";
    assert_parity(text, &Captures::default());
}

/// What is mapped follows from where payload lies; how many calls it takes, from when it comes.
#[test]
fn payload_in_pages_that_are_mapped() {
    let text = "buffer_bytes = 4096\ntcp_data_split = true\nbuffers_per_queue = 16384\n\
         [host.apps.zero_copy]\nenabled = true\nkeep_calls = 2\n[[traffic.streams]]\n\
         generated = { offered = { frames_per_second = 50_000 }, flows = { count = 50, tcp_share = 1.0 }, \
         sizes = { uniform = { min_bytes = 64, max_bytes = 9018 } } }\n";
    assert_parity(text, &Captures::default());
}

#[test]
fn frames_the_nic_refuses() {
    let text = "max_frame_bytes = 1514\n[[traffic.streams]]\n\
         generated = { offered = { frames_per_second = 50_000 }, sizes = { uniform = { min_bytes = 1000, max_bytes = 2000 } } }\n";
    assert_parity(text, &Captures::default());
}

#[test]
fn sockets_that_are_not_there_and_checksums_the_host_verifies() {
    let text = "rx_checksum = false\n[host]\nsockets = { accept = \"ports\", ports = [1] }\n\
         [[traffic.streams]]\ngenerated = { offered = { frames_per_second = 50_000 } }\n";
    assert_parity(text, &Captures::default());
}

#[test]
fn explicit_rules_send_and_drop() {
    let text = "[steering]\nmode = \"ntuple\"\nrules = [\n\
         { protocol = \"udp\", source_port = 1, source_port_mask = 1, queue = 3 },\n\
         { protocol = \"udp\", source_port = 2, source_port_mask = 2, queue = -1 } ]\n\
         [[traffic.streams]]\ngenerated = { offered = { frames_per_second = 200_000 }, flows = { count = 50 } }\n";
    assert_parity(text, &Captures::default());
}

/// In two contexts: checksums verified by the NIC, and left to the host.
fn captured(name: &str) {
    for checksum in [true, false] {
        let text = format!(
            "rx_checksum = {checksum}\n[host]\ntcp = {{ gap = \"ignore\" }}\n[[traffic.streams]]\n\
             capture = {{ file = \"capture\", timing = {{ paced = {{ offered = {{ frames_per_second = 50_000 }} }} }} }}\n"
        );
        assert_parity(&text, &capture(name));
    }
}

#[test]
fn sound_and_malformed_frames_of_every_kind() {
    captured("variety/variety.pcapng");
}

#[test]
fn recorded_traffic() {
    captured("first_light/first_light.pcap");
}
