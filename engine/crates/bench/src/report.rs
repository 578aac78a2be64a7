//! The results: one table for people, one JSON document for the record.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::machine::Machine;
use crate::rounds::Measured;
use crate::target::target;

/// One table, a line per job; `peer_state` says why there is no peer.
pub(crate) fn table(results: &[Measured], peer_state: &str) -> String {
    let mut rows = vec![
        [
            "job",
            "ours ns",
            "best",
            "undisturbed (rounds)",
            "million/s",
            "peer ns",
            "ratio min",
            "median",
            "max",
            "rounds",
            "same results",
            "peer",
            "not equal",
        ]
        .map(str::to_owned),
    ];
    for m in results {
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.2}"));
        let [low, middle, high] = m.ratio().map_or([None; 3], |ratio| ratio.map(Some));
        let same = match m.same_results {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "-",
        };
        let peer = if m.peer != "none" && m.peer_ns().is_none() { peer_state } else { m.peer };
        rows.push([
            format!("{} (per {})", m.name, m.item),
            number(Some(m.ours_ns())),
            number(Some(m.best_ns())),
            m.undisturbed().map_or_else(|| "-".to_owned(), |(rounds, ns)| format!("{ns:.2} ({rounds})")),
            number(Some(m.ours_per_second() / 1e6)),
            number(m.peer_ns()),
            number(low),
            number(middle),
            number(high),
            m.rounds.len().to_string(),
            same.to_owned(),
            peer.to_owned(),
            m.unequal.to_owned(),
        ]);
    }
    let mut widths = [0; 13];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            let numeric = (1..10).contains(&column);
            let padded = if numeric { format!("{cell:>width$}") } else { format!("{cell:<width$}") };
            line.push_str(&padded);
            line.push_str("  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The whole record: machine, build, every round.
pub(crate) fn document(results: &[Measured], machine: &Machine, peer_state: &str) -> Value {
    let jobs: Vec<Value> = results
        .iter()
        .map(|m| {
            json!({
                "job": m.name,
                "item": m.item,
                "unit": "ns per item",
                "ours_ns": m.ours_ns(),
                "best_ns": m.best_ns(),
                "undisturbed": m.undisturbed().map(|(rounds, ns)| json!({"rounds": rounds, "ours_ns": ns})),
                "ours_per_second": m.ours_per_second(),
                "peer_ns": m.peer_ns(),
                "ratio_min_median_max": m.ratio(),
                "rounds": m.rounds.iter().map(|r| json!({"ours_ns": r.ours_ns, "peer_ns": r.peer_ns, "lost": r.lost}))
                    .collect::<Vec<_>>(),
                "same_results": m.same_results,
                "peer": m.peer,
                "not_equal": m.unequal,
            })
        })
        .collect();
    json!({
        "schema": 1,
        "clock": "real",
        "cpu": machine.cpu,
        "kernel": machine.kernel,
        "core": machine.core,
        "pinned": machine.pinned,
        "load_before": machine.load_before,
        "gfni": machine.gfni,
        "target": target(),
        "peer_state": peer_state,
        "jobs": jobs,
    })
}

/// What was not equal in every comparison, and where it was measured.
pub(crate) fn preamble(machine: &Machine, peer_state: &str) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}, Linux {}, core {}{}, load before {}; DPDK: {peer_state}",
        machine.cpu,
        machine.kernel,
        machine.core,
        if machine.pinned { "" } else { " (not pinned)" },
        machine.load_before,
    );
    let _ = writeln!(
        text,
        "ours: Rust, {}, bounds and overflow checks on; peer: C, -O3 -march=native, unchecked",
        target(),
    );
    text
}
