//! Adaptive interrupt moderation (`ethtool -C adaptive-rx on`) as Linux does it for its drivers: the driver measures
//! over 64 interrupts, takes a step along a list of profiles, and turns back where that made things worse (lib/dim/dim.c,
//! lib/dim/net_dim.c). A change is in force at once; in Linux a work item writes it some microseconds later.

use stage::Nanos;

/// Interrupts a measurement lasts (DIM_NEVENTS).
const EVENTS: u64 = 64;
/// Differences up to so many hundredths are none (IS_SIGNIFICANT_DIFF).
const SIGNIFICANT_PERCENT: u64 = 10;
/// Steps after which it rests (NET_DIM_PARAMS_NUM_PROFILES * 2).
const TIRED_STEPS: u32 = 10;
/// Where it begins (NET_DIM_DEF_PROFILE_EQE, NET_DIM_DEF_PROFILE_CQE).
const FIRST: usize = 1;

/// How queues are moderated beyond their limits (ETHTOOL_A_COALESCE_USE_ADAPTIVE_RX, _USE_CQE_MODE_RX).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModerationMode {
    /// The driver chooses the limits by what it measures.
    pub adaptive: bool,
    /// The delay begins anew with each frame, not with the first.
    pub from_last_frame: bool,
    /// Interrupts of frames sent, on the same vector (ETHTOOL_A_COALESCE_TX_USECS, _TX_MAX_FRAMES, _USE_ADAPTIVE_TX).
    pub sent: SentMode,
}

/// When frames that were sent raise the interrupt; without limits never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SentMode {
    /// The driver chooses the limits by what it measures.
    pub adaptive: bool,
    /// Microseconds from the first frame.
    pub usecs: u32,
    /// Frames.
    pub max_frames: u32,
}

/// The limits it chooses from: delay in microseconds, and frames (NET_DIM_RX_EQE_PROFILES, NET_DIM_RX_CQE_PROFILES in
/// include/linux/dim.h and lib/dim/net_dim.c).
const FROM_FIRST: [(u32, u32); 5] = [(1, 256), (8, 256), (64, 256), (128, 256), (256, 256)];
const FROM_LAST: [(u32, u32); 5] = [(2, 256), (8, 128), (16, 64), (32, 64), (64, 64)];
/// For frames sent (NET_DIM_TX_EQE_PROFILES).
const SENT: [(u32, u32); 5] = [(1, 128), (8, 128), (32, 128), (64, 128), (128, 128)];

/// What a queue has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) at_ns: Nanos,
    pub(crate) interrupts: u64,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
}

/// Rates per millisecond.
#[derive(Clone, Copy, Debug, Default)]
struct Rates {
    bytes: u64,
    frames: u64,
    interrupts: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tuning {
    /// Where it was best.
    ParkedOnTop,
    /// After many steps.
    ParkedTired,
    /// Towards longer delays.
    Right,
    /// Towards shorter ones.
    Left,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Same,
    Better,
    Worse,
}

/// One queue's moderation.
#[derive(Clone, Debug)]
pub(crate) struct Moderation {
    profiles: [(u32, u32); 5],
    place: usize,
    tuning: Tuning,
    steps_right: u32,
    steps_left: u32,
    tired: u32,
    before: Rates,
    start: Option<Sample>,
}

impl Moderation {
    pub(crate) fn new(from_last_frame: bool) -> Self {
        Moderation::over(if from_last_frame { FROM_LAST } else { FROM_FIRST })
    }

    /// Of frames sent.
    pub(crate) fn of_sent() -> Self {
        Moderation::over(SENT)
    }

    fn over(profiles: [(u32, u32); 5]) -> Self {
        Moderation {
            profiles,
            place: FIRST,
            tuning: Tuning::ParkedOnTop,
            steps_right: 0,
            steps_left: 0,
            tired: 0,
            before: Rates::default(),
            start: None,
        }
    }

    /// Microseconds and frames now.
    pub(crate) fn limits(&self) -> (u32, u32) {
        self.profiles.get(self.place).copied().unwrap_or(FROM_FIRST[0])
    }

    /// A poll is complete, and the queue has come so far. Answers whether the limits are others now.
    pub(crate) fn polled(&mut self, now: Sample) -> bool {
        let Some(start) = self.start else {
            self.start = Some(now);
            return false;
        };
        if now.interrupts - start.interrupts < EVENTS {
            return false;
        }
        self.start = Some(now);
        let micros = (now.at_ns - start.at_ns) / 1_000;
        if micros == 0 {
            return false;
        }
        let per_milli = |n: u64| (n * 1_000).div_ceil(micros);
        let rates = Rates {
            bytes: per_milli(now.bytes - start.bytes),
            frames: per_milli(now.frames - start.frames),
            interrupts: per_milli(EVENTS),
        };
        let changed = self.decide(rates);
        if changed {
            // The next measurement begins with the next poll (DIM_START_MEASURE).
            self.start = None;
        }
        changed
    }

