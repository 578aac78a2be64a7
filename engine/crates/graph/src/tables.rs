//! Tables that every ground fills alike, as `collectors.columns` documents them.

use crate::observe::Observations;
use host::socket::Socket;
use nic::steering::SteeringTable;
use stage::{CounterDeclaration, CounterSet, Counters, CpuId, QueueId, Tally, Verdict};
use stats::{Table, table};

/// A queue as the queues table shows it.
pub struct QueueRow<'a> {
    /// Which one; none for frames that never had one.
    pub queue: Option<QueueId>,
    /// The CPU its interrupt goes to.
    pub cpu: Option<CpuId>,
    /// The ends of its frames.
    pub tally: &'a Tally,
    /// Frames without a verdict, found by looking for them.
    pub pending: u64,
    /// Bytes written to the ring.
    pub rx_bytes: u64,
    /// Interrupts raised.
    pub interrupts: u64,
    /// Descriptors of the ring.
    pub ring_size: u64,
    /// Frames in the ring.
    pub ring_waiting: u64,
}

/// −1 for no queue.
pub fn index_or_none(queue: Option<QueueId>) -> i64 {
    queue.map_or(-1, |q| i64::from(q.0))
}

/// Frames by queue.
pub fn queues<'a>(rows: impl Iterator<Item = QueueRow<'a>>) -> Table {
    table!(rows, |row| {
        "queue": I64 = index_or_none(row.queue),
        "cpu": I64 = row.cpu.map_or(-1, |cpu| i64::from(cpu.0)),
        "rx_frames": U64 = row.tally.rx,
        "rx_bytes": U64 = row.rx_bytes,
        "delivered": U64 = row.tally.delivered,
        "dropped": U64 = row.tally.dropped_total(),
        "pending": U64 = row.pending,
        "consumed": U64 = row.tally.consumed,
        "interrupts": U64 = row.interrupts,
        "ring_size": U64 = row.ring_size,
        "ring_waiting": U64 = row.ring_waiting,
    })
}

/// Drops by queue and reason.
pub fn drops(observations: &Observations) -> Table {
    let rows = observations.tallies().flat_map(|(queue, tally)| {
        tally.dropped_by_reason().map(move |(reason, frames)| (queue, reason.declaration(), frames))
    });
    table!(rows, |(queue, reason, frames)| {
        "queue": I64 = index_or_none(*queue),
        "layer": Name = reason.layer.name(),
        "reason": Name = reason.name,
        "frames": U64 = *frames,
    })
}

/// Latencies by part and queue.
pub fn latency(observations: &Observations) -> Table {
    let rows = observations.latencies().flat_map(|(part, queue, histogram)| {
        histogram.rows().map(move |(low, high, frames)| (part, queue, low, high, frames))
    });
    table!(rows, |(part, queue, low, high, frames)| {
        "part": Name = part.name(),
        "queue": I64 = i64::from(queue.0),
        "low_ns": U64 = *low,
        "high_ns": U64 = *high,
        "frames": U64 = u64::from(*frames),
    })
}

/// Flows by socket, and where the flow table has them.
pub fn flows<'a>(sockets: impl Iterator<Item = &'a Socket>, steering: Option<&SteeringTable>) -> Table {
    let rule = |socket: &Socket| steering?.rule_of(&socket.key.device_key(), socket.hash);
    let rows = sockets.map(|socket| (socket, rule(socket).map(|(_, rule, _)| rule.queue))).enumerate();
    table!(rows, |(flow, (socket, steered))| {
        "flow": I64 = *flow as i64,
        "version": I64 = i64::from(socket.key.version()),
        "protocol": I64 = i64::from(socket.key.protocol()),
        "source": Text = socket.key.source(),
        "destination": Text = socket.key.destination(),
        "source_port": I64 = i64::from(socket.key.source_port()),
        "destination_port": I64 = i64::from(socket.key.destination_port()),
        "queue": I64 = index_or_none(socket.last_queue),
        "cpu": I64 = i64::from(CpuId::index(socket.last_cpu) as i32),
        "app": I64 = i64::from(socket.reader.0),
        "delivered": U64 = socket.delivered_frames,
        "bytes": U64 = socket.delivered_bytes,
        "dropped": U64 = socket.dropped_frames,
        "reordered": U64 = socket.reordered_frames,
        "queue_moves": U64 = socket.queue_moves,
        "priority": I64 = i64::from(socket.priority),
        "steered_queue": I64 = index_or_none(*steered),
        "hits": U64 = socket.by_rule_frames,
        "first_ns": I64 = first_ns(socket),
        "last_ns": I64 = if socket.first_ns.is_some() { socket.last_ns as i64 } else { -1 },
    })
}

