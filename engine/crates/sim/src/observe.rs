//! What a run remembers: tallies, latencies, and on request events, verdicts, frames and traces.

use graph::scenario::ObserveSection;
use stage::{
    CpuId, DropReason, Event, FrameId, Nanos, Passage, Point, QueueId, RxPacket, Tally, TaskId, Verdict,
};
use stats::Histogram;
use traffic::LinkType;
use traffic::capture::{write_header, write_record};

/// Parts of a frame's way whose durations are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Nic,
    Ring,
    Stack,
    Socket,
    Total,
}

impl Part {
    pub(crate) const ALL: [Part; 5] = [Part::Nic, Part::Ring, Part::Stack, Part::Socket, Part::Total];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Part::Nic => "nic",
            Part::Ring => "ring",
            Part::Stack => "stack",
            Part::Socket => "socket",
            Part::Total => "total",
        }
    }
}

/// A row of the events table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventRow {
    pub(crate) time_ns: Nanos,
    pub(crate) cpu: CpuId,
    pub(crate) queue: Option<QueueId>,
    pub(crate) event: Event,
}

/// A row of the trace table.
#[derive(Clone, Debug)]
pub(crate) struct TraceRow {
    pub(crate) frame: FrameId,
    pub(crate) time_ns: Nanos,
    pub(crate) cpu: Option<CpuId>,
    pub(crate) queue: Option<QueueId>,
    pub(crate) point: &'static str,
    pub(crate) detail: String,
}

/// A frame delivered to a socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeliveredRow {
    pub(crate) out: i64,
    pub(crate) frame: FrameId,
    pub(crate) queue: QueueId,
    pub(crate) cpu: CpuId,
    pub(crate) time_ns: Nanos,
    pub(crate) payload_bytes: u32,
    pub(crate) segments: u16,
}

/// How a frame stands, if verdicts are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameRow {
    pub(crate) verdict: Verdict,
    /// Its number among the frames handed to the host.
    pub(crate) out: i64,
}

/// Everything a run remembers.
#[derive(Debug)]
pub(crate) struct Observations {
    pub(crate) config: ObserveSection,
    /// Tally 0 is for frames that met their end before a queue was chosen; queue i is at i + 1.
    pub(crate) tallies: Vec<Tally>,
    /// Per part, per queue.
    latencies: Vec<Histogram>,
    queues: usize,
    pub(crate) events: Vec<EventRow>,
    pub(crate) events_lost: u64,
    pub(crate) traces: Vec<TraceRow>,
    pub(crate) frames: Vec<FrameRow>,
    pub(crate) handed: Vec<(FrameId, QueueId)>,
    pub(crate) delivered: Vec<DeliveredRow>,
    pub(crate) output: Option<Vec<u8>>,
}

impl Observations {
    pub(crate) fn new(config: ObserveSection, queues: u16) -> Self {
        let queues = usize::from(queues);
        Observations {
            output: config.frames.then(|| {
                let mut capture = Vec::new();
                write_header(&mut capture, LinkType::Ethernet);
                capture
            }),
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

    /// A frame came in; `queue` is the one its hash chose, if it came that far.
    #[inline]
    pub(crate) fn offered(&mut self, queue: Option<QueueId>) {
        if let Some(tally) = self.tally(queue) {
            tally.rx += 1;
        }
        if self.config.verdicts {
            self.frames.push(FrameRow { verdict: Verdict::Pending, out: -1 });
        }
    }

    /// The NIC dropped a frame.
    pub(crate) fn dropped_by_nic(
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

    fn note_verdict(&mut self, frame: FrameId, verdict: Verdict) {
        if let Some(row) = self.frames.get_mut(frame.0 as usize) {
            row.verdict = verdict;
        }
    }

    #[inline]
    pub(crate) fn settled(
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
    pub(crate) fn handed(
        &mut self,
        time_ns: Nanos,
        packet: &RxPacket,
        bytes: &mut dyn Iterator<Item = &[u8]>,
    ) {
        if let Some(output) = &mut self.output {
            let mut frame = Vec::with_capacity(packet.bytes as usize);
            bytes.for_each(|piece| frame.extend_from_slice(piece));
            write_record(output, time_ns, &frame, packet.bytes);
            if let Some(row) = self.frames.get_mut(packet.frame.0 as usize) {
                row.out = self.handed.len() as i64;
            }
            self.handed.push((packet.frame, packet.queue));
        }
    }

    #[inline]
    pub(crate) fn read(&mut self, queue: QueueId, passage: Passage) {
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
                histogram.record(value_ns);
            }
        }
    }

    /// Histograms with something in them, by part and queue.
    pub(crate) fn latencies(&self) -> impl Iterator<Item = (Part, QueueId, &Histogram)> + '_ {
        Part::ALL.iter().enumerate().flat_map(move |(p, part)| {
            (0..self.queues).filter_map(move |q| {
                Some((*part, QueueId(q as u16), self.latencies.get(p * self.queues + q)?))
            })
        })
    }

    pub(crate) fn event(&mut self, time_ns: Nanos, cpu: CpuId, queue: Option<QueueId>, event: Event) {
        if self.events.len() < self.config.max_events as usize {
            self.events.push(EventRow { time_ns, cpu, queue, event });
        } else {
            self.events_lost += 1;
        }
    }

    #[inline]
    pub(crate) fn passed(
        &mut self,
        time_ns: Nanos,
        frame: FrameId,
        cpu: CpuId,
        queue: QueueId,
        point: Point,
    ) {
        self.trace(time_ns, frame, Some(cpu), Some(queue), point.name(), String::new);
    }

    #[inline]
    pub(crate) fn trace(
        &mut self,
        time_ns: Nanos,
        frame: FrameId,
        cpu: Option<CpuId>,
        queue: Option<QueueId>,
        point: &'static str,
        detail: impl FnOnce() -> String,
    ) {
        if !self.config.trace_frames.is_empty() && self.config.trace_frames.contains(&frame.0) {
            self.traces.push(TraceRow { frame, time_ns, cpu, queue, point, detail: detail() });
        }
    }

    /// The task an event is about, and the CPU it names.
    pub(crate) fn subjects(event: Event) -> (i64, i64) {
        let task = |id: TaskId| i64::from(id.0);
        match event {
            Event::Woken(id) | Event::Slept(id) => (task(id), -1),
            Event::Migrated(id, target) => (task(id), i64::from(target.0)),
            Event::TimeSqueeze | Event::KsoftirqdWoken | Event::Interrupt | Event::Ipi => (-1, -1),
        }
    }
}
