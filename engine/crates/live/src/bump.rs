//! A bump in the wire: two ports, our NIC between them, in both directions at once. Each direction is a card of its
//! own on a thread of its own: what comes in through one port is parsed, hashed, queued and merged, and leaves through
//! the other on the queue the NIC chose.

use crate::card::{Card, CardOutcome};
use crate::clock::Clock;
use crate::cpus::{machine_cpus, pin};
use crate::offers::Looked;
use crate::own_host::{Idle, RunError};
use crate::ports::{BURST_FRAMES, Inlet, OpenError, Outlet, PortError, WirePort};
use crate::steer_requests::{Steer, SteerRequests};
use graph::{Hasher, Scenario, ScenarioError};
use stage::{CpuId, Nanos};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Longest sleep, after which a thread looks whether it is to end.
const SLEEP_AT_MOST: Duration = Duration::from_millis(20);

/// What is due sooner than this is waited for awake: a sleep ends that late (`timer_slack_ns` is 50 µs).
const AWAKE_BELOW_NS: Nanos = 100_000;

/// Told to stop, a way goes on until nothing has come through either of them for so long: senders have sent what waits.
const QUIET_NS: Nanos = 5_000_000;

/// And at most so long: some sender may never end.
const LINGER_NS: Nanos = 2_000_000_000;

/// How a bump runs, beside the scenario.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct BumpSettings {
    /// What a thread does when nothing has come.
    pub idle: Idle,
    /// The machine's CPUs of the two threads; the first ones this process may use if not given.
    pub cpus: Option<[usize; 2]>,
    /// The CPUs on which the kernel receives the queues' frames, in turn; the thread's own if not given.
    pub queue_cpus: Vec<u16>,
}

/// A bump in the wire that is at work. Dropped, it ends.
pub struct Bump {
    threads: Vec<JoinHandle<CardOutcome>>,
    /// Of each way.
    requests: [Arc<SteerRequests>; 2],
    end: Arc<End>,
}

/// How the two ways end together: what one hands over may be answered through the other.
#[derive(Default)]
struct End {
    wanted: AtomicBool,
    /// Bursts of frames that have come since, through both.
    bursts: AtomicU64,
}

impl Bump {
    /// Begin to carry frames: from the first port to the second, and from the second to the first.
    ///
    /// # Errors
    /// Names the key that cannot be, or that this ground cannot honour; a thread that cannot be had.
    pub fn start(
        scenario: &Scenario,
        hasher: &Hasher,
        settings: &BumpSettings,
        ports: [WirePort; 2],
    ) -> Result<Bump, OpenError> {
        let machine = machine_cpus();
        let at = |i: usize| machine.get(i % machine.len().max(1)).copied().unwrap_or(0);
        let cpus = settings.cpus.unwrap_or([at(0), at(1)]);
        if let Some(cpu) = cpus.iter().find(|cpu| !machine.contains(cpu)) {
            let allowed = format!("of {machine:?}, the CPUs this process may use");
            return Err(ScenarioError::new("cpus", cpu, allowed).into());
        }
        let [one, other] = ports;
        let largest_bytes = scenario.nic.max_frame_bytes;
        let (one_in, one_out) = one.open(largest_bytes)?;
        let (other_in, other_out) = other.open(largest_bytes)?;
        let mut bump =
            Bump { threads: Vec::with_capacity(2), requests: Default::default(), end: Arc::default() };
        let ways = [(one_in, other_out, "to second"), (other_in, one_out, "to first")];
        for (((inlet, outlet, name), cpu), requests) in ways.into_iter().zip(cpus).zip(&bump.requests) {
            let queue_cpus: Vec<_> = match settings.queue_cpus.as_slice() {
                [] => vec![CpuId(cpu as u16)],
                given => given.iter().copied().map(CpuId).collect(),
            };
            let card = Card::new(scenario.clone(), hasher, &queue_cpus, false)?;
            let (end, idle) = (Arc::clone(&bump.end), settings.idle);
            let requests = Arc::clone(requests);
            let work = move || {
                pin(cpu);
                Way { card, inlet, outlet, idle, requests, quiet: None }.carry(&end)
            };
            let thread = Builder::new().name(name.into()).spawn(work).map_err(|error| PortError {
                device: "a thread".into(),
                reason: error.to_string(),
                errno: error.raw_os_error().unwrap_or(0),
            })?;
            bump.threads.push(thread);
        }
        Ok(bump)
    }

