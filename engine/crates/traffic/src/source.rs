//! One source of frames, whatever they come from: the simulator pulls them in batches.

use crate::batch::{Batch, NO_FLOW, Offer};
use crate::capture::{Capture, LinkType};
use crate::config::{StreamConfig, TrafficConfig};
use crate::error::{ConfigError, check_range};
use crate::generator::{self, Generator};
use crate::line::{FCS_BYTES, Line};
use crate::replay::{self, Replay};
use crate::tcp::TcpStream;
use crate::tuples::MAX_STREAMS;
use stage::Nanos;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Capture files, read by the caller, under the names the configuration gives them.
pub type Captures = BTreeMap<String, Arc<[u8]>>;

/// Line rates: 1 Mb/s to 1 Tb/s.
const RATES_BPS: std::ops::RangeInclusive<u64> = 1_000_000..=1_000_000_000_000;

/// Frames in order of arrival. The same configuration and seed give the same times and bytes.
#[derive(Clone, Debug)]
pub struct Source {
    pub(crate) streams: Vec<Stream>,
    pub(crate) line: Line,
    next: Option<Next>,
    pub(crate) frames_left: u64,
    pub(crate) largest_bytes: u32,
    /// Some of it awaits acknowledgements.
    pub(crate) closed_loop: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Stream {
    Generated(Box<Generator>, Option<generator::Planned>),
    Captured(Box<Replay>, Option<replay::Planned>),
    Tcp(Box<TcpStream>),
}

/// The frame that is on the line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Next {
    pub(crate) stream: usize,
    pub(crate) sent_ns: Nanos,
    pub(crate) arrived_ns: Nanos,
    pub(crate) wire_bytes: u32,
}

impl Source {
    /// A source of generated streams.
    ///
    /// # Errors
    /// A value that is not allowed, by its key; a captured stream, for which see [`Source::with_captures`].
    pub fn new(config: &TrafficConfig, seed: u64) -> Result<Self, ConfigError> {
        Source::with_captures(config, seed, &Captures::new())
    }

    /// A source whose captured streams are found in `captures`.
    ///
    /// # Errors
    /// A value that is not allowed, by its key; a capture that is not there or cannot be read.
    pub fn with_captures(
        config: &TrafficConfig,
        seed: u64,
        captures: &Captures,
    ) -> Result<Self, ConfigError> {
        let rate_bps = check_range("rate_bps", config.rate_bps, RATES_BPS)?;
        check_range("streams", config.streams.len(), 1..=MAX_STREAMS)?;
        let streams = config.streams.iter().enumerate().map(|(i, stream)| {
            Stream::new(stream, rate_bps, seed, i as u16, captures)
                .map_err(|e| e.within(&format!("streams[{i}]")))
        });
        let streams = streams.collect::<Result<Vec<_>, _>>()?;
        let frames_left = config.frames.unwrap_or(u64::MAX);
        let largest_bytes = streams.iter().map(Stream::largest_bytes).max().unwrap_or(0);
        let closed_loop = streams.iter().any(|stream| matches!(stream, Stream::Tcp(_)));
        let line = Line::new(rate_bps);
        let mut source = Source { streams, line, next: None, frames_left, largest_bytes, closed_loop };
        source.streams.iter_mut().for_each(Stream::plan);
        if !closed_loop {
            source.advance();
        }
        Ok(source)
    }

    /// A batch with slots for this source's frames.
    pub fn batch(&self) -> Batch {
        Batch::new(self.largest_bytes)
    }

    /// Bytes of the largest frame, without FCS.
    pub fn largest_bytes(&self) -> u32 {
        self.largest_bytes
    }

    /// When the next frame arrives; `None` once there are no more.
    pub fn next_arrival_ns(&self) -> Option<Nanos> {
        self.next.map(|next| next.arrived_ns)
    }

    /// Fill the batch anew with frames that arrive up to and at `until_ns`, as many as it holds, in order of arrival;
    /// returns how many. A batch made for another source is widened where needed, once; nothing else allocates.
    #[inline]
    pub fn fill(&mut self, until_ns: Nanos, batch: &mut Batch) -> usize {
        batch.begin(self.largest_bytes);
        while let Some(next) = self.next {
            if next.arrived_ns > until_ns || batch.is_full() {
                break;
            }
            if let Some(stream) = self.streams.get_mut(next.stream) {
                let offer = stream.write(&next, batch.slot());
                batch.push(offer);
                stream.plan();
            }
            self.advance();
        }
        batch.len()
    }

