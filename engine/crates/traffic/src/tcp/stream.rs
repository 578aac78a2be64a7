//! A stream of senders: flows begin, send, are acknowledged and end; what they send is handed to the line in order.
//!
//! Times here are those at which a frame enters the line. The whole round-trip time is put on the acknowledgement's
//! way, which comes to the same: a sender is seen from the line.

use super::agenda::{Agenda, Due};
use super::flow::Flow;
use super::path::Path;
use super::record::FlowRecord;
use super::requests::{Gaps, Requests};
use super::sender::{AckSeen, Next, SenderConfig, Transmission};
use super::{PathTally, TcpStreamConfig};
use crate::class::Class;
use crate::error::ConfigError;
use crate::lifetime::FlowSizes;
use crate::line::{FCS_BYTES, Line, MIN_FRAME_BYTES};
use crate::template::{FILLER, Template};
use crate::tuples::{Tuple, Tuples};
use stage::{Nanos, Random};
use std::collections::{HashMap, VecDeque};
use wire::tcp::Tcp;

/// A frame that has left its sender.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    pub(crate) sent_ns: Nanos,
    pub(crate) wire_bytes: u32,
    flow: u32,
    segment: Transmission,
}

/// Senders of one stream.
#[derive(Clone, Debug)]
pub(crate) struct TcpStream {
    config: TcpStreamConfig,
    stream: u16,
    sizes: FlowSizes,
    tuples: Tuples,
    births: Random,
    flows: Vec<Flow>,
    /// Flows that have begun and not ended.
    alive: u32,
    by_tuple: HashMap<Tuple, u32>,
    agenda: Agenda,
    /// Acknowledgements on their way, in places used again.
    travelling: Vec<(u32, AckSeen)>,
    free: Vec<u32>,
    path: Path,
    outbox: VecDeque<Planned>,
    gaps: Option<Gaps>,
    filler: Box<[u8]>,
    window_scale: u8,
    /// Carries acknowledgements' bits, one by one: the way back is never congested.
    rate_bps: u64,
}

impl TcpStream {
    pub(crate) fn new(
        config: &TcpStreamConfig,
        rate_bps: u64,
        seed: u64,
        stream: u16,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let component = format!("traffic.{stream}");
        let mut senders = TcpStream {
            stream,
            sizes: FlowSizes::new(config.size.as_ref())?,
            tuples: Tuples::new(config.destination, Random::for_component(seed, "traffic.tuples"))?,
            births: Random::for_component(seed, &format!("{component}.births")),
            flows: Vec::new(),
            alive: 0,
            by_tuple: HashMap::new(),
            agenda: Agenda::default(),
            travelling: Vec::new(),
            free: Vec::new(),
            path: Path::new(config, seed, &component),
            outbox: VecDeque::new(),
            gaps: config.requests.map(|requests| {
                let random = Random::for_component(seed, &format!("{component}.requests"));
                Gaps::new(requests, config.flows, random)
            }),
            filler: FILLER.iter().copied().cycle().take(config.mss as usize).collect(),
            window_scale: 0,
            rate_bps,
            config: config.clone(),
        };
        for flow in 0..u64::from(config.flows) {
            senders.bear(config.start_ns.saturating_add(config.stagger_ns.saturating_mul(flow)));
        }
        Ok(senders)
    }

    pub(crate) fn agree(&mut self, window_scale: u8) {
        self.window_scale = window_scale;
    }

    pub(crate) fn rtt_ns(&self) -> Nanos {
        self.config.rtt_ns
    }

    pub(crate) fn largest_bytes(&self) -> u32 {
        (self.class().header_bytes() + self.config.mss).max(MIN_FRAME_BYTES - FCS_BYTES)
    }

    fn class(&self) -> Class {
        Class::new(self.config.ipv6, true)
    }

