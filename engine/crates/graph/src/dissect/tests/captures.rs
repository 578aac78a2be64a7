//! The captures that are shipped: every frame is told, and none is lost.

use super::*;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// How many frames were received, if the totals are those of the lines and nothing is lost.
pub(super) fn law(lines: &[String]) -> Result<u64, String> {
    let (stats, frames) = lines.split_last().ok_or("no lines")?;
    let parse = |line: &str| serde_json::from_str::<Value>(line).map_err(|error| format!("{error}: {line}"));
    let stats = parse(stats)?["stats"].take();
    let count = |key: &str| stats[key].as_u64().ok_or(format!("no {key}"));
    let by_reason = stats["dropped"].as_object().ok_or("no dropped")?;
    let dropped: u64 = by_reason.values().filter_map(Value::as_u64).sum();
    let ends = count("delivered")? + dropped + count("pending")? + count("consumed")?;
    let mut delivered = 0;
    let mut counted = std::collections::BTreeMap::<String, u64>::new();
    for (i, line) in frames.iter().enumerate() {
        let line = parse(line)?;
        if line["n"] != i as u64 + 1 {
            return Err(format!("{} is line {i}", line["n"]));
        }
        match line["verdict"].as_str().ok_or("no verdict")?.strip_prefix("dropped:") {
            Some(reason) => *counted.entry(reason.to_owned()).or_default() += 1,
            None => delivered += 1,
        }
    }
    let same = by_reason.len() == counted.len()
        && counted.iter().all(|(r, n)| by_reason.get(r) == Some(&(*n).into()));
    let rx = count("rx")?;
    if rx == ends && rx == frames.len() as u64 && delivered == count("delivered")? && same {
        return Ok(rx);
    }
    Err(format!("{stats}: {} lines, {delivered} delivered, {counted:?} dropped", frames.len()))
}

fn shipped(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            shipped(&path, found);
        } else if path.extension().is_some_and(|e| e == "pcap" || e == "pcapng") {
            found.push(path);
        }
    }
}

#[test]
fn no_frame_of_a_shipped_capture_is_lost() {
    let mut found = Vec::new();
    shipped(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../datasets/captures"), &mut found);
    assert!(found.len() >= 2, "{found:?}");
    for path in found {
        let frames = law(&lines(fs::read(&path).unwrap())).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        assert!(frames > 0, "{path:?}");
    }
}

#[test]
fn what_real_programs_sent_is_delivered() {
    let file = include_bytes!("../../../../../../datasets/captures/first_light/first_light.pcap");
    let mut dissector = Dissector::new(&file[..], KEY, 8).unwrap();
    assert!(dissector.by_ref().count() > 100);
    assert_eq!(dissector.tally().dropped_total(), 0, "{:?}", dissector.tally());
}
