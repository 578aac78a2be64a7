//! One frame through everything that parses: the walk, its views, checksums, classification.

#![no_main]

use std::cell::RefCell;

use fuzz::inspect::Inspect;
use nic::{Classified, Nic, NicConfig};
use wire::walk::{self, Limits, Link};

const LINKS: [Link; 5] = [Link::Ethernet, Link::RawIp, Link::BsdNull, Link::LinuxCooked, Link::LinuxCooked2];
/// A NIC hashes the outer or the inner layer, and verifies checksums.
const QUEUES: u16 = 8;

thread_local! {
    static NICS: RefCell<[Nic; 2]> = RefCell::new([false, true].map(nic));
}

fn nic(inner: bool) -> Nic {
    let mut config = NicConfig { queues: QUEUES, max_frame_bytes: 16_384, ..NicConfig::default() };
    config.rss.inner = inner;
    let mut buffers = config.buffer_pool(1024);
    Nic::new(config, &mut buffers).unwrap()
}

/// The first byte says how the frame starts and whether the capture cut it; the rest is the frame.
fn run(input: &[u8]) {
    let Some((&how, frame)) = input.split_first() else { return };
    let link = LINKS[usize::from(how & 7) % LINKS.len()];
    let wire_bytes = frame.len() + usize::from(how >> 3) * 97;

    let mut inspect = Inspect::new(frame);
    let dissected = walk::walk_captured(link, frame, wire_bytes, &Limits::DISSECT, &mut inspect);
    inspect.agrees_with(&dissected, wire_bytes);

    let headers = walk::headers(frame);
    let mut inspect = Inspect::new(frame);
    assert_eq!(
        headers,
        walk::walk(Link::Ethernet, frame, &Limits::DATAPATH, &mut inspect),
        "fast path and walk differ"
    );
    inspect.agrees_with(&headers, frame.len());
    let _ = walk::verify_ip_checksum(frame, &headers);
    let _ = walk::verify_l4_checksum(frame, &headers);
    let _ = walk::verify_tcp_options(frame, &headers);

    NICS.with_borrow(|nics| {
        for nic in nics {
            let mut classified = [Classified::default()];
            nic.classify(&[frame], &mut classified);
            assert!(nic.queue_of(&classified[0]).0 < QUEUES);
        }
    });
}

fuzz::target!(run);
