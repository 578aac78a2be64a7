//! Interrupt coalescing of one queue, as `struct ethtool_coalesce` in `include/uapi/linux/ethtool.h` documents it: an
//! interrupt when `rx_usecs > 0` and that time has passed since the first completed frame, or when
//! `rx_max_coalesced_frames > 0` and that many frames have completed.

use super::moderation::{Moderation, ModerationMode, Sample};
use super::sent::Sent;
use crate::ConfigError;
use stage::{Interrupt, Nanos, QueueId, Signal};

/// Longest delay that is accepted: one second.
const LONGEST_RX_USECS: u32 = 1_000_000;

/// The two limits. Both zero is refused, since no interrupt would ever come; none and one frame is "off".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoalesceConfig {
    /// Microseconds an interrupt is delayed after the first frame; 0: no time limit.
    pub rx_usecs: u32,
    /// Frames that raise the interrupt at once; 0: no limit.
    pub rx_max_coalesced_frames: u32,
}

impl CoalesceConfig {
    /// An interrupt for every frame.
    pub const OFF: CoalesceConfig = CoalesceConfig { rx_usecs: 0, rx_max_coalesced_frames: 1 };

    /// Check against the ring it is for.
    ///
    /// # Errors
    /// Both limits zero, a delay above one second, or only a frame limit and that above what the ring can hold.
    pub(crate) fn check(self, ring_size: u32) -> Result<(), ConfigError> {
        let CoalesceConfig { rx_usecs, rx_max_coalesced_frames } = self;
        if rx_usecs > LONGEST_RX_USECS {
            let allowed = format!("0 to {LONGEST_RX_USECS} µs");
            return Err(ConfigError::new("coalesce.rx_usecs", rx_usecs, allowed));
        }
        let without_time = rx_usecs == 0;
        if without_time && !(1..=ring_size).contains(&rx_max_coalesced_frames) {
            let allowed = format!(
                "1 to {ring_size}, the ring size, where rx_usecs is 0 (else no interrupt would ever come)"
            );
            return Err(ConfigError::new(
                "coalesce.rx_max_coalesced_frames",
                rx_max_coalesced_frames,
                allowed,
            ));
        }
        Ok(())
    }
}

/// The state of a queue's interrupt.
#[derive(Clone, Debug)]
pub struct Coalesce {
    queue: QueueId,
    delay_ns: Nanos,
    max_frames: u32,
    masked: bool,
    /// The driver looks for itself: never raised.
    polled: bool,
    /// Frames completed since the interrupt was armed.
    frames: u32,
    deadline_ns: Option<Nanos>,
    /// The delay begins anew with each frame.
    from_last_frame: bool,
    /// When the timer set for such a delay runs out; the delay may be longer by then.
    timer_ns: Option<Nanos>,
    adaptive: Option<Moderation>,
    /// Interrupts raised by frames received.
    raised: u64,
    sent: Sent,
}

impl Coalesce {
    /// Armed, and with no frame seen.
    pub(crate) fn new(queue: QueueId, config: CoalesceConfig) -> Self {
        Coalesce {
            queue,
            delay_ns: Nanos::from(config.rx_usecs) * 1_000,
            max_frames: config.rx_max_coalesced_frames,
            masked: false,
            polled: false,
            frames: 0,
            deadline_ns: None,
            from_last_frame: false,
            timer_ns: None,
            adaptive: None,
            raised: 0,
            sent: Sent::default(),
        }
    }

    /// Moderated in another way from now on.
    pub(crate) fn moderate(&mut self, mode: ModerationMode) {
        self.from_last_frame = mode.from_last_frame;
        self.sent.follow(mode.sent);
        if !mode.adaptive {
            self.adaptive = None;
        } else if self.adaptive.is_none() {
            self.adaptive = Some(Moderation::new(mode.from_last_frame));
        }
        self.adapt();
    }

    /// Take the limits the moderation has come to, if there is one.
    fn adapt(&mut self) {
        if let Some((usecs, frames)) = self.adaptive.as_ref().map(Moderation::limits) {
            (self.delay_ns, self.max_frames) = (Nanos::from(usecs) * 1_000, frames);
        }
    }

    /// Whether frames sent raise interrupts.
    pub(crate) fn notes_sent(&self) -> bool {
        self.sent.is_on()
    }

