//! Receive packet steering: spread frames over CPUs in software (net/core/dev.c, `get_rps_cpu`).

mod flow_limit;
mod flows;
mod steer;

pub use flow_limit::FlowLimit;

pub(crate) use flows::Rfs;
pub(crate) use steer::Target;

use stage::CpuId;

/// The CPU RPS chooses: `cpus[(hash * len) >> 32]`, `None` when off.
#[inline]
pub fn choose(cpus: &[u16], hash: u32) -> Option<CpuId> {
    let index = (u64::from(hash) * cpus.len() as u64) >> 32;
    cpus.get(index as usize).map(|cpu| CpuId(*cpu))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_range_is_divided_evenly() {
        let cpus = [4, 5, 6];
        assert_eq!(choose(&cpus, 0), Some(CpuId(4)));
        assert_eq!(choose(&cpus, u32::MAX / 3), Some(CpuId(4)));
        assert_eq!(choose(&cpus, u32::MAX / 3 + 1), Some(CpuId(5)));
        assert_eq!(choose(&cpus, u32::MAX), Some(CpuId(6)));
        assert_eq!(choose(&[], 7), None);
    }
}
