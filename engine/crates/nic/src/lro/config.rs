//! Large receive offload as configured.

use crate::ConfigError;
use crate::config::within;
use stage::Nanos;
use wire::coalesce::{Limits, Stamps, Told};

/// Contexts over all queues, at most: each holds two headers.
const MAX_CONTEXTS: u32 = 65_536;

/// Large receive offload of every queue. With the default limits, eight contexts and flows told apart as Linux does it
/// merges exactly what GRO of Linux 6.18 would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LroConfig {
    /// Flows a queue may hold at once: 1 to 16384, and 65536 over all queues.
    pub contexts: u32,
    /// How long a frame may be held, in microseconds: 1 to 1000000.
    pub timer_us: u32,
    /// Segments in a merged frame: 2 to 65535.
    pub max_segments: u16,
    /// Bytes of a merged frame behind its Ethernet header: 576 to 65535, the most a total length can say.
    pub max_bytes: u32,
    /// How flows are told apart.
    pub told: Told,
    /// Which timestamps merge.
    pub stamps: Stamps,
    /// Cut link padding off and merge; else a padded frame goes alone, as in Linux.
    pub trim_padding: bool,
    /// Keys the hash by which flows are found, so that an outsider cannot make them collide.
    pub secret: u64,
}

impl Default for LroConfig {
    /// 32 contexts as ixgbe has (its receive side coalescing), 50 µs, no limits but the packet's own.
    fn default() -> Self {
        LroConfig {
            contexts: 32,
            timer_us: 50,
            max_segments: u16::MAX,
            max_bytes: 65_535,
            told: Told::ByConnection,
            stamps: Stamps::Equal,
            trim_padding: false,
            secret: 0,
        }
    }
}

impl LroConfig {
    /// Check for a NIC of `queues` queues that verifies checksums or does not.
    ///
    /// # Errors
    /// The first key whose value cannot be.
    pub(crate) fn check(&self, queues: u16, rx_checksum: bool) -> Result<(), ConfigError> {
        let most = (MAX_CONTEXTS / u32::from(queues)).min(16_384);
        within("lro.contexts", self.contexts, 1..=most)?;
        within("lro.timer_us", self.timer_us, 1..=1_000_000)?;
        within("lro.max_segments", self.max_segments, 2..=u16::MAX)?;
        within("lro.max_bytes", self.max_bytes, 576..=65_535)?;
        // As netdev_fix_features: what is merged is verified before.
        if rx_checksum {
            Ok(())
        } else {
            Err(ConfigError::new("lro.enabled", true, "false, where rx_checksum is false"))
        }
    }

    pub(super) fn limits(&self) -> Limits {
        Limits { segments: self.max_segments, bytes: self.max_bytes }
    }

    /// Whether no segment may overtake another of its connection.
    pub(super) fn keeps_order(&self) -> bool {
        self.told == Told::ByConnection
    }

    pub(super) fn timer_ns(&self) -> Nanos {
        Nanos::from(self.timer_us) * 1_000
    }
}