    /// A frame of so many bytes was sent.
    pub(crate) fn sent(&mut self, now_ns: Nanos, bytes: u32) -> Signal {
        self.sent.completed(bytes);
        if self.masked || self.polled {
            return Signal::Quiet;
        }
        if self.sent.is_full() {
            return self.raise_for_sent(now_ns);
        }
        match self.sent.set_deadline(now_ns) {
            Some(at_ns) => Signal::Timer(Interrupt { queue: self.queue, at_ns }),
            None => Signal::Quiet,
        }
    }

    /// The driver takes what was sent; answers how many frames.
    #[inline]
    pub(crate) fn reap(&mut self) -> u32 {
        self.sent.reap()
    }

    fn raise_for_sent(&mut self, now_ns: Nanos) -> Signal {
        self.sent.raised();
        let raised = self.raised;
        let signal = self.raise(now_ns);
        self.raised = raised;
        signal
    }

    /// A poll is complete; so many frames and bytes were received so far.
    #[inline]
    pub(crate) fn polled_so_far(&mut self, now_ns: Nanos, came: impl FnOnce() -> (u64, u64)) {
        self.sent.polled(now_ns);
        let Some(moderation) = &mut self.adaptive else { return };
        let (frames, bytes) = came();
        if moderation.polled(Sample { at_ns: now_ns, interrupts: self.raised, frames, bytes }) {
            self.adapt();
        }
    }

    /// Other limits from now on. Frames that have completed count under them, from when the first one did.
    pub(crate) fn change(&mut self, now_ns: Nanos, config: CoalesceConfig) -> Signal {
        self.follow(now_ns, &Coalesce::new(self.queue, config))
    }

    /// The limits of another from now on.
    pub fn follow(&mut self, now_ns: Nanos, new: &Coalesce) -> Signal {
        let Coalesce { queue, delay_ns, .. } = *self;
        let same = (new.delay_ns, new.max_frames) == (delay_ns, self.max_frames);
        (self.delay_ns, self.max_frames) = (new.delay_ns, new.max_frames);
        if same || self.masked || self.frames == 0 {
            return Signal::Quiet;
        }
        let first_ns = self.deadline_ns.map_or(now_ns, |deadline_ns| deadline_ns.saturating_sub(delay_ns));
        self.deadline_ns = None;
        let due_ns = first_ns.saturating_add(self.delay_ns);
        let too_many = self.max_frames > 0 && self.frames >= self.max_frames;
        if too_many || (self.delay_ns > 0 && due_ns <= now_ns) {
            return self.raise(now_ns);
        }
        if self.delay_ns == 0 {
            return Signal::Quiet;
        }
        self.deadline_ns = Some(due_ns);
        Signal::Timer(Interrupt { queue, at_ns: due_ns })
    }

    /// Raised and not armed since.
    pub fn masked(&self) -> bool {
        self.masked
    }

    /// When the running timer is due.
    pub fn deadline_ns(&self) -> Option<Nanos> {
        self.deadline_ns
    }

    /// A frame was written back.
    #[inline]
    pub fn frame(&mut self, now_ns: Nanos) -> Signal {
        if self.masked || self.polled {
            return Signal::Quiet;
        }
        self.completed(now_ns, 1)
    }

    /// The driver will look at the queue itself and wants no interrupts.
    pub(crate) fn poll_only(&mut self) {
        self.polled = true;
    }

    /// The driver has looked and takes the queue in hand, unless it has already: it is in hand until armed.
    #[inline]
    pub(crate) fn take_in_hand(&mut self) -> bool {
        !std::mem::replace(&mut self.masked, true)
    }

    /// The driver enables the interrupt while `waiting` frames are in the ring: they count from now.
    #[inline]
    pub fn arm(&mut self, now_ns: Nanos, waiting: usize) -> Signal {
        self.masked = false;
        self.frames = 0;
        self.deadline_ns = None;
        self.sent.deadline_ns = None;
        if waiting == 0 || self.polled {
            return Signal::Quiet;
        }
        self.completed(now_ns, u32::try_from(waiting).unwrap_or(u32::MAX))
    }

    /// A timer is due. Only the one that is running counts.
    #[inline]
    pub fn timer(&mut self, now_ns: Nanos) -> Signal {
        if self.timer_ns.is_some_and(|timer_ns| timer_ns <= now_ns) {
            self.timer_ns = None;
        }
        if self.sent.deadline_ns.is_some_and(|at_ns| at_ns <= now_ns) {
            return self.raise_for_sent(now_ns);
        }
        match self.deadline_ns {
            Some(deadline_ns) if deadline_ns <= now_ns => self.raise(now_ns),
            Some(deadline_ns) if self.from_last_frame => self.set_timer(deadline_ns),
            _ => Signal::Quiet,
        }
    }

