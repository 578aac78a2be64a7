//! A capture file of any bytes: read whole or refused, and what is read lies in the file and walks.

#![no_main]

use traffic::Capture;
use traffic::capture::{write_header, write_record};
use wire::walk::{self, Limits};

fn run(input: &[u8]) {
    let Ok(capture) = Capture::read(input.to_vec()) else { return };
    for record in &capture.records {
        let frame = capture.frame(record);
        assert_eq!(frame.len(), record.captured_bytes as usize, "a record's bytes are in the file");
        let mut inspect = fuzz::inspect::Inspect::new(frame);
        let wire_bytes = (record.original_bytes as usize).max(frame.len());
        let headers =
            walk::walk_captured(record.link.walk(), frame, wire_bytes, &Limits::DISSECT, &mut inspect);
        inspect.agrees_with(&headers, wire_bytes);
    }
    if let Some(first) = capture.records.first() {
        writes_what_it_reads(&capture, first.link);
    }
}

/// The records of one link type, written as pcap, read as they were.
fn writes_what_it_reads(capture: &Capture, link: traffic::LinkType) {
    let of_link: Vec<_> = capture.records.iter().filter(|record| record.link == link).collect();
    // The seconds of a pcap record are 32 bits wide.
    if of_link.iter().any(|record| record.at_ns / 1_000_000_000 > u64::from(u32::MAX)) {
        return;
    }
    let mut bytes = Vec::new();
    write_header(&mut bytes, link);
    for record in &of_link {
        write_record(&mut bytes, record.at_ns, capture.frame(record), record.original_bytes);
    }
    let again = Capture::read(bytes).unwrap();
    assert_eq!(again.records.len(), of_link.len());
    for (new, old) in again.records.iter().zip(of_link) {
        assert_eq!((new.at_ns, again.frame(new)), (old.at_ns, capture.frame(old)));
    }
}

fuzz::target!(run);
