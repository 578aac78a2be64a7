//! The NIC as configured.

use crate::ConfigError;
use crate::lro::LroConfig;
use crate::queue::{CoalesceConfig, ModerationMode};
use crate::rss::{ContextConfig, RssConfig};
use crate::steering::SteeringConfig;
use stage::{BufferPool, QueueId};
use std::fmt::Display;
use std::ops::RangeInclusive;

/// Everything that can be set. [`crate::Nic::new`] refuses what cannot be.
#[derive(Clone, Debug)]
pub struct NicConfig {
    /// Whether it is up; down, it drops every frame.
    pub up: bool,
    /// Receive queues: 1 to 128.
    pub queues: u16,
    /// Descriptors per ring: 64 to 8192, a multiple of 8.
    pub ring_size: u32,
    /// Bytes per buffer: 256 to 16384. Longer frames take several.
    pub buffer_bytes: u32,
    /// A TCP segment's headers get a buffer to themselves (`tcp-data-split`).
    pub tcp_data_split: bool,
    /// Longest frame taken, in bytes without FCS: 60 to 262144.
    pub max_frame_bytes: u32,
    /// Descriptors refilled at once, at least: 1 to half of the ring.
    pub refill_batch: u32,
    /// Verify checksums and tell the host.
    pub rx_checksum: bool,
    /// Interrupt coalescing of every queue that has none of its own.
    pub coalesce: CoalesceConfig,
    /// Interrupt coalescing of single queues.
    pub queue_coalesce: Vec<(QueueId, CoalesceConfig)>,
    /// How queues without limits of their own are moderated beyond them.
    pub moderation: ModerationMode,
    /// Receive side scaling.
    pub rss: RssConfig,
    /// Additional RSS contexts; they are numbered from 1.
    pub contexts: Vec<ContextConfig>,
    /// Large receive offload; `None`: off.
    pub lro: Option<LroConfig>,
    /// The flow table; `None`: there is none.
    pub steering: Option<SteeringConfig>,
}

impl Default for NicConfig {
    /// One queue as ixgbe sets it up: 512 descriptors (IXGBE_DEFAULT_RXD), 2 KiB buffers (IXGBE_RXBUFFER_2K), refills
    /// of 16 (IXGBE_RX_BUFFER_WRITE); frames of 1500 bytes with one VLAN tag. An interrupt after 50 µs.
    fn default() -> Self {
        NicConfig {
            up: true,
            queues: 1,
            ring_size: 512,
            buffer_bytes: 2048,
            tcp_data_split: false,
            max_frame_bytes: 1518,
            refill_batch: 16,
            rx_checksum: true,
            coalesce: CoalesceConfig { rx_usecs: 50, rx_max_coalesced_frames: 0 },
            queue_coalesce: Vec::new(),
            moderation: ModerationMode::default(),
            rss: RssConfig::default(),
            contexts: Vec::new(),
            lro: None,
            steering: None,
        }
    }
}

impl NicConfig {
    /// # Errors
    /// The first key whose value cannot be.
    pub fn check(&self) -> Result<(), ConfigError> {
        within("queues", self.queues, 1..=128)?;
        within("ring_size", self.ring_size, 64..=8192)?;
        if !self.ring_size.is_multiple_of(8) {
            return Err(ConfigError::new("ring_size", self.ring_size, "a multiple of 8"));
        }
        within("buffer_bytes", self.buffer_bytes, 256..=16_384)?;
        within("max_frame_bytes", self.max_frame_bytes, 60..=262_144)?;
        within("refill_batch", self.refill_batch, 1..=self.ring_size / 2)?;
        // Else a ring that is neither full nor due for a refill could be too short for a frame, for ever.
        let room = self.ring_size - self.refill_batch + 1;
        let headers = u32::from(self.tcp_data_split);
        if self.max_frame_bytes.div_ceil(self.buffer_bytes) + headers > room {
            let allowed = format!(
                "{} buffers of {} bytes, what the ring holds for sure",
                room - headers,
                self.buffer_bytes
            );
            return Err(ConfigError::new("max_frame_bytes", self.max_frame_bytes, allowed));
        }
        self.coalesce.check(self.ring_size)?;
        for (queue, coalesce) in &self.queue_coalesce {
            within("queue_coalesce.queue", queue.0, 0..=self.queues - 1)?;
            coalesce.check(self.ring_size)?;
        }
        if let Some(lro) = &self.lro {
            lro.check(self.queues, self.rx_checksum)?;
        }
        self.steering.iter().try_for_each(|steering| steering.check(self.queues))?;
        self.rss.fields.check()
    }

