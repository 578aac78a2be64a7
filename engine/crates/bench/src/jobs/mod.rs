//! The jobs, in the order of the table. A job is added by adding its file and one line here.

mod ring;
mod toeplitz;

use nic::rss::RssKey;

use crate::job::Job;
use crate::machine::Machine;
use crate::workload::Workload;

/// Whether the GFNI Toeplitz hash runs here.
pub(crate) fn gfni_present() -> bool {
    live::Gfni::new(&RssKey::MICROSOFT).is_some()
}

/// Every job.
pub(crate) fn all(workload: &Workload, machine: &Machine) -> Vec<Box<dyn Job>> {
    vec![
        Box::new(toeplitz::Toeplitz::table(workload)),
        Box::new(toeplitz::Toeplitz::bulk(workload)),
        Box::new(ring::OneCore::new()),
        Box::new(ring::TwoCores::new(machine)),
    ]
}
