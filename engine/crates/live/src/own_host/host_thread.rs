//! A host thread: look at the rings, one run of net_rx_action, then the applications until they all sleep.

use super::attendance::Attendance;
use super::context::{Books, RealTime};
use super::driver::Driver;
use super::op_meter::{OpMeter, OpTimes};
use super::settings::Idle;
use super::shared::{Alive, Gate, Shared};
use super::stopwatch::{Off, Stopwatch};
use crate::clock::Clock;
use host::Host;
use host::app::AppStep;
use host::softirq::Progress;
use host::softirq::napi::STEP_FRAMES;
use stage::{BufferPool, CpuId, Nanos, Op, QueueId};

/// Steps of net_rx_action, and receive calls, between two looks at the clock: some 32 frames each, since a look takes
/// about a tenth of what a frame does.
const STEPS_PER_TIME: u32 = 32 / STEP_FRAMES;
const CALLS_PER_TIME: u32 = 32;

/// Looks at empty rings before the thread sleeps.
const LOOKS_BEFORE_SLEEP: u32 = 64;

/// Everything one host thread has.
pub(crate) struct HostThread {
    pub(crate) cpu: CpuId,
    pub(crate) queues: Vec<QueueId>,
    pub(crate) host: Host,
    pub(crate) driver: Driver,
    pub(crate) buffers: BufferPool,
    pub(crate) books: Books,
    /// Time in net_rx_action.
    pub(crate) softirq_ns: Nanos,
    /// Time in the applications.
    pub(crate) task_ns: Nanos,
    /// When it had nothing left to do.
    pub(crate) ended_ns: Nanos,
    /// Time without a CPU while it wanted one.
    pub(crate) lost_ns: Nanos,
    /// It was roused from its sleep and has not looked since.
    pub(crate) roused: bool,
    /// Whether operations are to be timed.
    pub(crate) meter_ops: bool,
    /// What they took, if they were.
    pub(crate) op_times: Option<OpTimes>,
}

impl HostThread {
    /// Work until the NIC's thread has finished and nothing is left.
    pub(crate) fn run(mut self, at: usize, shared: &Shared, idle: Idle, crowded: bool) -> HostThread {
        let _alive = Alive(shared);
        let Some(gate) = shared.gates.get(at) else { return self };
        gate.enter();
        let mut meter = self.meter_ops.then(|| OpMeter::new(Clock::start()));
        shared.enter();
        let mut attendance = Attendance::begin();
        let mut empty_looks = 0;
        let mut told_frames = 0;
        let mut before_ns = shared.now_ns();
        loop {
            let finished = shared.finished();
            let (taken, posted) = (self.driver.taken_frames, self.driver.posted_buffers);
            let (between_ns, asked) = match meter.as_mut().and_then(OpMeter::timing) {
                Some(laps) => self.round(before_ns, shared, laps),
                None => self.round(before_ns, shared, &mut Off),
            };
            let moved = self.driver.taken_frames > taken || asked;
            // What the applications let go of is the NIC's when NAPI has posted it, which it is to try again.
            let still = !moved && self.driver.posted_buffers == posted;
            if told_frames != self.driver.taken_frames && (still || !self.driver.scheduled()) {
                told_frames = self.driver.taken_frames;
                gate.tell_done(told_frames);
            }
            if moved {
                let after_ns = shared.now_ns();
                self.softirq_ns += between_ns - before_ns;
                self.task_ns += after_ns.saturating_sub(between_ns);
                if let Some(meter) = &mut meter {
                    let taken_frames = self.driver.taken_frames - taken;
                    meter.round(taken_frames, after_ns.saturating_sub(before_ns));
                    before_ns = shared.now_ns();
                } else {
                    before_ns = after_ns;
                }
                empty_looks = 0;
                continue;
            }
            if finished && self.driver.waiting() == 0 {
                self.ended_ns = between_ns;
                self.lost_ns = attendance.lost_ns();
                self.op_times = meter.map(OpMeter::into_times);
                return self;
            }
            empty_looks += 1;
            let slept = self.wait(gate, shared, idle, crowded, empty_looks);
            before_ns = shared.now_ns();
            if slept {
                attendance.slept(before_ns.saturating_sub(between_ns));
            }
        }
    }

    /// Once through: rings, softirq, applications. Answers when the applications' turn came and whether any was awake.
    #[inline]
    fn round(&mut self, before_ns: Nanos, shared: &Shared, watch: &mut impl Stopwatch) -> (Nanos, bool) {
        self.look(before_ns, watch);
        if self.driver.scheduled() {
            // Read again: what the look found may have come after the last time.
            self.softirq(shared.now_ns(), shared, watch);
        }
        let between_ns = shared.now_ns();
        let asked = self.tasks(between_ns, shared, watch);
        // Whose it is does not matter: the last lap ends here.
        watch.enter(Op::SoftIrq);
        (between_ns, asked)
    }

    /// Answers whether it slept.
    fn wait(&mut self, gate: &Gate, shared: &Shared, idle: Idle, crowded: bool, empty_looks: u32) -> bool {
        if idle == Idle::Sleep && empty_looks >= LOOKS_BEFORE_SLEEP && !self.driver.scheduled() {
            let now_ns = shared.now_ns();
            self.roused = gate.sleep(|| {
                self.look(now_ns, &mut Off);
                self.driver.waiting() > 0 || shared.finished()
            });
            return true;
        }
        if crowded {
            std::thread::yield_now();
        } else {
            std::hint::spin_loop();
        }
        false
    }

    #[inline]
    fn look(&mut self, now_ns: Nanos, watch: &mut impl Stopwatch) {
        let HostThread { host, driver, buffers, books, cpu, roused, .. } = self;
        let roused = std::mem::take(roused);
        // Descriptors are read here, a ring's worth at a time.
        watch.enter(Op::Descriptor);
        driver.look(buffers, |queue| {
            let watch = &mut *watch;
            let mut context = RealTime { books: &mut *books, watch, cpu: *cpu, now_ns };
            if roused {
                stage::Observer::event(&mut context, Some(queue), stage::Event::Interrupt);
            }
            host.hard_interrupt(queue, &mut context);
            watch.enter(Op::Descriptor);
        });
    }

    #[inline]
    fn softirq(&mut self, mut now_ns: Nanos, shared: &Shared, watch: &mut impl Stopwatch) {
        let HostThread { host, driver, buffers, books, cpu, .. } = self;
        for step in 1_u32.. {
            let mut context = RealTime { books: &mut *books, watch: &mut *watch, cpu: *cpu, now_ns };
            if host.net_rx_step(driver, buffers, &mut context) != Progress::More {
                return;
            }
            if step % STEPS_PER_TIME == 0 {
                now_ns = shared.now_ns();
            }
        }
    }

    /// Applications in turn, a message each; answers whether any was awake.
    #[inline]
    fn tasks(&mut self, mut now_ns: Nanos, shared: &Shared, watch: &mut impl Stopwatch) -> bool {
        let HostThread { host, buffers, books, cpu, .. } = self;
        let mut calls = 0;
        while let Some(task) = books.runnable.pop_front() {
            calls += 1;
            if calls % CALLS_PER_TIME == 0 {
                now_ns = shared.now_ns();
            }
            let mut context = RealTime { books: &mut *books, watch: &mut *watch, cpu: *cpu, now_ns };
            if host.app_step(task, buffers, &mut context) == AppStep::Read {
                books.runnable.push_back(task);
            } else {
                stage::Observer::event(&mut context, None, stage::Event::Slept(task));
            }
        }
        calls > 0
    }
}
