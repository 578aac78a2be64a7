//! What the datapath makes of one frame by itself: its hash, its queue, its verdict.

use super::DissectError;
use nic::rss::{self, HashInput, RssConfig, RssKey, Table, ToeplitzHash};
use nic::{Classified, Nic, NicConfig};
use stage::{HashType, QueueId, Verdict, drop_reason};
use traffic::capture::MAX_RECORD_BYTES;

/// What became of a frame.
pub(super) struct Judgement {
    /// RSS hash with ports, where there are any to the NIC.
    pub(super) hash4: Option<u32>,
    /// RSS hash of the addresses, where the frame is IP to the NIC.
    pub(super) hash2: Option<u32>,
    pub(super) queue: QueueId,
    pub(super) verdict: Verdict,
}

/// The NIC, of which only classification is asked, and the host's rules for what it hands up.
pub(super) struct Judge {
    nic: Nic,
    table: Table,
}

impl Judge {
    /// # Errors
    /// The key or the number of queues.
    pub(super) fn new(rss_key: &str, queues: u16) -> Result<Self, DissectError> {
        let key = RssKey::from_hex(rss_key)?;
        let config = NicConfig {
            queues,
            max_frame_bytes: MAX_RECORD_BYTES,
            rx_checksum: true,
            rss: RssConfig { key, ..RssConfig::default() },
            ..NicConfig::default()
        };
        // No frame is ever written to a ring: the fewest buffers that a NIC takes.
        let mut buffers = config.buffer_pool(1);
        Ok(Judge { nic: Nic::new(config, &mut buffers)?, table: Table::new(&key) })
    }

    /// Judge an Ethernet frame.
    pub(super) fn judge(&self, frame: &[u8]) -> Judgement {
        let mut classified = [Classified::default()];
        self.nic.classify(&[frame], &mut classified);
        let [classified] = classified;
        let (hash4, hash2) = match classified.hash_type {
            HashType::None => (None, None),
            HashType::L3 => (None, Some(classified.hash)),
            HashType::L4 => (Some(classified.hash), self.hash2(frame, &classified)),
        };
        Judgement { hash4, hash2, queue: self.nic.queue_of(&classified), verdict: verdict(&classified) }
    }

    fn hash2(&self, frame: &[u8], classified: &Classified) -> Option<u32> {
        let mut input = HashInput::EMPTY;
        let layer = rss::layer(&classified.headers, false)?;
        rss::tuple(frame, layer, None, &mut input).then(|| self.table.hash(&input))
    }
}

/// The NIC drops, or the host's IP input does (`Host::ip_receive`: whatever fault the NIC found, checksums included,
/// is the reason). A frame without a fault finds a socket, since what no port takes a raw or packet socket does.
fn verdict(classified: &Classified) -> Verdict {
    match classified.drop.or(classified.headers.fault.map(drop_reason)) {
        Some(reason) => Verdict::Dropped(reason),
        None => Verdict::Delivered,
    }
}
