//! A TCP sender as small as measuring needs: it shakes hands, keeps within the window, and sends frames as large
//! receive offload makes them. Nothing is lost before a kernel on the same machine but by it; what is not acknowledged
//! is then sent again.

use super::pattern::{LONGEST_BYTES, Pattern};
use super::segment::{Ends, HEADER_BYTES, Heard};
use crate::ports::tap::Tap;
use stage::{DropReason, QueueId};
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};
use wire::tcp::flag;
use wire::virtio_net::VirtioNetHeader;
use wire::walk;

/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Without an acknowledgement for so long, everything is sent again from the first byte that is missing.
const SEND_AGAIN_AFTER: Duration = Duration::from_millis(200);
/// The longest payload of a frame: what fits one IP packet.
const MAX_PAYLOAD_BYTES: usize = 65_535 - 40;

/// What is streamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamSettings {
    /// The queue frames are written to.
    pub queue: QueueId,
    /// Payload of each segment.
    pub segment_bytes: u16,
    /// Segments merged into each frame.
    pub segments: u16,
    /// Bytes to send.
    pub bytes: u64,
    /// Send no longer than that.
    pub at_most: Duration,
}

/// What a stream came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Streamed {
    /// Bytes the kernel's TCP has acknowledged: all that were sent.
    pub bytes: u64,
    /// Frames written.
    pub frames: u64,
    /// Acknowledgements heard.
    pub acks: u64,
    /// How often sending began again at an earlier byte.
    pub sent_again: u64,
    /// Frames the kernel did not take, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// From the first frame of data to the last acknowledgement.
    pub elapsed_ns: u64,
}

