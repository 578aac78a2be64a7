//! What a run remembers: tallies, latencies, and on request events, verdicts, frames and traces.

mod rows;

pub use rows::{DeliveredRow, EventRow, FrameRow, HandedRow, TraceRow};

use crate::scenario::ObserveSection;
use stage::{
    CpuId, DropReason, Event, FrameId, Nanos, Passage, Point, QueueId, RxPacket, Tally, TaskId, Verdict,
};
use stats::Histogram;
use traffic::LinkType;
use traffic::capture::{write_header, write_record};

/// Of a pcap file.
const HEADER_BYTES: usize = 24;

/// Parts of a frame's way whose durations are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// From the sender to the ring.
    Nic,
    /// In the ring.
    Ring,
    /// From NAPI to the socket.
    Stack,
    /// On the socket's queue.
    Socket,
    /// All of it.
    Total,
}

impl Part {
    /// Every part, in the frame's order.
    pub const ALL: [Part; 5] = [Part::Nic, Part::Ring, Part::Stack, Part::Socket, Part::Total];

    /// Name in the latency table.
    pub const fn name(self) -> &'static str {
        match self {
            Part::Nic => "nic",
            Part::Ring => "ring",
            Part::Stack => "stack",
            Part::Socket => "socket",
            Part::Total => "total",
        }
    }
}

/// Everything a run remembers.
#[derive(Debug)]
pub struct Observations {
    /// What is recorded.
    pub config: ObserveSection,
    /// Tally 0 is for frames that met their end before a queue was chosen; queue i is at i + 1.
    pub tallies: Vec<Tally>,
    /// Per part, per queue.
    latencies: Vec<Histogram>,
    queues: usize,
    /// Rows of the events table.
    pub events: Vec<EventRow>,
    /// Events beyond what the table may hold.
    pub events_lost: u64,
    /// Rows of the trace table.
    pub traces: Vec<TraceRow>,
    /// Each frame's verdict, by frame number.
    pub frames: Vec<FrameRow>,
    /// Frames handed to the host, in order.
    pub handed: Vec<HandedRow>,
    /// Frames delivered, in order.
    pub delivered: Vec<DeliveredRow>,
    /// Frames handed to the host as a pcap file.
    pub output: Option<Vec<u8>>,
    /// Frames the host sent as a pcap file.
    pub sent: Option<Vec<u8>>,
    /// Frames that were forwarded, as they left, as a pcap file.
    pub forwarded: Option<Vec<u8>>,
}

impl Observations {
    /// Nothing observed yet on `queues` queues.
    pub fn new(config: ObserveSection, queues: u16) -> Self {
        let queues = usize::from(queues);
        let capture = || {
            let mut capture = Vec::new();
            write_header(&mut capture, LinkType::Ethernet);
            capture
        };
        Observations {
            output: config.frames.then(capture),
            sent: config.frames.then(capture),
            forwarded: config.frames.then(capture),
            config,
            tallies: vec![Tally::default(); queues + 1],
            latencies: vec![Histogram::default(); Part::ALL.len() * queues],
            queues,
            events: Vec::new(),
            events_lost: 0,
            traces: Vec::new(),
            frames: Vec::new(),
            handed: Vec::new(),
            delivered: Vec::new(),
        }
    }

    #[inline]
    fn tally(&mut self, queue: Option<QueueId>) -> Option<&mut Tally> {
        self.tallies.get_mut(queue.map_or(0, |q| q.index() + 1))
    }

