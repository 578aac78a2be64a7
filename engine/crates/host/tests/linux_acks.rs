//! The `linux` policy against what the running kernel does: the pattern is the kernel's, recorded and checked by
//! `tests/system/test_linux_acks.py`.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod ground;

use ground::{Ground, config, tcp};
use host::{AckConfig, AckPolicy};
use stage::{BufferPool, Nanos};
use wire::tcp::{Tcp, TcpOption};

const PATTERN: &str = include_str!("../../../../tests/system/linux_acks.txt");
const SEGMENT_BYTES: u32 = 1_000;
const FIRST: u32 = 1_001;
const QUIET_NS: Nanos = 100_000_000;
const LATE_NS: Nanos = 20_000_000;

fn segment_number(sequence: u32) -> u32 {
    sequence.wrapping_sub(FIRST) / SEGMENT_BYTES
}

fn said(frame: &[u8], after_ns: Nanos) -> String {
    let view = Tcp::new(&frame[34..]).unwrap();
    let when = if after_ns > LATE_NS { "late" } else { "now" };
    let mut words = vec![segment_number(view.ack()).to_string(), when.to_owned()];
    for option in view.options() {
        let TcpOption::Sack(bytes) = option.unwrap() else { continue };
        let edges: Vec<_> = bytes
            .chunks_exact(4)
            .map(|b| segment_number(u32::from_be_bytes(b.try_into().unwrap())))
            .collect();
        words.extend(edges.chunks_exact(2).map(|edge| format!("{}-{}", edge[0], edge[1])));
    }
    words.join(" ")
}

impl Ground {
    /// Nothing comes for a while: timers run out.
    fn rest(&mut self, until_ns: Nanos) {
        loop {
            self.seen.timers.sort_unstable_by_key(|(at_ns, socket)| (*at_ns, socket.0));
            let Some((at_ns, socket)) = self.seen.timers.first().copied().filter(|t| t.0 <= until_ns) else {
                break;
            };
            self.seen.timers.remove(0);
            self.seen.now_ns = self.seen.now_ns.max(at_ns);
            self.host.ack_timer(socket, &mut self.seen);
        }
        self.seen.now_ns = self.seen.now_ns.max(until_ns);
    }
}

#[test]
fn it_acknowledges_as_the_kernel_does() {
    let mut config = config(1);
    config.tcp.ack =
        AckConfig { policy: AckPolicy::Linux, awaited: true, window_scale: 0, ..AckConfig::default() };
    // With buffers of 64 KiB a segment of 1,000 bytes is 3/256 of what it takes: a window that opens as far as that of
    // the kernel's first buffer of 128 KiB, 74,777 bytes.
    config.tcp.rcvbuf_bytes = 74_777 / 3 * 256;
    let mut ground = Ground::new(config, 1);
    ground.buffers = BufferPool::new(1, 64, 65_536);
    let lines = PATTERN.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines {
        let (frames, expected) = line.split_once('|').unwrap();
        for frame in frames.split_whitespace() {
            let (at, segments) = frame.split_once(':').unwrap();
            let (at, segments): (u32, u16) = (at.parse().unwrap(), segments.parse().unwrap());
            let payload = vec![0; usize::from(segments) * SEGMENT_BYTES as usize];
            ground.arrive_merged(0, 1, &tcp(FIRST + at * SEGMENT_BYTES, 0x10, &payload), segments);
            ground.interrupt(0, 0);
            ground.net_rx_action(0);
            ground.read_all();
        }
        let quiet_from_ns = ground.seen.now_ns;
        ground.rest(quiet_from_ns + QUIET_NS);
        let at_ns = std::mem::take(&mut ground.seen.sent_at_ns);
        let sent = std::mem::take(&mut ground.seen.sent);
        let said: Vec<_> = sent
            .iter()
            .zip(at_ns)
            .map(|(frame, at_ns)| said(frame, at_ns.saturating_sub(quiet_from_ns)))
            .collect();
        assert_eq!(said.join(", "), expected.trim(), "after {frames}");
    }
}