    /// A new flow, which starts then.
    fn bear(&mut self, at_ns: Nanos) {
        let serial = self.flows.len() as u32;
        let tuple = self.tuples.tuple(self.stream, serial, self.config.ipv6);
        let size_bytes = self.sizes.draw(&mut self.births);
        let config = SenderConfig {
            mss: self.segment_bytes(),
            size_bytes,
            congestion: self.config.congestion,
            byte_counting: self.config.byte_counting,
            initial_window: self.config.initial_window,
            initial_ssthresh: self.config.initial_ssthresh,
            sack: self.config.sack,
            pacing: self.config.pacing,
            min_rto_ns: self.config.min_rto_ns,
        };
        let template = Template::new(self.class(), &tuple, self.config.dscp);
        let source: Box<[u8]> =
            if self.config.ipv6 { tuple.source.into() } else { tuple.source_ipv4().into() };
        let ports = [tuple.source_port, tuple.destination_port];
        let mut flow = Flow::new(config, template, serial, source, ports, self.births.next_u64());
        if let Some(gaps) = &mut self.gaps {
            flow.sender.await_writes();
            let due_ns = at_ns.saturating_add(gaps.draw());
            flow.requests = Some(Requests { due_ns, outstanding: false });
            self.agenda.schedule(due_ns, Due::Request(serial));
        }
        self.flows.push(flow);
        self.by_tuple.insert(tuple, serial);
        self.agenda.schedule(at_ns, Due::Start(serial));
        self.alive += 1;
    }

    /// Whether it will send nothing more, whatever comes back.
    pub(crate) fn is_finished(&self) -> bool {
        self.alive == 0 && self.outbox.is_empty()
    }

    /// When something happens here next, if nothing comes back before.
    pub(crate) fn next_ns(&self) -> Option<Nanos> {
        let front_ns = self.outbox.front().map(|planned| planned.sent_ns);
        front_ns.into_iter().chain(self.agenda.next_ns()).min()
    }

    /// Let everything happen up to and at `until_ns` until there is a frame to send.
    pub(crate) fn run(&mut self, until_ns: Nanos) {
        while self.outbox.is_empty()
            && let Some((now_ns, due)) = self.agenda.pop(until_ns)
        {
            self.happen(now_ns, due);
        }
    }

    fn happen(&mut self, now_ns: Nanos, due: Due) {
        let (place, ack) = match due {
            Due::Ack(at) => {
                let Some((flow, seen)) = self.travelling.get(at as usize).copied() else { return };
                self.free.push(at);
                self.path.tally.arrived_acks += 1;
                (flow, Some(seen))
            }
            Due::Start(flow) | Due::Timer(flow) | Due::Send(flow) | Due::Request(flow) => (flow, None),
        };
        let Some(flow) = self.flows.get_mut(place as usize) else { return };
        match (due, ack) {
            (Due::Start(_), _) => flow.start_ns = Some(now_ns),
            (Due::Request(_), _) => self.ask(place, now_ns),
            (Due::Timer(_), _) => {
                flow.watched_ns = None;
                flow.sender.time(now_ns);
            }
            (_, Some(seen)) => {
                let was_done = flow.done_ns.is_some();
                flow.sender.acknowledge(now_ns, &seen);
                flow.note(now_ns);
                let answered = flow.requests.as_mut().filter(|_| seen.answer_bytes > 0);
                if let Some(requests) = answered {
                    requests.outstanding = false;
                    flow.answered(seen.answer_bytes);
                    self.ask(place, now_ns);
                    return self.release(place, now_ns);
                }
                if flow.done_ns.is_some() && !was_done {
                    self.alive -= 1;
                    if self.config.repeat {
                        self.bear(now_ns);
                    }
                }
            }
            _ => {}
        }
        self.release(place, now_ns);
    }

    /// The flow's program writes its next request, if that is due and none awaits its answer.
    fn ask(&mut self, place: u32, now_ns: Nanos) {
        let bytes = self.segment_bytes();
        let (Some(flow), Some(gaps)) = (self.flows.get_mut(place as usize), &mut self.gaps) else { return };
        let Some(requests) = flow.requests.as_mut().filter(|requests| !requests.outstanding) else { return };
        if requests.due_ns > now_ns {
            self.agenda.schedule(requests.due_ns, Due::Request(place));
            return;
        }
        requests.outstanding = true;
        requests.due_ns = requests.due_ns.saturating_add(gaps.draw());
        flow.sender.write(bytes);
    }

    /// Payload of a full segment: of a request, if it sends those.
    fn segment_bytes(&self) -> u32 {
        self.config.requests.map_or(self.config.mss, |requests| requests.bytes)
    }