    /// Send a flow to a queue of the NIC on the way from the first port, or from the second: the next frames obey.
    pub fn steer(&self, from_second: bool, steer: Steer) {
        let [first, second] = &self.requests;
        if from_second { second.ask(steer) } else { first.ask(steer) }
    }

    /// End: what was sent until now is still carried, but not for longer than two seconds. What the ways from the first
    /// and from the second port came to.
    ///
    /// # Errors
    /// When a thread failed.
    pub fn stop(mut self) -> Result<[CardOutcome; 2], RunError> {
        self.end.wanted.store(true, Ordering::Relaxed);
        let mut ended =
            self.threads.drain(..).map(|thread| thread.join().map_err(|_| RunError::ThreadFailed));
        match (ended.next(), ended.next()) {
            (Some(first), Some(second)) => Ok([first?, second?]),
            _ => Err(RunError::ThreadFailed),
        }
    }
}

impl Drop for Bump {
    fn drop(&mut self) {
        self.end.wanted.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// One direction.
struct Way {
    card: Card,
    inlet: Box<dyn Inlet + Send>,
    outlet: Box<dyn Outlet + Send>,
    idle: Idle,
    requests: Arc<SteerRequests>,
    quiet: Option<Quiet>,
}

/// What a way that is to end has seen.
struct Quiet {
    asked_ns: Nanos,
    bursts: u64,
    since_ns: Nanos,
}

impl Way {
    /// Carry frames until told to stop and nothing comes any more, or an interface is gone.
    fn carry(mut self, end: &End) -> CardOutcome {
        let clock = Clock::start();
        let mut looked = Looked::new();
        let mut gone = false;
        while !gone && !self.card.gone() {
            let mut now_ns = clock.now_ns();
            if end.wanted.load(Ordering::Relaxed) && self.over(end, now_ns) {
                break;
            }
            match self.inlet.fill() {
                Ok(0) => {
                    if self.card.due_ns() > now_ns {
                        gone = self.wait(now_ns).is_err();
                    }
                }
                Ok(frames) => {
                    if self.quiet.is_some() {
                        end.bursts.fetch_add(1, Ordering::Relaxed);
                    }
                    self.receive(frames, now_ns, &mut looked);
                }
                Err(_) => gone = true,
            }
            while self.card.due_ns() <= now_ns {
                now_ns = self.card.step(now_ns, &clock, &mut *self.outlet);
            }
        }
        self.card.finish(&clock, &mut *self.outlet);
        CardOutcome::new(self.card, clock.now_ns(), self.inlet.missed_frames(), gone)
    }

    /// Whether nothing has come for long enough, or the end was asked for too long ago.
    fn over(&mut self, end: &End, now_ns: Nanos) -> bool {
        let bursts = end.bursts.load(Ordering::Relaxed);
        let quiet = self.quiet.get_or_insert(Quiet { asked_ns: now_ns, bursts, since_ns: now_ns });
        if quiet.bursts != bursts {
            (quiet.bursts, quiet.since_ns) = (bursts, now_ns);
        }
        now_ns - quiet.since_ns >= QUIET_NS || now_ns - quiet.asked_ns >= LINGER_NS
    }

    #[inline]
    fn receive(&mut self, count: usize, now_ns: Nanos, looked: &mut Looked) {
        let mut frames: [&[u8]; BURST_FRAMES] = [&[]; BURST_FRAMES];
        for (at, place) in frames.iter_mut().enumerate().take(count) {
            *place = self.inlet.frame(at);
        }
        let frames = frames.get(..count).unwrap_or(&[]);
        self.requests.write(now_ns, &mut self.card.nic);
        looked.at(&self.card.nic, frames);
        for (frame, (classified, key)) in frames.iter().zip(looked.iter()) {
            let to = self.card.nic.steer(now_ns, frame, classified, key);
            self.card.receive(now_ns, now_ns, frame, classified, to);
        }
    }

    /// Nothing has come: sleep until something does, or until something is due.
    fn wait(&mut self, now_ns: Nanos) -> Result<(), PortError> {
        let left_ns = self.card.due_ns().saturating_sub(now_ns);
        if self.idle == Idle::BusyPoll || left_ns < AWAKE_BELOW_NS {
            std::hint::spin_loop();
            return Ok(());
        }
        self.inlet.wait(SLEEP_AT_MOST.min(Duration::from_nanos(left_ns)))
    }
}