/// What happened, in order of time.
pub fn events(observations: &Observations) -> Table {
    table!(observations.events.iter(), |row| {
        "time_ns": U64 = row.time_ns,
        "cpu": I64 = i64::from(row.cpu.0),
        "queue": I64 = index_or_none(row.queue),
        "event": Name = row.event.name(),
        "task": I64 = Observations::subjects(row.event).0,
        "target_cpu": I64 = Observations::subjects(row.event).1,
    })
}

/// Ways of the frames followed.
pub fn trace(observations: &Observations) -> Table {
    table!(observations.traces.iter(), |row| {
        "frame": U64 = row.frame.0,
        "time_ns": U64 = row.time_ns,
        "cpu": I64 = row.cpu.map_or(-1, |c| i64::from(c.0)),
        "queue": I64 = index_or_none(row.queue),
        "point": Name = row.point,
        "detail": Text = row.detail.clone(),
    })
}

/// Verdicts by frame.
pub fn verdicts(observations: &Observations) -> Table {
    let rows = observations.frames.iter().enumerate();
    table!(rows, |(frame, row)| {
        "frame": U64 = *frame as u64,
        "verdict": Text = row.verdict.to_string(),
        "reason": Name = match row.verdict { Verdict::Dropped(reason) => reason.name(), _ => "" },
        "out": I64 = row.out,
    })
}

/// Frames handed to the host.
pub fn handed(observations: &Observations) -> Table {
    let rows = observations.handed.iter().enumerate();
    table!(rows, |(out, row)| {
        "out": U64 = *out as u64,
        "frame": U64 = row.frame.0,
        "queue": I64 = i64::from(row.queue.0),
        "segments": U64 = u64::from(row.segments),
        "gso_bytes": U64 = u64::from(row.gso_bytes),
    })
}

/// Frames delivered.
pub fn delivered(observations: &Observations) -> Table {
    table!(observations.delivered.iter(), |row| {
        "out": I64 = row.out,
        "frame": U64 = row.frame.0,
        "queue": I64 = i64::from(row.queue.0),
        "cpu": I64 = i64::from(row.cpu.0),
        "time_ns": U64 = row.time_ns,
        "payload_bytes": U64 = u64::from(row.payload_bytes),
        "segments": U64 = u64::from(row.segments),
    })
}

/// A counter of one of many alike: what it counts, of what, which one, its value.
pub type CounterRow = (&'static CounterDeclaration, &'static str, i64, u64);

/// The counters of things of one kind, by their number.
pub fn counter_rows<S: CounterSet>(
    scope: &'static str,
    each: impl Iterator<Item = Counters<S>>,
) -> impl Iterator<Item = CounterRow> {
    each.enumerate().flat_map(move |(i, counters)| {
        let values: Vec<_> = counters.iter().collect();
        values.into_iter().map(move |(declared, value)| (declared, scope, i as i64, value))
    })
}

/// Counters of queues, the card and CPUs.
pub fn counters(rows: impl Iterator<Item = CounterRow>) -> Table {
    table!(rows, |(declared, scope, index, value)| {
        "stage": Name = declared.stage,
        "name": Name = declared.name,
        "unit": Name = declared.unit,
        "scope": Name = *scope,
        "index": I64 = *index,
        "value": U64 = *value,
    })
}

fn first_ns(socket: &Socket) -> i64 {
    socket.first_ns.map_or(-1, |first| first as i64)
}