    /// Tallies with the queue they belong to; `None` for frames that never had one, if there are any.
    pub fn tallies(&self) -> impl Iterator<Item = (Option<QueueId>, &Tally)> + '_ {
        let tallies = self.tallies.iter().enumerate();
        tallies
            .map(|(i, tally)| (i.checked_sub(1).map(|q| QueueId(q as u16)), tally))
            .filter(|(queue, tally)| queue.is_some() || tally.rx > 0)
    }

    /// The verdicts of all queues together.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.tallies.iter().for_each(|tally| total.add(tally));
        total
    }

    /// A frame came in; `queue` is the one its hash chose, if it came that far.
    #[inline]
    pub fn offered(&mut self, queue: Option<QueueId>) {
        if let Some(tally) = self.tally(queue) {
            tally.rx += 1;
        }
        if self.config.verdicts {
            self.frames.push(FrameRow::NEW);
        }
    }

    /// The NIC dropped a frame.
    pub fn dropped_by_nic(
        &mut self,
        time_ns: Nanos,
        frame: FrameId,
        queue: Option<QueueId>,
        reason: DropReason,
    ) {
        let verdict = Verdict::Dropped(reason);
        if let Some(tally) = self.tally(queue) {
            tally.count(verdict);
        }
        self.note_verdict(frame, verdict);
        self.trace(time_ns, frame, None, queue, "verdict", || verdict.to_string());
    }

    /// The NIC merged a frame into an earlier one.
    pub fn merged_by_nic(&mut self, time_ns: Nanos, frame: FrameId, queue: Option<QueueId>) {
        if let Some(tally) = self.tally(queue) {
            tally.count(Verdict::Consumed);
        }
        self.note_verdict(frame, Verdict::Consumed);
        self.trace(time_ns, frame, None, queue, "verdict", || Verdict::Consumed.to_string());
    }

    fn note_verdict(&mut self, frame: FrameId, verdict: Verdict) {
        if self.config.verdicts
            && let Some(row) = self.row_mut(frame)
        {
            row.verdict = verdict;
        }
    }

    /// The frame's row. Who was not told of its offer (a CPU that runs beside the NIC) makes it here.
    fn row_mut(&mut self, frame: FrameId) -> Option<&mut FrameRow> {
        let at = frame.0 as usize;
        if at >= self.frames.len() {
            self.frames.resize(at + 1, FrameRow::NEW);
        }
        self.frames.get_mut(at)
    }

    /// The frame has met its end.
    #[inline]
    pub fn settled(
        &mut self,
        time_ns: Nanos,
        cpu: CpuId,
        packet: &RxPacket,
        verdict: Verdict,
        payload_bytes: u32,
    ) {
        if let Some(tally) = self.tally(Some(packet.queue)) {
            tally.count(verdict);
        }
        if self.config.verdicts {
            self.note_verdict(packet.frame, verdict);
            if verdict == Verdict::Delivered {
                let out = self.frames.get(packet.frame.0 as usize).map_or(-1, |row| row.out);
                let RxPacket { frame, queue, segments, .. } = *packet;
                self.delivered.push(DeliveredRow {
                    out,
                    frame,
                    queue,
                    cpu,
                    time_ns,
                    payload_bytes,
                    segments,
                });
            }
        }
        self.trace(time_ns, packet.frame, Some(cpu), Some(packet.queue), "verdict", || verdict.to_string());
    }

    /// The frame went over to the host.
    #[inline]
    pub fn handed(&mut self, time_ns: Nanos, packet: &RxPacket, bytes: &mut dyn Iterator<Item = &[u8]>) {
        if let Some(output) = &mut self.output {
            let mut frame = Vec::with_capacity(packet.bytes as usize);
            bytes.for_each(|piece| frame.extend_from_slice(piece));
            write_record(output, time_ns, &frame, packet.bytes);
            let out = self.handed.len() as i64;
            if self.config.verdicts
                && let Some(row) = self.row_mut(packet.frame)
            {
                row.out = out;
            }
            let RxPacket { frame, queue, segments, gso_bytes, .. } = *packet;
            self.handed.push(HandedRow { frame, queue, segments, gso_bytes });
        }
    }

    /// A frame left by another interface.
    #[inline]
    pub fn forwarded(&mut self, time_ns: Nanos, bytes: &mut dyn Iterator<Item = &[u8]>) {
        if let Some(forwarded) = &mut self.forwarded {
            let mut frame = Vec::new();
            bytes.for_each(|piece| frame.extend_from_slice(piece));
            write_record(forwarded, time_ns, &frame, frame.len() as u32);
        }
    }

    /// The host sent a frame.
    pub fn sent(&mut self, time_ns: Nanos, frame: &[u8]) {
        if let Some(sent) = &mut self.sent {
            write_record(sent, time_ns, frame, frame.len() as u32);
        }
    }

    /// The application has read the frame.
    #[inline]
    pub fn read(&mut self, queue: QueueId, passage: Passage) {
        self.read_alike(queue, passage, 1);
    }

    /// The application has read so many frames of the queue that were at the same points at the same times.
    #[inline]
    pub fn read_alike(&mut self, queue: QueueId, passage: Passage, frames: u32) {
        let Passage { sent_ns, ring_ns, polled_ns, socket_ns, read_ns } = passage;
        let parts = [
            ring_ns.saturating_sub(sent_ns),
            polled_ns.saturating_sub(ring_ns),
            socket_ns.saturating_sub(polled_ns),
            read_ns.saturating_sub(socket_ns),
            read_ns.saturating_sub(sent_ns),
        ];
        for (part, value_ns) in parts.into_iter().enumerate() {
            if let Some(histogram) = self.latencies.get_mut(part * self.queues + queue.index()) {
                histogram.record_times(value_ns, frames);
            }
        }
    }

    /// A part of a frame's way took so long, where its way ends before an application.
    #[inline]
    pub fn timed(&mut self, queue: QueueId, part: Part, value_ns: Nanos) {
        if let Some(histogram) = self.latencies.get_mut(part as usize * self.queues + queue.index()) {
            histogram.record(value_ns);
        }
    }

    /// Histograms with something in them, by part and queue.
    pub fn latencies(&self) -> impl Iterator<Item = (Part, QueueId, &Histogram)> + '_ {
        Part::ALL.iter().enumerate().flat_map(move |(p, part)| {
            (0..self.queues).filter_map(move |q| {
                Some((*part, QueueId(q as u16), self.latencies.get(p * self.queues + q)?))
            })
        })
    }

    /// A row for the events table, if there is room.
    pub fn event(&mut self, time_ns: Nanos, cpu: CpuId, queue: Option<QueueId>, event: Event) {
        if self.events.len() < self.config.max_events as usize {
            self.events.push(EventRow { time_ns, cpu, queue, event });
        } else {
            self.events_lost += 1;
        }
    }

    /// Whether the frame's way is recorded.
    #[inline]
    pub fn follows(&self, frame: FrameId) -> bool {
        !self.config.trace_frames.is_empty() && self.config.trace_frames.contains(&frame.0)
    }

    /// The frame passed a point of its way.
    #[inline]
    pub fn passed(&mut self, time_ns: Nanos, frame: FrameId, cpu: CpuId, queue: QueueId, point: Point) {
        self.trace(time_ns, frame, Some(cpu), Some(queue), point.name(), String::new);
    }

    /// The same with words, which are only made for a frame that is followed.
    #[inline]
    pub fn trace(
        &mut self,
        time_ns: Nanos,
        frame: FrameId,
        cpu: Option<CpuId>,
        queue: Option<QueueId>,
        point: &'static str,
        detail: impl FnOnce() -> String,
    ) {
        if self.follows(frame) {
            self.traces.push(TraceRow { frame, time_ns, cpu, queue, point, detail: detail() });
        }
    }

    /// Take in what another observer of the same run saw: other queues' frames, or the same frames elsewhere on
    /// their way. Its frames handed to the host come behind those already here.
    pub fn absorb(&mut self, other: Observations) {
        self.tallies.iter_mut().zip(&other.tallies).for_each(|(mine, theirs)| mine.add(theirs));
        for (mine, theirs) in self.latencies.iter_mut().zip(&other.latencies) {
            mine.absorb(theirs);
        }
        let room = (self.config.max_events as usize).saturating_sub(self.events.len());
        self.events_lost += other.events_lost + other.events.len().saturating_sub(room) as u64;
        self.events.extend(other.events.into_iter().take(room));
        self.events.sort_by_key(|row| row.time_ns);
        self.traces.extend(other.traces);
        self.traces.sort_by_key(|row| row.time_ns);
        let before = self.handed.len() as i64;
        let behind = |out: i64| if out < 0 { out } else { out + before };
        for (at, theirs) in other.frames.into_iter().enumerate() {
            let Some(mine) = self.row_mut(FrameId(at as u64)) else { continue };
            if theirs.verdict != Verdict::Pending {
                mine.verdict = theirs.verdict;
            }
            if theirs.out >= 0 {
                mine.out = behind(theirs.out);
            }
        }
        self.handed.extend(other.handed);
        self.delivered
            .extend(other.delivered.into_iter().map(|row| DeliveredRow { out: behind(row.out), ..row }));
        self.delivered.sort_by_key(|row| row.time_ns);
        let captures = [(&mut self.output, &other.output), (&mut self.forwarded, &other.forwarded)];
        for (mine, theirs) in captures {
            if let (Some(mine), Some(theirs)) = (mine, theirs) {
                mine.extend_from_slice(theirs.get(HEADER_BYTES..).unwrap_or(&[]));
            }
        }
    }

    /// The task an event is about, and the CPU it names.
    pub fn subjects(event: Event) -> (i64, i64) {
        let task = |id: TaskId| i64::from(id.0);
        match event {
            Event::Woken(id) | Event::Slept(id) => (task(id), -1),
            Event::Migrated(id, target) => (task(id), i64::from(target.0)),
            Event::TimeSqueeze | Event::KsoftirqdWoken | Event::Interrupt | Event::Ipi | Event::Unplugged => {
                (-1, -1)
            }
        }
    }
}