    /// Put the frame on the line that is meant to be sent first; of several, the first stream's.
    #[inline]
    fn advance(&mut self) {
        self.next = None;
        if self.frames_left == 0 {
            return;
        }
        let planned =
            |(i, stream): (usize, &Stream)| stream.planned().map(|(at_ns, bytes)| (at_ns, i, bytes));
        if let Some((sent_ns, stream, wire_bytes)) =
            self.streams.iter().enumerate().filter_map(planned).min_by_key(|p| p.0)
        {
            let arrived_ns = self.line.carry(sent_ns, wire_bytes);
            self.next = Some(Next { stream, sent_ns, arrived_ns, wire_bytes });
            self.frames_left -= 1;
        }
    }
}

impl Stream {
    fn new(
        config: &StreamConfig,
        rate_bps: u64,
        seed: u64,
        stream: u16,
        captures: &Captures,
    ) -> Result<Self, ConfigError> {
        match config {
            StreamConfig::Generated(config) => Generator::new(config, rate_bps, seed, stream)
                .map(|generator| Stream::Generated(Box::new(generator), None))
                .map_err(|e| e.within("generated")),
            StreamConfig::Tcp(config) => TcpStream::new(config, rate_bps, seed, stream)
                .map(|senders| Stream::Tcp(Box::new(senders)))
                .map_err(|e| e.within("tcp")),
            StreamConfig::Capture(config) => {
                let bytes = captures.get(&config.file).ok_or_else(|| {
                    let known: Vec<_> = captures.keys().map(String::as_str).collect();
                    ConfigError::new("capture.file", &config.file, format!("one of [{}]", known.join(", ")))
                })?;
                let capture = Capture::read(bytes.clone()).map_err(|e| {
                    ConfigError::new("capture.file", format!("{}: {e}", config.file), "a capture")
                })?;
                Replay::new(config, capture, rate_bps)
                    .map(|replay| Stream::Captured(Box::new(replay), None))
                    .map_err(|e| e.within("capture"))
            }
        }
    }

    fn largest_bytes(&self) -> u32 {
        match self {
            Stream::Generated(generator, _) => generator.largest_bytes(),
            Stream::Captured(replay, _) => replay.largest_bytes(),
            Stream::Tcp(senders) => senders.largest_bytes(),
        }
    }

    #[inline]
    pub(crate) fn plan(&mut self) {
        match self {
            Stream::Generated(generator, planned) => *planned = generator.plan(),
            Stream::Captured(replay, planned) => *planned = replay.plan(),
            // Its frames are planned when time has come so far.
            Stream::Tcp(_) => {}
        }
    }

    /// Intended time and bytes on the wire of the frame planned.
    #[inline]
    pub(crate) fn planned(&self) -> Option<(Nanos, u32)> {
        match self {
            Stream::Generated(_, planned) => planned.as_ref().map(|p| (p.sent_ns, p.shape.wire_bytes)),
            Stream::Captured(_, planned) => planned.as_ref().map(|p| (p.sent_ns, p.wire_bytes)),
            Stream::Tcp(senders) => senders.planned().map(|p| (p.sent_ns, p.wire_bytes)),
        }
    }

    #[inline]
    pub(crate) fn write(&mut self, next: &Next, slot: &mut [u8]) -> Offer {
        let (flow, bytes, link) = match self {
            Stream::Generated(generator, Some(planned)) => {
                (generator.write(planned, slot), next.wire_bytes - FCS_BYTES, LinkType::Ethernet)
            }
            Stream::Captured(replay, Some(planned)) => {
                let (bytes, link) = replay.write(planned, slot);
                (NO_FLOW, bytes, link)
            }
            Stream::Tcp(senders) => (senders.write(slot), next.wire_bytes - FCS_BYTES, LinkType::Ethernet),
            _ => (NO_FLOW, 0, LinkType::Ethernet),
        };
        Offer {
            sent_ns: next.sent_ns,
            arrived_ns: next.arrived_ns,
            flow,
            stream: next.stream as u16,
            bytes,
            wire_bytes: next.wire_bytes,
            link,
        }
    }
}