    /// Have a delay looked at that may grow meanwhile, unless it will be anyway.
    fn set_timer(&mut self, at_ns: Nanos) -> Signal {
        if self.timer_ns.is_some() {
            return Signal::Quiet;
        }
        self.timer_ns = Some(at_ns);
        Signal::Timer(Interrupt { queue: self.queue, at_ns })
    }

    #[inline]
    fn completed(&mut self, now_ns: Nanos, frames: u32) -> Signal {
        self.frames = self.frames.saturating_add(frames);
        if self.max_frames > 0 && self.frames >= self.max_frames {
            return self.raise(now_ns);
        }
        if self.delay_ns == 0 || (self.deadline_ns.is_some() && !self.from_last_frame) {
            return Signal::Quiet;
        }
        let at_ns = now_ns.saturating_add(self.delay_ns);
        if self.from_last_frame {
            self.deadline_ns = Some(at_ns);
            return self.set_timer(at_ns);
        }
        self.deadline_ns = Some(at_ns);
        Signal::Timer(Interrupt { queue: self.queue, at_ns })
    }

    #[inline]
    fn raise(&mut self, now_ns: Nanos) -> Signal {
        self.masked = true;
        self.frames = 0;
        self.deadline_ns = None;
        self.sent.deadline_ns = None;
        self.raised += 1;
        Signal::Raise(Interrupt { queue: self.queue, at_ns: now_ns })
    }
}

#[cfg(test)]
mod tests {
    use super::super::moderation::SentMode;
    use super::*;
    use proptest::prelude::*;

    const Q: QueueId = QueueId(3);

    fn coalesce(rx_usecs: u32, rx_max_coalesced_frames: u32) -> Coalesce {
        Coalesce::new(Q, CoalesceConfig { rx_usecs, rx_max_coalesced_frames })
    }

    fn raise(at_ns: Nanos) -> Signal {
        Signal::Raise(Interrupt { queue: Q, at_ns })
    }

    fn timer(at_ns: Nanos) -> Signal {
        Signal::Timer(Interrupt { queue: Q, at_ns })
    }

    #[test]
    fn a_polled_queue_is_quiet_and_in_one_hand_at_a_time() {
        let mut c = coalesce(0, 1);
        c.poll_only();
        assert_eq!(c.frame(100), Signal::Quiet);
        assert!(c.take_in_hand() && !c.take_in_hand());
        assert_eq!(
            (c.frame(200), c.arm(300, 1), c.timer(400)),
            (Signal::Quiet, Signal::Quiet, Signal::Quiet)
        );
        assert!(c.take_in_hand());
    }

    #[test]
    fn whichever_comes_first() {
        let mut c = coalesce(10, 3);
        assert_eq!([c.frame(100), c.frame(200), c.frame(300)], [timer(10_100), Signal::Quiet, raise(300)]);
        assert_eq!((c.frame(400), c.timer(10_100)), (Signal::Quiet, Signal::Quiet));
        assert_eq!(c.arm(20_000, 0), Signal::Quiet);
        assert_eq!(
            [c.frame(20_001), c.timer(30_000), c.timer(30_001)],
            [timer(30_001), Signal::Quiet, raise(30_001)]
        );
    }

    #[test]
    fn one_frame_and_no_delay_is_off() {
        let mut c = Coalesce::new(Q, CoalesceConfig::OFF);
        assert_eq!(
            [c.frame(7), c.frame(8), c.arm(9, 1), c.arm(10, 0)],
            [raise(7), Signal::Quiet, raise(9), Signal::Quiet]
        );
    }

    #[test]
    fn a_delay_from_the_last_frame_grows_with_each() {
        let mut c = coalesce(10, 4);
        c.moderate(ModerationMode { from_last_frame: true, ..ModerationMode::default() });
        assert_eq!(
            [c.frame(0), c.frame(8_000), c.frame(16_000)],
            [timer(10_000), Signal::Quiet, Signal::Quiet]
        );
        assert_eq!([c.timer(10_000), c.timer(26_000)], [timer(26_000), raise(26_000)]);
        assert_eq!([c.arm(30_000, 3), c.frame(31_000)], [timer(40_000), raise(31_000)]);
        // The timer of a delay that frames ended is still under way, and serves the next.
        assert_eq!(c.arm(32_000, 1), Signal::Quiet);
        assert_eq!([c.timer(40_000), c.timer(42_000)], [timer(42_000), raise(42_000)]);
    }

