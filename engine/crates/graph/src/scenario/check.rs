//! Ranges, and rules between keys.

use super::{Scenario, ScenarioError};
use crate::CostTable;
use stage::{Op, PRIORITIES};
use std::fmt::Display;
use std::ops::RangeInclusive;
use traffic::StreamConfig;

/// Bytes of packet memory a scenario may ask for.
const MAX_PACKET_MEMORY_BYTES: u64 = 4 << 30;
/// A hundred days: picoseconds of twice that still fit in 64 bits.
const MAX_DURATION_NS: u64 = 100 * 86_400 * 1_000_000_000;
/// Work on a message is one step, and interrupts wait for it: 200 µs at the baseline's cost.
const MAX_WORK_PER_MESSAGE: u32 = 1_000;
/// A move every 100 ns.
const MAX_MIGRATIONS_PER_SECOND: u64 = 10_000_000;
/// Bins a timeline may have, over all.
const MAX_BINS: u64 = 1_000_000;

pub(super) fn within<T: PartialOrd + Display>(
    key: &str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), ScenarioError> {
    if range.contains(&value) {
        Ok(())
    } else {
        Err(ScenarioError::new(key, value, format!("{} to {}", range.start(), range.end())))
    }
}

pub(super) fn one_of(key: &str, value: &str, allowed: &[&str]) -> Result<(), ScenarioError> {
    if allowed.contains(&value) { Ok(()) } else { Err(ScenarioError::new(key, value, allowed.join(", "))) }
}

fn cpus_exist(key: &str, listed: &[u16], cpus: u16) -> Result<(), ScenarioError> {
    match listed.iter().position(|cpu| *cpu >= cpus) {
        Some(i) => Err(ScenarioError::new(
            format!("{key}[{i}]"),
            listed[i],
            format!("0 to {}, with host.cpus = {cpus}", cpus - 1),
        )),
        None => Ok(()),
    }
}

impl Scenario {
    /// Everything serde cannot see. The NIC and the traffic check their own parts when they are built.
    pub(super) fn check(&self) -> Result<(), ScenarioError> {
        within("duration_ns", self.duration_ns, 1..=MAX_DURATION_NS)?;
        within("drain_ns", self.drain_ns, 0..=MAX_DURATION_NS)?;
        self.check_host()?;
        self.check_forwarding()?;
        self.check_xdp()?;
        self.check_zero_copy()?;
        self.check_nic()?;
        self.check_steering()?;
        self.check_control()?;
        for (i, row) in self.costs.iter().enumerate() {
            let beside = CostTable::BESIDE_OPERATIONS;
            if Op::from_key(&row.op).is_none() && !beside.contains(&row.op.as_str()) {
                let known = Op::ALL.iter().map(|op| op.key()).chain(beside.map(str::to_owned));
                let known: Vec<_> = known.collect();
                return Err(ScenarioError::new(format!("costs[{i}].op"), &row.op, known.join(", ")));
            }
            within(&format!("costs[{i}].ns"), row.ns, 0.0..=1e9)?;
            if row.source.trim().is_empty() {
                return Err(ScenarioError::new(
                    format!("costs[{i}].source"),
                    &row.source,
                    "where the number is from",
                ));
            }
        }
        within("observe.bin_ns", self.observe.bin_ns, 1_000..=MAX_DURATION_NS)?;
        if self.duration_ns / self.observe.bin_ns > MAX_BINS {
            let least = self.duration_ns.div_ceil(MAX_BINS);
            return Err(ScenarioError::new(
                "observe.bin_ns",
                self.observe.bin_ns,
                format!("at least {least} for this duration"),
            ));
        }
        Ok(())
    }

