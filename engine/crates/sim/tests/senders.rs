//! Senders, path, card and host in one loop: everything arrives, the windows open as computed, a run repeats.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod running;

use proptest::prelude::*;
use running::{ran, simulation};
use sim::Simulation;
use traffic::FlowRecord;

fn document(senders: &str, host: &str) -> String {
    format!(
        "version = 1\nduration_ns = 20_000_000_000\n\
         [[traffic.streams]]\n[traffic.streams.tcp]\n{senders}\n\
         [host]\ncpus = 2\n{host}\n[host.tcp]\ngap = \"wait\"\n"
    )
}

fn with_policy(senders: &str, policy: &str) -> String {
    document(senders, "") + &format!("[host.tcp.ack]\npolicy = \"{policy}\"\n")
}

fn records(run: &Simulation) -> Vec<FlowRecord> {
    run.flow_records().collect()
}

fn everything(run: &Simulation) -> String {
    ["tcp", "flows", "queues", "counters", "ledger", "cpu", "latency"]
        .map(|name| format!("{:?}", run.table(name).unwrap()))
        .join("\n")
}

const SIZE: &str = "size = { fixed = { bytes = 1_000_000 } }";

#[test]
fn a_transfer_arrives_whole_and_ends() {
    let run = ran(&with_policy(&format!("{SIZE}\nflows = 3\nrtt_ns = 2_000_000"), "linux"));
    let delivered: u64 = run.tally().delivered;
    for flow in records(&run) {
        assert_eq!((flow.acknowledged_bytes, flow.flight_bytes), (1_000_000, 0));
        assert!(flow.done_ns.is_some_and(|at_ns| at_ns < 100_000_000), "{flow:?}");
        assert_eq!((flow.tally.retransmissions, flow.tally.timeouts), (0, 0), "{flow:?}");
    }
    assert_eq!(delivered, 3 * 685);
}

/// From ten segments to a thousand: an acknowledgement for each segment, or for every second.
#[test]
fn slow_start_takes_the_rounds_computed() {
    let rounds = |policy: &str, byte_counting: u32| {
        let senders = format!(
            "size = {{ fixed = {{ bytes = 20_000_000 }} }}\nrtt_ns = 20_000_000\ninitial_ssthresh = 1_000\n\
             byte_counting = {byte_counting}"
        );
        let run = ran(&with_policy(&senders, policy));
        assert_eq!(run.tally().dropped_total(), 0);
        records(&run)[0].tally.slow_start_rounds
    };
    assert_eq!([1, 2, 0].map(|limit| rounds("one_per_frame", limit)), [7, 7, 7]);
    assert_eq!([1, 2, 0].map(|limit| rounds("delayed", limit)), [12, 7, 7]);
}

/// The same with a card that merges, an acknowledgement for each merged frame: what follows from the rules alone.
#[test]
fn merged_frames_slow_slow_start_as_computed() {
    let rounds = |merged: u32, byte_counting: u32| {
        let senders = format!(
            "size = {{ fixed = {{ bytes = 150_000_000 }} }}\nrtt_ns = 20_000_000\ninitial_ssthresh = 1_000\n\
             mss = 1448\nbyte_counting = {byte_counting}"
        );
        let lro = if merged == 1 {
            String::new()
        } else {
            format!("[nic.lro]\nenabled = true\ntimer_us = 100\nmax_segments = {merged}\n")
        };
        let text = with_policy(&senders, "one_per_frame")
            .replace("gap = \"wait\"", "gap = \"wait\"\nrcvbuf_bytes = 64_000_000")
            + &lro;
        let mut run = simulation(&text);
        while records(&run)[0].tally.slow_start_rounds == 0 && !run.finished() {
            run.advance(run.now_ns() + 100_000_000);
        }
        records(&run)[0].tally.slow_start_rounds
    };
    let table = [1, 2, 8, 16, 45].map(|merged| [1, 2, 0].map(|limit| rounds(merged, limit)));
    assert_eq!(table, [[7, 7, 7], [12, 7, 7], [37, 20, 7], [68, 35, 7], [159, 81, 7]]);
}

#[test]
fn losses_are_repaired_with_and_without_selective_acknowledgements() {
    for senders in
        ["sack = true", "sack = false", "congestion = \"cubic\"", "pacing = true", "ack_loss = 0.2"]
    {
        let run =
            ran(&with_policy(&format!("{SIZE}\n{senders}\nloss = 0.02\nrtt_ns = 1_000_000"), "delayed"));
        let flow = &records(&run)[0];
        assert_eq!(flow.acknowledged_bytes, 1_000_000, "{senders}: {flow:?}");
        assert!(flow.tally.retransmissions >= 5, "{senders}: {flow:?}");
    }
}

#[test]
fn a_bottleneck_with_little_buffer_limits_the_window() {
    let senders = "rtt_ns = 1_000_000\nbuffer_bytes = 200_000\ncongestion = \"cubic\"";
    let text = with_policy(senders, "delayed").replace("20_000_000_000", "300_000_000")
        + "[[costs]]\nop = \"tcp.receive\"\nns = 100.0\nsource = \"a fast host\"\n";
    let run = ran(&text);
    let flow = &records(&run)[0];
    assert!(flow.tally.recoveries > 0 && flow.threshold_bytes < u64::MAX, "{flow:?}");
}

#[test]
fn a_small_receive_buffer_holds_the_sender_and_loses_nothing_for_good() {
    let text = with_policy(&format!("{SIZE}\nrtt_ns = 1_000_000"), "delayed")
        .replace("gap = \"wait\"", "gap = \"wait\"\nrcvbuf_bytes = 50_000");
    let run = ran(&text);
    assert_eq!(records(&run)[0].acknowledged_bytes, 1_000_000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The laws hold, everything arrives, and how far a run is advanced at a time changes nothing.
    #[test]
    fn a_run_repeats_whatever_its_steps(
        flows in 1u32..6, loss in 0u32..5, rtt_us in 5u64..3_000, policy in 0usize..4, step_us in 50u64..5_000,
        seed in 1u64..1_000, byte_counting in 0u32..3,
    ) {
        let policy = ["delayed", "one_per_frame", "expand", "linux"][policy];
        let senders = format!(
            "size = {{ fixed = {{ bytes = 200_001 }} }}\nflows = {flows}\nrtt_ns = {}\nloss = 0.0{loss}\nbyte_counting = {byte_counting}\nstagger_ns = 10_000",
            rtt_us * 1_000
        );
        let text = with_policy(&senders, policy).replace("version = 1", &format!("version = 1\nseed = {seed}"));
        let whole = ran(&text);
        let mut pieces = simulation(&text);
        while pieces.now_ns() < 50_000_000 {
            pieces.advance(pieces.now_ns() + step_us * 1_000);
        }
        pieces.advance(u64::MAX);
        pieces.check_laws().unwrap();
        prop_assert_eq!(everything(&whole), everything(&pieces));
        for flow in records(&whole) {
            prop_assert_eq!(flow.acknowledged_bytes, 200_001, "{:?}", flow);
        }
    }
}