    #[test]
    fn frames_sent_raise_the_same_interrupt() {
        let mut c = coalesce(100, 0);
        let sent = SentMode { adaptive: false, usecs: 8, max_frames: 3 };
        c.moderate(ModerationMode { sent, ..ModerationMode::default() });
        assert!(c.notes_sent());
        assert_eq!([c.frame(0), c.sent(1_000, 60)], [timer(100_000), timer(9_000)]);
        assert_eq!([c.timer(9_000), c.sent(9_500, 60)], [raise(9_000), Signal::Quiet]);
        assert_eq!((c.reap(), c.reap()), (2, 0));
        assert_eq!(c.arm(10_000, 0), Signal::Quiet);
        assert_eq!(
            [c.sent(11_000, 60), c.sent(12_000, 60), c.sent(13_000, 60)],
            [timer(19_000), Signal::Quiet, raise(13_000)]
        );
    }

    #[test]
    fn adaptive_limits_take_the_place_of_those_given() {
        let mut c = coalesce(100, 7);
        c.moderate(ModerationMode { adaptive: true, ..ModerationMode::default() });
        assert_eq!(c.frame(0), timer(8_000));
    }

    #[test]
    fn without_a_frame_limit_only_time_counts() {
        let mut c = coalesce(1, 0);
        assert_eq!(c.frame(0), timer(1_000));
        assert!((1..500).all(|now| c.frame(now) == Signal::Quiet));
        assert_eq!(c.timer(1_000), raise(1_000));
    }

    #[test]
    fn frames_that_wait_when_armed_begin_anew() {
        let mut c = coalesce(5, 4);
        assert_eq!(c.arm(1_000, 4), raise(1_000));
        assert_eq!(c.arm(2_000, 3), timer(7_000));
        assert_eq!(c.frame(2_500), raise(2_500));
    }

    #[test]
    fn limits_under_which_no_interrupt_comes_are_refused() {
        let check = |rx_usecs, rx_max_coalesced_frames| {
            CoalesceConfig { rx_usecs, rx_max_coalesced_frames }.check(512)
        };
        assert_eq!(check(0, 0).unwrap_err().key, "coalesce.rx_max_coalesced_frames");
        assert_eq!(check(0, 513).unwrap_err().key, "coalesce.rx_max_coalesced_frames");
        assert_eq!(check(1_000_001, 1).unwrap_err().key, "coalesce.rx_usecs");
        assert!(check(0, 512).is_ok() && check(1, 0).is_ok() && check(1_000_000, 9_999).is_ok());
    }

    proptest! {
        // With a time limit, no frame waits longer than it for an interrupt, and a masked vector stays silent.
        #[test]
        fn no_frame_waits_beyond_the_delay(
            gaps in prop::collection::vec(0u64..4_000, 1..200), rx_usecs in 1u32..8, max_frames in 0u32..6, polls in 1u64..5_000,
        ) {
            let mut c = coalesce(rx_usecs, max_frames);
            let (mut now, mut timers, mut first, mut armed_at) = (0, Vec::new(), None, Some(0));
            for gap in gaps {
                let arrival: Nanos = now + gap;
                // Everything due before the arrival, in order of time.
                loop {
                    timers.sort_unstable_by(|a: &Nanos, b| b.cmp(a));
                    let due = timers.last().copied().filter(|t| *t <= arrival);
                    let arm = armed_at.is_none().then_some(now + polls).filter(|t| *t <= arrival);
                    let signal = match (due, arm) {
                        (Some(t), a) if a.is_none_or(|a| t <= a) => { timers.pop(); now = t; c.timer(t) }
                        (_, Some(a)) => { now = a; armed_at = Some(a); first = None; c.arm(a, 0) }
                        _ => break,
                    };
                    if let Signal::Raise(interrupt) = signal {
                        prop_assert!(interrupt.at_ns - first.unwrap() <= u64::from(rx_usecs) * 1_000);
                        armed_at = None;
                    }
                }
                now = arrival;
                let was_masked = c.masked();
                match c.frame(now) {
                    Signal::Raise(_) => { prop_assert!(!was_masked); armed_at = None; }
                    Signal::Timer(interrupt) => { prop_assert!(!was_masked); first = Some(now); timers.push(interrupt.at_ns); }
                    Signal::Quiet => {}
                }
                prop_assert_eq!(c.deadline_ns().is_some(), armed_at.is_some());
            }
        }
    }
}
