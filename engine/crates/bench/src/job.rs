//! What a measured job is.

/// One timed run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Time per item in ns.
    pub(crate) ns_per_item: f64,
    /// Sum over the results: both sides must come to the same one for the same number of passes.
    pub(crate) check: u64,
    /// Share of the time in which a thread wanted a CPU and had none; `None` where CPU time is measured, or no one looks.
    pub(crate) lost: Option<f64>,
}

impl Sample {
    /// One whose time is what the thread had of its CPU.
    pub(crate) fn new(ns_per_item: f64, check: u64) -> Self {
        Sample { ns_per_item, check, lost: None }
    }
}

/// A job: ours, and which of the peer's jobs it stands beside.
pub(crate) trait Job {
    /// `stage/operation/parameter`.
    fn name(&self) -> &'static str;

    /// What an item is, in the singular.
    fn item(&self) -> &'static str;

    /// The peer's job and what it is made of; `None` where no peer does the same work.
    fn peer(&self) -> Option<(&'static str, &'static str)>;

    /// What a job without a peer is held beside: a fixed time per item in ns, and what it is.
    fn pace(&self) -> Option<(f64, &'static str)> {
        None
    }

    /// What is not equal between the two sides, or what is in the figure where there is one side.
    fn unequal(&self) -> &'static str;

    /// Run over the workload `passes` times and time it.
    fn sample(&mut self, passes: u32) -> Sample;
}