    fn check_host(&self) -> Result<(), ScenarioError> {
        let host = &self.host;
        within("host.cpus", host.cpus, 1..=128)?;
        within("host.napi.weight_frames", host.napi.weight_frames, 1..=4096)?;
        within("host.napi.budget_frames", host.napi.budget_frames, 1..=65_536)?;
        within("host.napi.budget_usecs", host.napi.budget_usecs, 1..=1_000_000)?;
        self.check_deferral()?;
        if !host.gro.buckets.is_power_of_two() || host.gro.buckets > 64 {
            return Err(ScenarioError::new("host.gro.buckets", host.gro.buckets, "a power of two up to 64"));
        }
        within("host.gro.held_per_bucket", host.gro.held_per_bucket, 1..=64)?;
        cpus_exist("host.rps.cpus", &host.rps.cpus, host.cpus)?;
        within("host.rps.max_backlog_frames", host.rps.max_backlog_frames, 1..=1_000_000)?;
        if !host.rps.flow_limit_buckets.is_power_of_two() || host.rps.flow_limit_buckets > 1 << 20 {
            return Err(ScenarioError::new(
                "host.rps.flow_limit_buckets",
                host.rps.flow_limit_buckets,
                "a power of two up to 1048576",
            ));
        }
        one_of("host.sockets.accept", &host.sockets.accept, &["any", "ports"])?;
        within("host.sockets.rcvbuf_bytes", host.sockets.rcvbuf_bytes, 2_304..=1 << 30)?;
        within("host.sockets.max_sockets", host.sockets.max_sockets, 1..=4_194_304)?;
        within("host.tcp.rcvbuf_bytes", host.tcp.rcvbuf_bytes, 2_304..=1 << 30)?;
        within("host.tcp.max_out_of_order_frames", host.tcp.max_out_of_order_frames, 1..=65_536)?;
        one_of("host.tcp.gap", &host.tcp.gap, &["skip", "wait", "ignore"])?;
        within(
            "host.tcp.skip_after_frames",
            host.tcp.skip_after_frames,
            1..=host.tcp.max_out_of_order_frames,
        )?;
        let ack = &host.tcp.ack;
        one_of("host.tcp.ack.policy", &ack.policy, &["delayed", "one_per_frame", "expand", "linux"])?;
        within("host.tcp.ack.delay_us", ack.delay_us, 1..=500_000)?;
        within("host.tcp.ack.expand_segments", ack.expand_segments, 1..=1_024)?;
        within("host.apps.count", host.apps.count, 0..=4096)?;
        cpus_exist("host.apps.cpus", &host.apps.cpus, host.cpus)?;
        within("host.apps.work_per_message", host.apps.work_per_message, 0..=MAX_WORK_PER_MESSAGE)?;
        self.check_tasks()?;
        let cache = &host.cache;
        let levels = [
            ("l1d", cache.l1d_bytes, cache.l1d_ways),
            ("l2", cache.l2_bytes, cache.l2_ways),
            ("llc", cache.llc_bytes, cache.llc_ways),
        ];
        for (level, bytes, ways) in levels {
            within(&format!("host.cache.{level}_ways"), ways, 1..=16)?;
            within(&format!("host.cache.{level}_bytes"), bytes, 64 * ways..=1 << 30)?;
        }
        within("host.cache.ddio_ways", cache.ddio_ways, 0..=cache.llc_ways)?;
        if cache.numa_nodes == 0 || !host.cpus.is_multiple_of(cache.numa_nodes) {
            let allowed = format!("a divisor of {}, the CPUs", host.cpus);
            return Err(ScenarioError::new("host.cache.numa_nodes", cache.numa_nodes, allowed));
        }
        within("host.cache.nic_node", cache.nic_node, 0..=cache.numa_nodes - 1)
    }

