//! A scenario's traffic through its NIC into this machine's kernel, in real time.

use crate::card::{Card, CardOutcome};
use crate::clock::Clock;
use crate::cpus::{machine_cpus, pin};
use crate::offers::Looked;
use crate::own_host::{Pacing, RunError};
use crate::ports::tap::Tap;
use crate::ports::{Memory, Port, Wire};
use graph::{Hasher, Scenario, ScenarioError};
use stage::{CpuId, Nanos};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, scope, sleep};
use std::time::Duration;
use traffic::{Captures, Source};

/// Longest time between two questions whether to go on.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// Frames that may arrive between two steps of the driver while the NIC is behind the clock: else a line faster than
/// this thread would never let it serve any.
const ARRIVALS: u32 = 512;

/// A wait longer than this is slept through but for its end.
const SLEEP_ABOVE_NS: Nanos = 2_000_000;

/// The ground's own settings, beside the scenario.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LinuxSettings {
    /// When frames are offered.
    pub pacing: Pacing,
    /// Lay out this many frames before the run and offer them over and over. With [`Pacing::Lossless`] only.
    pub prepared_frames: Option<u32>,
    /// The machine's CPU of the NIC's thread; the first this process may use if not given.
    pub nic_cpu: Option<usize>,
    /// The CPUs on which the kernel receives the queues' frames, in turn; the NIC's if not given.
    pub queue_cpus: Vec<u16>,
}

/// A scenario ready to run before this machine's kernel.
pub struct LinuxHost {
    card: Card,
    port: Port,
    tap: Arc<Tap>,
    pacing: Pacing,
    nic_cpu: usize,
}

impl LinuxHost {
    /// Lay out the NIC; nothing runs yet.
    ///
    /// # Errors
    /// Names the key that cannot be, or that this ground cannot honour.
    pub fn new(
        scenario: Scenario,
        captures: &Captures,
        hasher: &Hasher,
        settings: &LinuxSettings,
        tap: Arc<Tap>,
    ) -> Result<Self, ScenarioError> {
        if scenario.nic.queues != tap.queues() {
            let allowed = format!("{}, the queues of {}", tap.queues(), tap.name());
            return Err(ScenarioError::new("nic.queues", scenario.nic.queues, allowed));
        }
        let machine = machine_cpus();
        let nic_cpu = settings.nic_cpu.or_else(|| machine.first().copied()).unwrap_or(0);
        if !machine.contains(&nic_cpu) {
            let allowed = format!("one of {machine:?}, the CPUs this process may use");
            return Err(ScenarioError::new("nic_cpu", nic_cpu, allowed));
        }
        let source = Source::with_captures(&scenario.traffic, scenario.seed, captures)
            .map_err(|e| ScenarioError::new(format!("traffic.{}", e.key), e.value, e.allowed))?;
        let port = match settings.prepared_frames {
            None => Port::Wire(Box::new(Wire::new(
                source,
                scenario.duration_ns,
                settings.pacing == Pacing::Paced,
            ))),
            Some(frames @ 1..=0x10_0000) if settings.pacing == Pacing::Lossless => {
                let (limit, until_ns) = (scenario.traffic.frames, scenario.duration_ns);
                Port::Memory(Memory::new(source, frames, limit, until_ns))
            }
            Some(frames) => {
                let allowed = "1 to 1048576, with pacing = lossless";
                return Err(ScenarioError::new("prepared_frames", frames, allowed));
            }
        };
        let cpus: Vec<_> = match settings.queue_cpus.as_slice() {
            [] => vec![CpuId(nic_cpu as u16)],
            cpus => cpus.iter().copied().map(CpuId).collect(),
        };
        let card = Card::new(scenario, hasher, &cpus, settings.pacing == Pacing::Lossless)?;
        Ok(LinuxHost { card, port, tap, pacing: settings.pacing, nic_cpu })
    }

    /// Run to the end, or until `go_on`, asked every few milliseconds, says no, or the interface is gone: what is in
    /// the rings is then still handed over.
    ///
    /// # Errors
    /// When the thread cannot be had, or fails.
    pub fn run(self, mut go_on: impl FnMut() -> bool) -> Result<CardOutcome, RunError> {
        let stop = AtomicBool::new(false);
        scope(|scope| {
            let stop = &stop;
            let thread = Builder::new()
                .name("nic".into())
                .spawn_scoped(scope, move || self.offer(stop))
                .map_err(|error| RunError::NoThread(error.to_string()))?;
            let mut pause = Duration::from_micros(200);
            while !thread.is_finished() {
                sleep(pause);
                pause = (pause * 2).min(ASK_EVERY);
                if !go_on() {
                    stop.store(true, Ordering::Relaxed);
                }
            }
            thread.join().map_err(|_| RunError::ThreadFailed)
        })
    }

    /// The NIC's thread.
    fn offer(self, stop: &AtomicBool) -> CardOutcome {
        let LinuxHost { mut card, mut port, tap: mut outlet, pacing, nic_cpu } = self;
        pin(nic_cpu);
        let clock = Clock::start();
        let mut looked = Looked::new();
        let mut scratch = Vec::new();
        let over = |card: &Card| card.gone() || stop.load(Ordering::Relaxed);
        let mut now_ns = clock.now_ns();
        let mut arrived = 0;
        while !over(&card)
            && let Some(batch) = port.next(now_ns)
        {
            looked.at_batch(&card.nic, batch, &mut scratch);
            for ((offer, frame), (classified, key)) in batch.iter().zip(looked.iter()) {
                let mut sent_ns = now_ns;
                if pacing == Pacing::Paced {
                    sent_ns = offer.sent_ns;
                    while now_ns < offer.arrived_ns && !over(&card) {
                        now_ns = serve_or_wait(offer.arrived_ns, now_ns, &clock, &mut card, &mut outlet);
                        arrived = 0;
                    }
                }
                let frame = graph::to_ethernet(offer.link, frame, &mut scratch);
                let to = card.nic.steer(now_ns, frame, classified, key);
                if pacing == Pacing::Lossless {
                    card.make_room(frame.len(), classified, to.queue, &clock, &mut outlet);
                }
                card.receive(now_ns, sent_ns, frame, classified, to);
                arrived += 1;
                if pacing == Pacing::Lossless || arrived >= ARRIVALS {
                    arrived = 0;
                    now_ns = clock.now_ns();
                    while card.due_ns() <= now_ns {
                        now_ns = card.step(now_ns, &clock, &mut outlet);
                        if pacing == Pacing::Paced {
                            break;
                        }
                    }
                }
            }
            now_ns = clock.now_ns();
        }
        card.finish(&clock, &mut outlet);
        CardOutcome::new(card, clock.now_ns(), 0, false)
    }
}

/// Until the next frame's time do what is due, or let time pass; answers the time.
#[inline]
fn serve_or_wait(
    at_ns: Nanos,
    now_ns: Nanos,
    clock: &Clock,
    card: &mut Card,
    outlet: &mut Arc<Tap>,
) -> Nanos {
    if card.due_ns() <= now_ns {
        return card.step(now_ns, clock, outlet);
    }
    let idle_ns = at_ns.min(card.due_ns()).saturating_sub(now_ns);
    if idle_ns > SLEEP_ABOVE_NS {
        sleep(Duration::from_nanos((idle_ns - SLEEP_ABOVE_NS / 2).min(10 * SLEEP_ABOVE_NS)));
    } else {
        std::hint::spin_loop();
    }
    clock.now_ns()
}
