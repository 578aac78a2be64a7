//! From a scenario to threads that have not started: the NIC with its port, the hosts with their memory, the rings.

use super::context::Books;
use super::driver::{Driver, DriverQueue};
use super::host_thread::HostThread;
use super::interrupt::Interrupt;
use super::nic_thread::{NicQueue, NicThread};
use super::plan::{HostPlan, Plan, tasks_of};
use super::round_times::RoundTimes;
use super::{Control, OwnHost, Pacing, Settings};
use crate::cpus::machine_cpus;
use crate::exchange::{HostView, Memory, exchange};
use crate::ports::{self, Port};
use graph::observe::Observations;
use graph::{Hasher, ReceivePath, Scenario, ScenarioError, host_over};
use nic::Nic;
use stage::{BufferPool, Counters, QueueId};
use std::sync::Arc;
use traffic::{Captures, Source};

pub(super) fn own_host(
    scenario: Scenario,
    captures: &Captures,
    hasher: &Hasher,
    settings: Settings,
) -> Result<OwnHost, ScenarioError> {
    let plan = Plan::new(&scenario, &settings, &machine_cpus())?;
    let source = Source::with_captures(&scenario.traffic, scenario.seed, captures)
        .map_err(|e| ScenarioError::new(format!("traffic.{}", e.key), e.value, e.allowed))?;
    let port = match settings.prepared_frames {
        None => Port::Wire(Box::new(ports::Wire::new(
            source,
            scenario.duration_ns,
            settings.pacing == Pacing::Paced,
        ))),
        Some(frames) => {
            let (limit, until_ns) = (scenario.traffic.frames, scenario.duration_ns);
            Port::Memory(ports::Memory::new(source, frames, limit, until_ns))
        }
    };
    let mut nic = classifier(&scenario, hasher)?;
    let control = Arc::new(Control::new(&scenario, hasher)?);
    let mut queues: Vec<Option<NicQueue>> = (0..scenario.nic.queues).map(|_| None).collect();
    let hosts: Vec<_> = plan
        .hosts
        .iter()
        .enumerate()
        .map(|(at, plan)| host_thread(&scenario, plan, at, &mut nic, &mut queues, settings.meter_ops))
        .collect();
    let nic = NicThread {
        nic,
        queues: queues.into_iter().flatten().collect(),
        written_frames: vec![0; hosts.len()],
        observations: Observations::new(scenario.observe.clone(), scenario.nic.queues),
        pacing: settings.pacing,
        idle: settings.idle,
        crowded: plan.crowded,
        offered_frames: 0,
        scratch: Vec::new(),
        merges: scenario.lro_enabled(),
        slept_ns: 0,
        lost_ns: 0,
        waited_ns: 0,
        batch_times: settings.meter_ops.then(RoundTimes::default),
        control: Arc::clone(&control),
        missed_frames: 0,
        lost_port: None,
    };
    Ok(OwnHost { scenario, settings, plan, port, nic, hosts, control })
}

/// The NIC as it parses, hashes and chooses queues. Its own rings stay empty: here a ring is shared with a thread.
fn classifier(scenario: &Scenario, hasher: &Hasher) -> Result<Nic, ScenarioError> {
    let mut small = scenario.clone();
    small.nic.buffers_per_queue = small.nic.ring_size;
    Ok(ReceivePath::new(&small, hasher)?.nic)
}

fn host_thread(
    scenario: &Scenario,
    plan: &HostPlan,
    at: usize,
    card: &mut Nic,
    nic_queues: &mut [Option<NicQueue>],
    meter_ops: bool,
) -> HostThread {
    let nic = &scenario.nic;
    let (per_queue, pools) = (scenario.buffers_per_queue(), plan.queues.len() as u16);
    let memory = Memory::new(u32::from(pools) * per_queue, nic.buffer_bytes);
    let view = HostView(memory.clone());
    let mut buffers = BufferPool::over(Box::new(view.clone()), pools, per_queue, nic.buffer_bytes);
    let mut queues = Vec::with_capacity(plan.queues.len());
    for (pool, queue) in (0..pools).map(QueueId).zip(&plan.queues) {
        let (nic_end, host_end) = exchange(&memory, nic.ring_size);
        queues.push(DriverQueue::new(*queue, pool, host_end, nic.ring_size, &mut buffers));
        let lro = card.take_lro(*queue);
        if let Some((place, card)) = nic_queues.get_mut(queue.index()).zip(card.queues().get(queue.index())) {
            *place = Some(NicQueue {
                end: nic_end,
                counters: Counters::default(),
                host: at,
                unpublished_frames: 0,
                interrupt: Interrupt::new(card.coalesce().clone()),
                lro,
            });
        }
    }
    // Sockets are dealt to the applications of the CPU their frames arrive on.
    let mut own = scenario.clone();
    own.host.apps.count = tasks_of(scenario, plan.cpu).count() as u32;
    let host = host_over(&own);
    HostThread {
        cpu: plan.cpu,
        queues: plan.queues.clone(),
        host,
        driver: Driver::new(queues, nic.refill_batch, scenario.host.napi.weight_frames),
        buffers,
        books: Books::new(Observations::new(scenario.observe.clone(), nic.queues), view),
        softirq_ns: 0,
        task_ns: 0,
        ended_ns: 0,
        lost_ns: 0,
        roused: false,
        meter_ops,
        op_times: None,
    }
}