    fn check_tasks(&self) -> Result<(), ScenarioError> {
        let (host, apps) = (&self.host, &self.host.apps);
        within("host.apps.acceptors", apps.acceptors, 0..=self.app_count() - 1)?;
        within(
            "host.apps.readers_per_socket",
            apps.readers_per_socket,
            1..=self.app_count() - apps.acceptors,
        )?;
        within("host.apps.answer_bytes", apps.answer_bytes, 0..=1_448)?;
        self.check_requests()?;
        within("host.apps.migrations_per_second", apps.migrations_per_second, 0..=MAX_MIGRATIONS_PER_SECOND)?;
        for (i, migration) in apps.migrations.iter().enumerate() {
            let key = |name: &str| format!("host.apps.migrations[{i}].{name}");
            within(&key("task"), migration.task, 0..=self.app_count() - 1)?;
            within(&key("cpu"), migration.cpu, 0..=host.cpus - 1)?;
        }
        for (i, priority) in host.sockets.priorities.iter().enumerate() {
            within(&format!("host.sockets.priorities[{i}].priority"), priority.priority, 0..=PRIORITIES - 1)?;
        }
        let mut offline = vec![false; usize::from(host.cpus)];
        for (i, unplug) in host.unplug.iter().enumerate() {
            let key = format!("host.unplug[{i}].cpu");
            within(&key, unplug.cpu, 0..=host.cpus - 1)?;
            if std::mem::replace(&mut offline[usize::from(unplug.cpu)], true) {
                return Err(ScenarioError::new(key, unplug.cpu, "a CPU that is not offline already"));
            }
        }
        if offline.iter().all(|offline| *offline) {
            let value = format!("{} CPUs", host.unplug.len());
            return Err(ScenarioError::new("host.unplug", value, format!("at most {}", host.cpus - 1)));
        }
        Ok(())
    }

    /// Who asks must be answered.
    fn check_requests(&self) -> Result<(), ScenarioError> {
        let asks = |stream: &StreamConfig| matches!(stream, StreamConfig::Tcp(tcp) if tcp.requests.is_some());
        if !self.traffic.streams.iter().any(asks) {
            return Ok(());
        }
        if self.host.apps.answer_bytes == 0 {
            return Err(ScenarioError::new("host.apps.answer_bytes", 0, "1 to 1448 where requests are sent"));
        }
        if self.host.tcp.gap != "wait" {
            return Err(ScenarioError::new(
                "host.tcp.gap",
                &self.host.tcp.gap,
                "wait where requests are sent",
            ));
        }
        Ok(())
    }

    fn check_nic(&self) -> Result<(), ScenarioError> {
        let nic = &self.nic;
        within("nic.queues", nic.queues, 1..=128)?;
        within("nic.ring_size", nic.ring_size, 64..=8192)?;
        within("nic.buffer_bytes", nic.buffer_bytes, 256..=16_384)?;
        within("nic.coalesce.tx_usecs", nic.coalesce.tx_usecs, 0..=1_000_000)?;
        cpus_exist("nic.irq_cpus", &nic.irq_cpus, self.host.cpus)?;
        let per_queue = self.buffers_per_queue();
        if nic.buffers_per_queue != 0 {
            within("nic.buffers_per_queue", nic.buffers_per_queue, nic.ring_size..=1 << 22)?;
        }
        let bytes = u64::from(nic.queues) * u64::from(per_queue) * u64::from(nic.buffer_bytes);
        if bytes > MAX_PACKET_MEMORY_BYTES {
            let allowed =
                format!("queues x buffers x bytes up to {MAX_PACKET_MEMORY_BYTES}, this is {bytes}");
            return Err(ScenarioError::new("nic.buffers_per_queue", per_queue, allowed));
        }
        if ![128, 256, 512].contains(&nic.rss.table_entries) {
            return Err(ScenarioError::new(
                "nic.rss.table_entries",
                nic.rss.table_entries,
                "128, 256 or 512",
            ));
        }
        let key_ok =
            matches!(nic.rss.key.len(), 80 | 104) && nic.rss.key.bytes().all(|b| b.is_ascii_hexdigit());
        if !key_ok {
            return Err(ScenarioError::new("nic.rss.key", &nic.rss.key, "40 or 52 bytes in hexadecimal"));
        }
        Ok(())
    }

    /// Each step of the control script on top of those before it.
    fn check_control(&self) -> Result<(), ScenarioError> {
        crate::administration::timetable(self).map(drop)
    }

    /// Buffers in each queue's pool.
    pub fn buffers_per_queue(&self) -> u32 {
        match self.nic.buffers_per_queue {
            0 => self.nic.ring_size * 8,
            given => given,
        }
    }

    /// Reading tasks.
    pub fn app_count(&self) -> u32 {
        match self.host.apps.count {
            0 => u32::from(self.host.cpus),
            given => given,
        }
    }
}