    fn decide(&mut self, rates: Rates) -> bool {
        let (was, place) = (self.tuning, self.place);
        match self.tuning {
            Tuning::ParkedOnTop => {
                if compare(rates, self.before) != Change::Same {
                    self.set_off();
                }
            }
            Tuning::ParkedTired => {
                self.tired = self.tired.saturating_sub(1);
                if self.tired == 0 {
                    self.set_off();
                }
            }
            Tuning::Right | Tuning::Left => {
                if compare(rates, self.before) != Change::Better {
                    self.turn();
                }
                if self.is_on_top() {
                    self.park_on_top();
                } else {
                    self.step_or_park();
                }
            }
        }
        if was != Tuning::ParkedOnTop || self.tuning != Tuning::ParkedOnTop {
            self.before = rates;
        }
        self.place != place
    }

    fn set_off(&mut self) {
        self.tuning = if self.place > 0 { Tuning::Left } else { Tuning::Right };
        self.step();
    }

    fn turn(&mut self) {
        match self.tuning {
            Tuning::Right => (self.tuning, self.steps_left) = (Tuning::Left, 0),
            Tuning::Left => (self.tuning, self.steps_right) = (Tuning::Right, 0),
            _ => {}
        }
    }

    /// It came back over the best place by one step.
    fn is_on_top(&self) -> bool {
        match self.tuning {
            Tuning::Right => self.steps_left > 1 && self.steps_right == 1,
            Tuning::Left => self.steps_right > 1 && self.steps_left == 1,
            _ => true,
        }
    }

    fn park_on_top(&mut self) {
        (self.steps_right, self.steps_left, self.tired) = (0, 0, 0);
        self.tuning = Tuning::ParkedOnTop;
    }

    fn step_or_park(&mut self) {
        if self.tired >= TIRED_STEPS {
            (self.steps_right, self.steps_left) = (0, 0);
            self.tuning = Tuning::ParkedTired;
        } else if !self.step() {
            self.park_on_top();
        }
    }

    /// One profile on; false at the edge.
    fn step(&mut self) -> bool {
        match self.tuning {
            Tuning::Right if self.place + 1 < self.profiles.len() => {
                self.place += 1;
                self.steps_right += 1;
            }
            Tuning::Left if self.place > 0 => {
                self.place -= 1;
                self.steps_left += 1;
            }
            _ => return false,
        }
        self.tired += 1;
        true
    }
}

/// Whether more bytes came than before, else more frames, else fewer interrupts (`net_dim_stats_compare`).
fn compare(now: Rates, before: Rates) -> Change {
    let better = |better: bool| if better { Change::Better } else { Change::Worse };
    for (now, before) in [(now.bytes, before.bytes), (now.frames, before.frames)] {
        match before {
            0 if now > 0 => return Change::Better,
            0 => return Change::Same,
            _ if differs(now, before) => return better(now > before),
            _ => {}
        }
    }
    if before.interrupts > 0 && differs(now.interrupts, before.interrupts) {
        return better(now.interrupts < before.interrupts);
    }
    Change::Same
}

fn differs(now: u64, before: u64) -> bool {
    now.abs_diff(before) * 100 / before > SIGNIFICANT_PERCENT
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the limits come to where a frame comes every `gap_ns` and interrupts follow the limits.
    fn settles(from_last_frame: bool, gap_ns: u64) -> Vec<(u32, u32)> {
        let mut moderation = Moderation::new(from_last_frame);
        let mut sample = Sample::default();
        let mut seen = vec![moderation.limits()];
        for _ in 0..20_000 {
            let (usecs, most) = moderation.limits();
            let frames = (u64::from(usecs) * 1_000 / gap_ns + 1).min(most.into());
            sample.at_ns += frames * gap_ns;
            sample.interrupts += 1;
            sample.frames += frames;
            sample.bytes += frames * 100;
            if moderation.polled(sample) {
                seen.push(moderation.limits());
            }
        }
        seen
    }

    #[test]
    fn fewer_interrupts_for_the_same_frames_are_better() {
        let seen = settles(false, 1_000);
        assert_eq!(seen[0], (8, 256));
        // It tries less delay, finds more interrupts, and goes on to the longest.
        assert_eq!(seen[1..=2], [(1, 256), (8, 256)]);
        assert_eq!(seen.last(), Some(&(256, 256)));
    }

    #[test]
    fn a_delay_that_changes_nothing_is_left_alone() {
        // Every frame has its interrupt whatever the limits: no profile is better.
        let seen = settles(true, 1_000_000);
        assert!(seen.iter().all(|limits| limits.0 <= 16), "{seen:?}");
    }

    #[test]
    fn nothing_is_decided_before_64_interrupts() {
        let mut moderation = Moderation::new(false);
        let sample = |n: u64| Sample { at_ns: n * 10_000, interrupts: n, frames: n, bytes: n * 64 };
        assert!((0..64).all(|n| !moderation.polled(sample(n))));
        assert!(moderation.polled(sample(64)));
    }
}