    /// Coalescing of one queue.
    pub fn coalesce_of(&self, queue: QueueId) -> CoalesceConfig {
        let own = self.queue_coalesce.iter().rfind(|(id, _)| *id == queue);
        own.map_or(self.coalesce, |(_, coalesce)| *coalesce)
    }

    /// How a queue is moderated beyond its limits.
    pub(crate) fn moderation_of(&self, queue: QueueId) -> ModerationMode {
        let own = self.queue_coalesce.iter().any(|(id, _)| *id == queue);
        if own { ModerationMode::default() } else { self.moderation }
    }

    /// Packet memory for this NIC: `buffers_per_queue` buffers for each queue.
    pub fn buffer_pool(&self, buffers_per_queue: u32) -> BufferPool {
        BufferPool::new(self.queues, buffers_per_queue, self.buffer_bytes)
    }
}

pub(crate) fn within<T: PartialOrd + Display>(
    key: &'static str,
    value: T,
    allowed: RangeInclusive<T>,
) -> Result<(), ConfigError> {
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(ConfigError::new(key, value, format!("{} to {}", allowed.start(), allowed.end())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rss::Fields;

    #[test]
    fn the_default_can_be() {
        assert_eq!(NicConfig::default().check(), Ok(()));
    }

    type Case = (&'static str, fn(&mut NicConfig));

    #[test]
    fn what_cannot_be_is_refused_by_key() {
        let off = CoalesceConfig { rx_usecs: 0, rx_max_coalesced_frames: 0 };
        let refused: [Case; 12] = [
            ("queues", |c| c.queues = 0),
            ("queues", |c| c.queues = 129),
            ("ring_size", |c| c.ring_size = 56),
            ("ring_size", |c| c.ring_size = 100),
            ("ring_size", |c| c.ring_size = 8200),
            ("buffer_bytes", |c| c.buffer_bytes = 255),
            ("max_frame_bytes", |c| c.max_frame_bytes = 59),
            ("max_frame_bytes", |c| (c.ring_size, c.buffer_bytes, c.max_frame_bytes) = (64, 256, 65_536)),
            ("refill_batch", |c| c.refill_batch = 0),
            ("refill_batch", |c| c.refill_batch = 257),
            ("queue_coalesce.queue", |c| c.queue_coalesce = vec![(QueueId(1), CoalesceConfig::OFF)]),
            ("rss.fields.ipv6", |c| c.rss.fields.ipv6 = Fields::FourTuple),
        ];
        for (key, change) in refused {
            let mut config = NicConfig::default();
            change(&mut config);
            assert_eq!(config.check().unwrap_err().key, key);
        }
        // 64 descriptors less a refill that is one short.
        let longest =
            NicConfig { ring_size: 64, buffer_bytes: 256, max_frame_bytes: 49 * 256, ..NicConfig::default() };
        assert_eq!(longest.check(), Ok(()));
        assert!(NicConfig { max_frame_bytes: 49 * 256 + 1, ..longest }.check().is_err());
        let config = NicConfig { queue_coalesce: vec![(QueueId(0), off)], ..NicConfig::default() };
        let text = config.check().unwrap_err().to_string();
        assert!(text.starts_with("nic.coalesce.rx_max_coalesced_frames = 0: allowed is 1 to 512"), "{text}");
    }
}
