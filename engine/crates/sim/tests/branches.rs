//! What goes another way than the time before is charged, once for each change.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod running;

use running::ran;
use stats::Column;

const FRAMES: u64 = 1_200;
const SIZES: &str = "sizes = { fixed = { bytes = 128 } }";
const MIX: &str = "sizes = { imix = {} }";

/// Units of an operation in a run of `FRAMES` frames on one CPU.
fn units(op: &str, flows: &str, sizes: &str) -> u64 {
    let run = ran(&format!(
        "version = 1\nduration_ns = 100_000_000\n[nic]\nqueues = 1\n[host]\ncpus = 1\n\
         [traffic]\nframes = {FRAMES}\n[[traffic.streams]]\n[traffic.streams.generated]\n{sizes}\n\
         offered = {{ frames_per_second = 100_000 }}\nflows = {{ {flows} }}\n"
    ));
    assert_eq!(run.tally().delivered, FRAMES);
    let ledger = run.table("ledger").unwrap();
    let (Column::Text(ops), Column::U64(counts)) =
        (ledger.column("op").unwrap(), ledger.column("count").unwrap())
    else {
        panic!("{:?} {:?}", ledger.column("op"), ledger.column("count"))
    };
    ops.iter().zip(counts).filter(|(name, _)| name.as_str() == op).map(|(_, count)| count).sum()
}

#[test]
fn one_flow_of_one_size_goes_the_same_way() {
    assert!(units("socket.change", "count = 1", SIZES) <= 1);
    assert!(units("copy.change", "count = 1", SIZES) <= 1);
}

#[test]
fn flows_in_turn_change_with_every_frame() {
    assert!(units("socket.change", "count = 4, popularity = \"in_turn\"", SIZES) >= FRAMES - 1);
    assert!(units("copy.change", "count = 4, popularity = \"in_turn\"", SIZES) <= 1);
}

#[test]
fn flows_and_sizes_at_random_change_as_often_as_chance_has_it() {
    let expected = |same: f64| FRAMES as f64 * (1.0 - same);
    let changes = units("socket.change", "count = 4", SIZES) as f64;
    assert!((changes / expected(0.25) - 1.0).abs() < 0.1, "{changes}");
    // IMIX: seven small, four middle, one large, shuffled. Of 12 * 11 ordered pairs 7 * 6 + 4 * 3 are alike.
    let same = 54.0 / 132.0;
    let changes = units("copy.change", "count = 1", MIX) as f64;
    assert!((changes / expected(same) - 1.0).abs() < 0.1, "{changes}");
}
