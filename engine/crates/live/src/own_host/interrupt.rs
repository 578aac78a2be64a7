//! A queue's interrupt: when the frames handed over rouse the host thread that sleeps.

use super::shared::Gate;
use nic::queue::Coalesce;
use stage::{Nanos, Signal};

/// Moderated as `nic.coalesce` says. A host thread that goes to sleep arms the interrupts of all its queues; while it is
/// up it polls, and there are none.
pub(crate) struct Interrupt {
    coalesce: Coalesce,
    /// The sleep of the host thread for which it is armed.
    armed_for: u64,
}

impl Interrupt {
    /// Never armed. `coalesce` is the queue's as it was set up.
    pub(crate) fn new(coalesce: Coalesce) -> Self {
        Interrupt { coalesce, armed_for: 0 }
    }

    /// So many frames were handed over. Answers whether that roused the host thread.
    pub(crate) fn handed_over(&mut self, frames: u32, now_ns: Nanos, gate: &Gate) -> bool {
        let Some(sleep) = gate.asleep() else { return false };
        if sleep != self.armed_for {
            self.armed_for = sleep;
            // It found its rings empty.
            self.coalesce.arm(now_ns, 0);
        }
        let raised = |signal| matches!(signal, Signal::Raise(_));
        (0..frames).any(|_| raised(self.coalesce.frame(now_ns))) && gate.rouse()
    }

    /// When it will be raised without another frame, if it will.
    pub(crate) fn due_ns(&self) -> Option<Nanos> {
        self.coalesce.deadline_ns()
    }

    /// Raise it if its time has come. Answers whether that roused the host thread.
    pub(crate) fn timer(&mut self, now_ns: Nanos, gate: &Gate) -> bool {
        let raised = matches!(self.coalesce.timer(now_ns), Signal::Raise(_));
        // Who has woken since, for another queue, found these frames too.
        raised && gate.asleep() == Some(self.armed_for) && gate.rouse()
    }

    /// Moderated as `card` is from now on. Answers whether that roused the host thread.
    pub(crate) fn follow(&mut self, now_ns: Nanos, card: &Coalesce, gate: &Gate) -> bool {
        let raised = matches!(self.coalesce.follow(now_ns, card), Signal::Raise(_));
        raised && gate.asleep() == Some(self.armed_for) && gate.rouse()
    }

    /// Raise it whatever the limits say, as NICs do when they run out of descriptors (Intel 8254x, section 13.4.17:
    /// RXDMT0 and RXO). Answers whether that roused the host thread.
    pub(crate) fn out_of_descriptors(&mut self, gate: &Gate) -> bool {
        gate.rouse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph::{ReceivePath, Scenario, scenario::Format};
    use nic::rss::Table;
    use std::thread;

    fn interrupt(coalesce: &str) -> Interrupt {
        let document = format!("version = 1\n[nic]\nqueues = 1\ncoalesce = {coalesce}\n[host]\ncpus = 1\n");
        let scenario = Scenario::parse(&document, Format::Toml).unwrap();
        let path = ReceivePath::new(&scenario, &|key| Box::new(Table::new(key))).unwrap();
        Interrupt::new(path.nic.queues()[0].coalesce().clone())
    }

    /// Run `steps` beside a thread that sleeps so many times, each time until roused.
    fn beside_a_sleeper(gate: &Gate, sleeps: u32, steps: impl FnOnce()) {
        thread::scope(|scope| {
            scope.spawn(|| {
                gate.enter();
                (0..sleeps).for_each(|_| assert!(gate.sleep(|| false)));
            });
            steps();
        });
    }

    fn wait_until_asleep(gate: &Gate) {
        while gate.asleep().is_none() {
            thread::yield_now();
        }
    }

    #[test]
    fn so_many_frames_rouse_who_sleeps_and_count_anew_in_the_next_sleep() {
        let (gate, mut interrupt) =
            (Gate::default(), interrupt("{ rx_usecs = 0, rx_max_coalesced_frames = 10 }"));
        assert!(!interrupt.handed_over(100, 0, &gate), "nobody sleeps");
        let mut seen = Vec::new();
        beside_a_sleeper(&gate, 2, || {
            for _ in 0..2 {
                wait_until_asleep(&gate);
                seen.extend([9, 1].map(|frames| interrupt.handed_over(frames, 1, &gate)));
            }
        });
        assert_eq!((seen, interrupt.due_ns()), (vec![false, true, false, true], None));
    }

    #[test]
    fn so_long_after_the_first_frame_it_is_due() {
        let (gate, mut interrupt) =
            (Gate::default(), interrupt("{ rx_usecs = 7, rx_max_coalesced_frames = 0 }"));
        let mut seen = Vec::new();
        beside_a_sleeper(&gate, 1, || {
            wait_until_asleep(&gate);
            seen.push((interrupt.handed_over(50, 1_000, &gate), interrupt.due_ns()));
            seen.extend([7_999, 8_000].map(|now_ns| (interrupt.timer(now_ns, &gate), interrupt.due_ns())));
            gate.rouse();
        });
        assert_eq!(seen, [(false, Some(8_000)), (false, Some(8_000)), (true, None)]);
    }

    #[test]
    fn who_woke_for_another_queue_is_not_roused_again() {
        let (gate, mut interrupt) =
            (Gate::default(), interrupt("{ rx_usecs = 7, rx_max_coalesced_frames = 0 }"));
        let mut roused = true;
        beside_a_sleeper(&gate, 2, || {
            wait_until_asleep(&gate);
            interrupt.handed_over(1, 0, &gate);
            gate.rouse();
            wait_until_asleep(&gate);
            roused = interrupt.timer(9_000, &gate);
            gate.rouse();
        });
        assert!(!roused);
    }
}