    /// Send what the flow may send now, and see to its timer.
    fn release(&mut self, place: u32, now_ns: Nanos) {
        let Some(flow) = self.flows.get_mut(place as usize) else { return };
        loop {
            match flow.sender.next(now_ns) {
                Next::Send(segment) => {
                    let wire_bytes = (flow.frame_bytes(segment.bytes) + FCS_BYTES).max(MIN_FRAME_BYTES);
                    if !self.path.loses_frame() {
                        self.outbox.push_back(Planned { sent_ns: now_ns, wire_bytes, flow: place, segment });
                    }
                }
                Next::At(at_ns) => {
                    if flow.paced_ns != Some(at_ns) {
                        flow.paced_ns = Some(at_ns);
                        self.agenda.schedule(at_ns, Due::Send(place));
                    }
                    break;
                }
                Next::Wait => break,
            }
        }
        // The deadline moves with every acknowledgement: one entry under way is enough, which then looks again.
        if let Some(deadline_ns) = flow.sender.deadline_ns()
            && flow.watched_ns.is_none_or(|watched_ns| deadline_ns < watched_ns)
        {
            flow.watched_ns = Some(deadline_ns);
            self.agenda.schedule(deadline_ns, Due::Timer(place));
        }
    }

    /// The frame that goes next.
    pub(crate) fn planned(&self) -> Option<&Planned> {
        self.outbox.front()
    }

    /// Whether the line has room for the frame planned; otherwise it is lost there.
    pub(crate) fn fits(&mut self, line: &Line) -> bool {
        let (Some(planned), Some(buffer_bytes)) = (self.outbox.front(), self.config.buffer_bytes) else {
            return true;
        };
        let waiting_ns = line.free_ns().saturating_sub(planned.sent_ns);
        let waiting_bytes = u128::from(waiting_ns) * u128::from(self.rate_bps) / 8_000_000_000;
        let fits = waiting_bytes + u128::from(planned.wire_bytes) <= u128::from(buffer_bytes);
        if !fits {
            self.path.tally.overflowed_frames += 1;
            self.outbox.pop_front();
        }
        fits
    }

    /// Write the frame planned; returns its flow's serial number.
    pub(crate) fn write(&mut self, slot: &mut [u8]) -> u32 {
        let Some(planned) = self.outbox.pop_front() else { return 0 };
        self.path.tally.offered_frames += 1;
        let segment_bytes = self.segment_bytes();
        if let Some(flow) = self.flows.get_mut(planned.flow as usize) {
            let bytes = planned.wire_bytes - FCS_BYTES;
            flow.write(&planned.segment, segment_bytes, &self.filler, bytes, slot);
        }
        planned.flow
    }

    /// The host sent an acknowledgement, with an answer of so many bytes, to `tuple`'s sender at `at_ns`. False if it is none of this stream's.
    pub(crate) fn acknowledge(
        &mut self,
        at_ns: Nanos,
        tuple: &Tuple,
        segment: &Tcp<'_>,
        answer_bytes: u32,
        wire_bytes: u32,
    ) -> bool {
        let Some(place) = self.by_tuple.get(tuple).copied() else { return false };
        if self.path.loses_ack() {
            return true;
        }
        let Some(flow) = self.flows.get(place as usize) else { return false };
        let Some(seen) = flow.read_ack(segment, answer_bytes, self.window_scale) else {
            self.path.tally.lost_acks += 1;
            return true;
        };
        let mut line = Line::new(self.rate_bps);
        let arrives_ns = line.carry(at_ns, wire_bytes) + self.config.rtt_ns;
        let at = self.free.pop().unwrap_or(self.travelling.len() as u32);
        match self.travelling.get_mut(at as usize) {
            Some(slot) => *slot = (place, seen),
            None => self.travelling.push((place, seen)),
        }
        self.agenda.schedule(arrives_ns, Due::Ack(at));
        true
    }

    pub(crate) fn tally(&self) -> &PathTally {
        &self.path.tally
    }

    /// Frames and acknowledgements that are neither lost nor arrived, found by counting them.
    pub(crate) fn under_way(&self) -> (u64, u64) {
        (self.outbox.len() as u64, (self.travelling.len() - self.free.len()) as u64)
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = FlowRecord> + '_ {
        self.flows.iter().map(|flow| FlowRecord {
            stream: self.stream,
            flow: flow.serial,
            source: flow.source.clone(),
            source_port: flow.ports[0],
            destination_port: flow.ports[1],
            congestion: self.config.congestion,
            mss_bytes: self.config.mss,
            size_bytes: flow.size_bytes,
            acknowledged_bytes: flow.sender.acknowledged(),
            flight_bytes: flow.sender.flight_bytes(),
            window_bytes: flow.sender.window_bytes(),
            threshold_bytes: flow.sender.threshold_bytes(),
            srtt_ns: flow.sender.srtt_ns(),
            start_ns: flow.start_ns,
            slow_start_end_ns: flow.slow_start_end_ns,
            done_ns: flow.done_ns,
            last_ns: flow.last_ns,
            tally: flow.sender.tally,
        })
    }
}