/// A stream that could not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamError {
    /// A setting no stream can have: key, value, what is allowed.
    Setting(graph::ScenarioError),
    /// The kernel did not answer, or ended the connection.
    Ended(&'static str),
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StreamError::Setting(error) => error.fmt(f),
            StreamError::Ended(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for StreamError {}

struct Sender<'a> {
    tap: &'a Tap,
    ends: Ends,
    queue: QueueId,
    /// Sequence number of the stream's first byte.
    first: u32,
    ack: u32,
    shift: u8,
    /// Bytes acknowledged, and bytes the receiver has room for behind them.
    acked: u64,
    window: u64,
    acks: u64,
    frame: Vec<u8>,
}

/// Connect to a socket of the kernel behind `tap`, send it a stream, and close. `go_on` is asked every few
/// milliseconds.
///
/// # Errors
/// A setting that cannot be; nobody listens, or the connection ends early.
pub fn stream(
    tap: &Tap,
    ends: Ends,
    settings: &StreamSettings,
    mut go_on: impl FnMut() -> bool,
) -> Result<Streamed, StreamError> {
    let payload_bytes = usize::from(settings.segment_bytes) * usize::from(settings.segments);
    if payload_bytes == 0 || payload_bytes > MAX_PAYLOAD_BYTES {
        let allowed = format!("1 to {MAX_PAYLOAD_BYTES} bytes in a frame");
        return Err(StreamError::Setting(graph::ScenarioError::new("segments", settings.segments, allowed)));
    }
    let pattern = Pattern::new();
    let mut sender = Sender::connect(tap, ends, settings.queue)?;
    let mut done = Streamed::default();
    let (start, mut heard_at, mut asked_at) = (Instant::now(), Instant::now(), Instant::now());
    let (mut sent, mut end) = (0, settings.bytes);
    while sender.acked < end {
        let now = Instant::now();
        if now - start > settings.at_most || now - asked_at > Duration::from_millis(20) && !go_on() {
            end = end.min(sent.max(sender.acked));
        }
        if now - asked_at > Duration::from_millis(20) {
            asked_at = now;
        }
        let before = sender.acked;
        let len = payload_bytes.min((end - sent.min(end)) as usize).min(LONGEST_BYTES);
        let room = sender.acked + sender.window;
        if len > 0 && sent + len as u64 <= room {
            match sender.send(&pattern, sent, len, settings.segment_bytes) {
                Ok(()) => sent += len as u64,
                Err(reason) => *done.refused.entry(reason.name()).or_insert(0) += 1,
            }
            done.frames += 1;
            // Acknowledgements are looked for once in a while as long as there is room.
            if done.frames % 8 == 0 {
                sender.listen(Duration::ZERO)?;
            }
        } else {
            sender.listen(Duration::from_millis(5))?;
        }
        if sender.acked > before {
            heard_at = Instant::now();
        } else if heard_at.elapsed() > SEND_AGAIN_AFTER && sent > sender.acked {
            sent = sender.acked;
            done.sent_again += 1;
            heard_at = Instant::now();
        }
        sent = sent.max(sender.acked);
    }
    done.elapsed_ns = start.elapsed().as_nanos() as u64;
    sender.close();
    Ok(Streamed { bytes: sender.acked, acks: sender.acks, ..done })
}

impl<'a> Sender<'a> {
    fn connect(tap: &'a Tap, ends: Ends, queue: QueueId) -> Result<Self, StreamError> {
        let initial = 1_000;
        let frame = vec![0; 1 << 16];
        let mut sender = Sender {
            tap,
            ends,
            queue,
            first: initial + 1,
            ack: 0,
            shift: 0,
            acked: 0,
            window: 0,
            acks: 0,
            frame,
        };
        let syn = ends.control(initial, 0, flag::SYN);
        let start = Instant::now();
        while start.elapsed() < ANSWER_WITHIN {
            let _ = tap.write(queue, &VirtioNetHeader::default(), &[&syn]);
            let mut answer = None;
            sender.each(Duration::from_millis(300), |_, heard| answer = answer.or(Some(heard)));
            match answer {
                Some(heard) if heard.flags & flag::RST != 0 => {
                    return Err(StreamError::Ended(
                        "the kernel refused the connection: nobody listens there",
                    ));
                }
                Some(heard) if heard.flags & (flag::SYN | flag::ACK) == flag::SYN | flag::ACK => {
                    sender.ack = heard.seq.wrapping_add(1);
                    sender.shift = heard.window_shift;
                    sender.window = u64::from(heard.window);
                    let ack = ends.control(sender.first, sender.ack, flag::ACK);
                    let _ = tap.write(queue, &VirtioNetHeader::default(), &[&ack]);
                    return Ok(sender);
                }
                _ => {}
            }
        }
        Err(StreamError::Ended("the kernel did not answer: is the interface up, the address its own?"))
    }

    fn send(&mut self, pattern: &Pattern, at: u64, len: usize, segment_bytes: u16) -> Result<(), DropReason> {
        let seq = self.first.wrapping_add(at as u32);
        let mut head = self.ends.head(seq, self.ack, len);
        // Also a single segment leaves with its checksum to be completed: nobody sums it twice.
        let headers = walk::headers(&head);
        let header = VirtioNetHeader::merged(&mut head, &headers, HEADER_BYTES + len, segment_bytes);
        let header = header.ok_or(DropReason::DevHdr)?;
        self.tap.write(self.queue, &header, &[&head, pattern.at(at, len)]).map_err(|refused| refused.reason)
    }

    /// Take in what the kernel has acknowledged, waiting at most so long for something.
    fn listen(&mut self, at_most: Duration) -> Result<(), StreamError> {
        let mut ended = false;
        self.each(at_most, |sender, heard| {
            ended |= heard.flags & (flag::RST | flag::FIN) != 0;
            // Sequence numbers wrap: the distance to the last acknowledgement is small.
            let expected = sender.first.wrapping_add(sender.acked as u32);
            let further = heard.ack.wrapping_sub(expected);
            if further < 1 << 31 {
                sender.acked += u64::from(further);
                sender.window = u64::from(heard.window) << sender.shift;
                sender.acks += 1;
            }
        });
        if ended { Err(StreamError::Ended("the kernel ended the connection")) } else { Ok(()) }
    }

    fn each(&mut self, at_most: Duration, mut hear: impl FnMut(&mut Self, Heard)) {
        let ready = if at_most.is_zero() {
            (0..self.tap.queues()).map(QueueId).collect()
        } else {
            self.tap.wait(at_most.as_millis() as u32).unwrap_or_default()
        };
        let mut frame = std::mem::take(&mut self.frame);
        for queue in ready {
            while let Ok(Some((_, bytes))) = self.tap.read(queue, &mut frame) {
                if let Some(heard) = self.ends.hear(frame.get(..bytes).unwrap_or(&[])) {
                    hear(self, heard);
                }
            }
        }
        self.frame = frame;
    }

    /// The socket is to read an end; whether it answers is no matter.
    fn close(&mut self) {
        let seq = self.first.wrapping_add(self.acked as u32);
        let fin = self.ends.control(seq, self.ack, flag::FIN | flag::ACK);
        let _ = self.tap.write(self.queue, &VirtioNetHeader::default(), &[&fin]);
        self.each(Duration::from_millis(20), |_, _| {});
    }
}
