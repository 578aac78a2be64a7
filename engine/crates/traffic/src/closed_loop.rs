//! What a source does when some of its streams await acknowledgements: it can look no further ahead than a round trip.

use crate::batch::Batch;
use crate::line::FCS_BYTES;
use crate::source::{Next, Source, Stream};
use crate::tcp::{FlowRecord, PathTally, TcpStream};
use crate::tuples::Tuple;
use stage::Nanos;
use wire::tcp::Tcp;

impl Source {
    /// Whether some of it awaits acknowledgements: then [`Source::fill_until`] takes the place of [`Source::fill`].
    pub fn is_closed_loop(&self) -> bool {
        self.closed_loop
    }

    /// What both ends of each connection agreed on (RFC 7323 section 2.2).
    pub fn agree(&mut self, window_scale: u8) {
        self.senders_mut().for_each(|senders| senders.agree(window_scale));
    }

    /// How far ahead the present decides what is sent: the shortest round-trip time.
    pub fn lookahead_ns(&self) -> Nanos {
        self.senders().map(TcpStream::rtt_ns).min().unwrap_or(Nanos::MAX)
    }

    /// When something happens here next, if nothing comes back before; `None`: never.
    pub fn next_ns(&self) -> Option<Nanos> {
        let planned = |stream: &Stream| match stream {
            Stream::Tcp(senders) => senders.next_ns(),
            other => other.planned().map(|(at_ns, _)| at_ns),
        };
        self.streams.iter().filter_map(planned).min()
    }

    /// Whether nothing more will be sent, whatever comes back.
    pub fn is_finished(&self) -> bool {
        let ended = |stream: &Stream| match stream {
            Stream::Tcp(senders) => senders.is_finished(),
            other => other.planned().is_none(),
        };
        self.frames_left == 0 || self.streams.iter().all(ended)
    }

    /// Fill the batch anew with frames that enter the line at `decided_ns` at the latest and arrive at `until_ns` at the
    /// latest, as many as it holds, in order of arrival; returns how many.
    pub fn fill_until(&mut self, decided_ns: Nanos, until_ns: Nanos, batch: &mut Batch) -> usize {
        batch.begin(self.largest_bytes);
        while !batch.is_full() && self.frames_left > 0 {
            self.senders_mut().for_each(|senders| senders.run(decided_ns));
            let planned =
                |(i, stream): (usize, &Stream)| stream.planned().map(|(at_ns, bytes)| (at_ns, i, bytes));
            let first = self.streams.iter().enumerate().filter_map(planned).min_by_key(|p| p.0);
            let Some((sent_ns, at, wire_bytes)) = first.filter(|first| first.0 <= decided_ns) else { break };
            let Some(stream) = self.streams.get_mut(at) else { break };
            if let Stream::Tcp(senders) = stream
                && !senders.fits(&self.line)
            {
                continue;
            }
            let mut line = self.line.clone();
            let arrived_ns = line.carry(sent_ns, wire_bytes);
            if arrived_ns > until_ns {
                // It and what follows come too late to be offered.
                self.frames_left = 0;
                break;
            }
            self.line = line;
            let offer = stream.write(&Next { stream: at, sent_ns, arrived_ns, wire_bytes }, batch.slot());
            batch.push(offer);
            stream.plan();
            self.frames_left -= 1;
        }
        batch.len()
    }

    /// The host sent a frame at `at_ns`. False if it answers no flow of this source's.
    pub fn acknowledge(&mut self, at_ns: Nanos, frame: &[u8]) -> bool {
        let Some((tuple, transport_at)) = Tuple::answered(frame) else { return false };
        let Some(segment) = frame.get(transport_at..).and_then(|bytes| Tcp::new(bytes).ok()) else {
            return false;
        };
        let wire_bytes = frame.len() as u32 + FCS_BYTES;
        let answer_bytes = frame.len().saturating_sub(transport_at + segment.header_len_bytes()) as u32;
        self.senders_mut()
            .any(|senders| senders.acknowledge(at_ns, &tuple, &segment, answer_bytes, wire_bytes))
    }

    /// Every flow of every sender.
    pub fn flow_records(&self) -> impl Iterator<Item = FlowRecord> + '_ {
        self.senders().flat_map(TcpStream::records)
    }

    /// Of each stream of senders: what it counted, and how many frames and acknowledgements are under way.
    pub fn path_tallies(&self) -> impl Iterator<Item = (PathTally, (u64, u64))> + '_ {
        self.senders().map(|senders| (*senders.tally(), senders.under_way()))
    }

    fn senders(&self) -> impl Iterator<Item = &TcpStream> {
        self.streams.iter().filter_map(|stream| match stream {
            Stream::Tcp(senders) => Some(&**senders),
            _ => None,
        })
    }

    fn senders_mut(&mut self) -> impl Iterator<Item = &mut TcpStream> {
        self.streams.iter_mut().filter_map(|stream| match stream {
            Stream::Tcp(senders) => Some(&mut **senders),
            _ => None,
        })
    }
}
