//! The engine's own host in real time: one thread for the NIC, one for each CPU that takes interrupts, this machine's
//! clock. The stages are the same as in virtual time; what differs is who calls them and that nobody charges them.

mod attendance;
mod build;
mod context;
mod control;
mod driver;
mod host_thread;
mod interrupt;
mod merging;
mod nic_thread;
mod op_meter;
mod outcome;
mod plan;
mod round_times;
mod settings;
mod shared;
mod stopwatch;
mod tables;

pub use control::Control;
pub use outcome::Outcome;
pub use settings::{Idle, Pacing, Settings};

use crate::cpus::pin;
use crate::ports::{Port, ReceivePort, Received};
use graph::{Hasher, Scenario, ScenarioError};
use host_thread::HostThread;
use nic_thread::NicThread;
use plan::Plan;
use shared::Shared;
use std::fmt;
use std::sync::Arc;
use std::thread::{Builder, scope, sleep};
use std::time::Duration;
use traffic::Captures;

/// Longest time between two questions whether to go on.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// Time between two looks whether all threads are up.
const UP_EVERY: Duration = Duration::from_micros(50);

/// A scenario ready to run in real time.
pub struct OwnHost {
    scenario: Scenario,
    settings: Settings,
    plan: Plan,
    port: Port,
    nic: NicThread,
    hosts: Vec<HostThread>,
    control: Arc<Control>,
}

/// A run that could not be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunError {
    /// The system gave no thread, and why.
    NoThread(String),
    /// A thread failed: a fault of the engine.
    ThreadFailed,
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::NoThread(reason) => write!(f, "the system gives no thread: {reason}"),
            RunError::ThreadFailed => f.write_str("a thread of the run failed"),
        }
    }
}

impl std::error::Error for RunError {}

impl OwnHost {
    /// Lay out threads, rings and buffers; nothing runs yet.
    ///
    /// # Errors
    /// Names the key that cannot be, or that real time cannot honour; with too few CPUs, both numbers.
    pub fn new(
        scenario: Scenario,
        captures: &Captures,
        hasher: &Hasher,
        settings: Settings,
    ) -> Result<Self, ScenarioError> {
        build::own_host(scenario, captures, hasher, settings)
    }

    /// Receive from a port, for the scenario's duration or number of frames, instead of what its traffic describes.
    ///
    /// # Errors
    /// With frames laid out before the run: these are the port's.
    pub fn receiving(mut self, port: ReceivePort) -> Result<Self, ScenarioError> {
        if let Some(frames) = self.settings.prepared_frames {
            return Err(ScenarioError::new("prepared_frames", frames, "none: frames come from a port"));
        }
        let Scenario { nic, traffic, duration_ns, .. } = &self.scenario;
        let received = Received::new(port, nic.max_frame_bytes, traffic.frames, *duration_ns);
        self.port = Port::Received(Box::new(received));
        Ok(self)
    }

    /// The scenario.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The way to change the run, from any thread.
    pub fn control(&self) -> Arc<Control> {
        Arc::clone(&self.control)
    }

    /// Run to the end, or until `go_on`, asked every few milliseconds, says no: then what is under way is still
    /// brought to its end.
    ///
    /// # Errors
    /// When threads cannot be had, or one fails.
    pub fn run(self, mut go_on: impl FnMut() -> bool) -> Result<Outcome, RunError> {
        let OwnHost { scenario, settings, plan, port, nic, hosts, control: _ } = self;
        let shared = Shared::new(hosts.len());
        let (nic, hosts) = scope(|scope| {
            let shared = &shared;
            let mut threads = Vec::with_capacity(hosts.len());
            let mut refused = None;
            for (at, (host, planned)) in hosts.into_iter().zip(&plan.hosts).enumerate() {
                let (machine_cpu, crowded, idle) = (planned.machine_cpu, plan.crowded, settings.idle);
                let work = move || {
                    pin(machine_cpu);
                    host.run(at, shared, idle, crowded)
                };
                match Builder::new().name(format!("host cpu {}", planned.cpu.0)).spawn_scoped(scope, work) {
                    Ok(thread) => threads.push(thread),
                    Err(error) => refused = Some(error.to_string()),
                }
            }
            let machine_cpu = plan.nic_machine_cpu;
            let work = move || {
                pin(machine_cpu);
                nic.run(port, shared)
            };
            let nic = match refused {
                None => {
                    Builder::new().name("nic".into()).spawn_scoped(scope, work).map_err(|e| e.to_string())
                }
                Some(reason) => Err(reason),
            };
            let nic = nic.map_err(|reason| {
                shared.stop();
                shared.finish();
                RunError::NoThread(reason)
            })?;
            let any_ended = || nic.is_finished() || threads.iter().any(|thread| thread.is_finished());
            while shared.up() < threads.len() + 1 && !any_ended() {
                sleep(UP_EVERY);
            }
            shared.begin();
            let mut pause = Duration::from_micros(200);
            while !nic.is_finished() || threads.iter().any(|thread| !thread.is_finished()) {
                sleep(pause);
                pause = (pause * 2).min(ASK_EVERY);
                if !go_on() {
                    shared.stop();
                }
            }
            // All are joined before any is judged: one that failed and was not would take this one along.
            let (nic, hosts) =
                (nic.join(), threads.into_iter().map(|thread| thread.join()).collect::<Vec<_>>());
            let hosts: Result<Vec<_>, _> = hosts.into_iter().collect();
            Ok((nic.map_err(|_| RunError::ThreadFailed)?, hosts.map_err(|_| RunError::ThreadFailed)?))
        })?;
        Ok(Outcome::new(scenario, nic, hosts))
    }
}

#[cfg(test)]
mod failure_tests;
