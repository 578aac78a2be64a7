//! How a scenario is run in real time.

/// When the next frame is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Pacing {
    /// At its time by the clock, late ones at once; a full ring drops, as on the wire.
    #[default]
    Paced,
    /// As soon as its ring has room: nothing is lost at the NIC, and the source goes as fast as the path.
    Lossless,
}

/// What a host thread does when its rings are empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Idle {
    /// Looks again.
    #[default]
    BusyPoll,
    /// Sleeps until the NIC's thread wakes it with the next frame.
    Sleep,
}

/// The ground's own settings, beside the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Settings {
    /// When frames are offered.
    pub pacing: Pacing,
    /// What idle host threads do.
    pub idle: Idle,
    /// Share CPUs between threads where there are not enough of them.
    pub oversubscribe: bool,
    /// Lay out this many frames before the run and offer them over and over until `traffic.frames` are offered or
    /// `duration_ns` has passed by the clock. With [`Pacing::Lossless`] only: their times have passed after one round.
    pub prepared_frames: Option<u32>,
    /// Time some rounds of the host threads operation by operation.
    pub meter_ops: bool,
}
