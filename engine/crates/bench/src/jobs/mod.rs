//! The jobs, in the order of the table. A job is added by adding its file and one line here.

mod device_ring;
mod exact_match;
mod lro;
mod lro_card;
mod lro_frames;
mod nic_path;
mod own_host;
mod own_host_tcp;
mod parse;
mod ring;
mod steering;
mod toeplitz;
mod virtual_time;

use nic::rss::RssKey;

use crate::job::Job;
use crate::machine::Machine;
use crate::workload::Workload;

/// Whether the GFNI Toeplitz hash runs here.
pub(crate) fn gfni_present() -> bool {
    live::Gfni::new(&RssKey::MICROSOFT).is_some()
}

/// Every job.
///
/// Errors: the engine refuses a configuration.
pub(crate) fn all(workload: &Workload, machine: &Machine) -> Result<Vec<Box<dyn Job>>, String> {
    Ok(vec![
        Box::new(nic_path::NicPath::new(workload, nic_path::Frames::InPlace)?),
        Box::new(nic_path::NicPath::new(workload, nic_path::Frames::Copied)?),
        Box::new(nic_path::NicPath::new(workload, nic_path::Frames::CopiedAndDescribed)?),
        Box::new(device_ring::DeviceRing::new(workload)?),
        Box::new(parse::Parse::new(workload)),
        Box::new(toeplitz::Toeplitz::table(workload)),
        Box::new(toeplitz::Toeplitz::bulk(workload)),
        Box::new(exact_match::Lookup::new(workload)?),
        Box::new(steering::Hit::new(workload, steering::Churn::None)?),
        Box::new(steering::Hit::new(workload, steering::Churn::Million)?),
        Box::new(lro::Merge::new(1, lro::Beside::Burst)),
        Box::new(lro::Merge::new(64, lro::Beside::Burst)),
        Box::new(lro::Merge::new(64, lro::Beside::Kept)),
        Box::new(lro_card::Card::new(lro_card::Arriving::OneFlow, false)?),
        Box::new(lro_card::Card::new(lro_card::Arriving::OneFlow, true)?),
        Box::new(lro_card::Card::new(lro_card::Arriving::Strangers, false)?),
        Box::new(lro_card::Card::new(lro_card::Arriving::Strangers, true)?),
        Box::new(ring::OneCore::new()),
        Box::new(ring::TwoCores::new(machine)),
        Box::new(virtual_time::VirtualTime::new(virtual_time::FrameSize::Smallest)?),
        Box::new(virtual_time::VirtualTime::new(virtual_time::FrameSize::Largest)?),
        Box::new(own_host::OwnHostPath::new(machine)?),
        Box::new(own_host_tcp::OwnHostTcp::new(machine, false)?),
        Box::new(own_host_tcp::OwnHostTcp::new(machine, true)?),
    ])
}
