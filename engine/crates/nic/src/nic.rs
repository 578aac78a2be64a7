//! The network card as a whole: set up, and looked at.

use crate::header_split::split_bytes;
use crate::lro::Lro;
use crate::queue::{Ring, RxQueue};
use crate::rss::{BoxedHash, Contexts, IndirectionTable, RssConfig, RssKey, Table};
use crate::steering::SteeringTable;
use crate::{Classified, ConfigError, NicConfig, NicCounter};
use stage::{BufferPool, Counters, Nanos, QueueId, Signal, buffers_for};

/// A network card's receive side. What it does with a frame is in `pipeline.rs`.
pub struct Nic {
    pub(crate) up: bool,
    pub(crate) max_frame_bytes: u32,
    pub(crate) tcp_data_split: bool,
    buffer_bytes: u32,
    pub(crate) rx_checksum: bool,
    pub(crate) rss: RssConfig,
    pub(crate) hasher: BoxedHash,
    pub(crate) table: IndirectionTable,
    pub(crate) contexts: Contexts,
    pub(crate) queues: Vec<RxQueue>,
    pub(crate) steering: Option<Box<SteeringTable>>,
}

impl Nic {
    /// A NIC with its rings filled from `buffers` as far as there are any, hashing by table.
    ///
    /// # Errors
    /// What [`NicConfig::check`] and [`IndirectionTable`] refuse; buffers of another size, or none for some queue.
    /// `buffers` is then as it was.
    pub fn new(config: NicConfig, buffers: &mut BufferPool) -> Result<Nic, ConfigError> {
        Self::with_hasher(config, buffers, &|key| Box::new(Table::new(key)))
    }

    /// The same, hashing by what `hasher` builds for a key.
    ///
    /// # Errors
    /// As [`Nic::new`].
    pub fn with_hasher(
        config: NicConfig,
        buffers: &mut BufferPool,
        hasher: &dyn Fn(&RssKey) -> BoxedHash,
    ) -> Result<Nic, ConfigError> {
        config.check()?;
        if buffers.buffer_bytes() != config.buffer_bytes as usize {
            let allowed = format!("{}, the bytes of the buffers given", buffers.buffer_bytes());
            return Err(ConfigError::new("buffer_bytes", config.buffer_bytes, allowed));
        }
        let table = config.rss.spread.table(config.queues)?;
        let mut contexts = Contexts::default();
        for context in &config.contexts {
            contexts.add(context, config.queues, hasher)?;
        }
        let steering = config.steering.clone();
        let steering = steering.map(|steering| SteeringTable::new(steering, config.queues)).transpose()?;
        let mut queues = Vec::with_capacity(usize::from(config.queues));
        for id in (0..config.queues).map(QueueId) {
            let mut ring = Ring::new(id, config.ring_size, config.refill_batch, config.buffer_bytes);
            ring.refill(buffers);
            let mut queue = RxQueue::new(id, ring, config.coalesce_of(id), config.lro);
            queue.coalesce.moderate(config.moderation_of(id));
            queues.push(queue);
        }
        if let Some(queue) = queues.iter().position(|queue| queue.ring().posted() == 0) {
            for queue in &queues {
                queue.ring().release_posted(buffers);
            }
            let value = format!("none for queue {queue}");
            return Err(ConfigError::new("buffers_per_queue", value, "at least one for every queue"));
        }
        Ok(Nic {
            up: config.up,
            max_frame_bytes: config.max_frame_bytes,
            tcp_data_split: config.tcp_data_split,
            buffer_bytes: config.buffer_bytes,
            rx_checksum: config.rx_checksum,
            hasher: hasher(&config.rss.key),
            table,
            contexts,
            queues,
            steering: steering.map(Box::new),
            rss: config.rss,
        })
    }

    /// Whether frames sent raise interrupts.
    pub fn notes_sent(&self) -> bool {
        self.queues.iter().any(|queue| queue.coalesce.notes_sent())
    }

    /// A frame of so many bytes that shares this queue's vector was sent.
    pub fn sent(&mut self, queue: QueueId, now_ns: Nanos, bytes: u32) -> Signal {
        let Some(queue) = self.queues.get_mut(queue.index()) else { return Signal::Quiet };
        let signal = queue.coalesce.sent(now_ns, bytes);
        queue.count_interrupt(signal)
    }

    /// A queue's large receive offload, for who has rings of his own; the queue goes on without.
    pub fn take_lro(&mut self, queue: QueueId) -> Option<Box<Lro>> {
        self.queues.get_mut(queue.index())?.lro.take()
    }

    /// No interrupts from now on: the driver looks at its queues itself, by [`Nic::look`].
    pub fn poll_only(&mut self) {
        self.queues.iter_mut().for_each(|queue| queue.coalesce.poll_only());
    }

    /// Whether a polled queue has frames by `now_ns` and was in nobody's hands; it then is until it is armed.
    #[inline]
    pub fn look(&mut self, queue: QueueId, now_ns: Nanos) -> bool {
        let Some(queue) = self.queues.get_mut(queue.index()) else { return false };
        queue.ring.ready(now_ns) > 0 && queue.coalesce.take_in_hand()
    }

    /// Whether a queue's ring has room for a classified frame of this size now.
    pub fn has_room(&self, queue: QueueId, frame_bytes: usize, classified: &Classified) -> bool {
        let descriptors = buffers_for(frame_bytes as u32, self.split_bytes(classified), self.buffer_bytes);
        self.queues.get(queue.index()).is_some_and(|queue| queue.ring.posted() >= descriptors)
    }

    /// Bytes of a frame's headers, if they get a buffer to themselves; else 0.
    #[inline]
    pub fn split_bytes(&self, classified: &Classified) -> u16 {
        if !self.tcp_data_split {
            return 0;
        }
        split_bytes(&classified.headers, classified.drop, self.buffer_bytes)
    }

    /// The receive queues, by number.
    pub fn queues(&self) -> &[RxQueue] {
        &self.queues
    }

    /// Every counter, summed over all queues.
    pub fn counters(&self) -> Counters<NicCounter> {
        let mut sum = Counters::default();
        self.queues.iter().for_each(|queue| sum.add_all(&queue.counters()));
        sum
    }

    /// Sum of one counter over all queues.
    pub fn total(&self, counter: NicCounter) -> u64 {
        self.queues.iter().map(|queue| queue.counters().value(counter)).sum()
    }

    /// Frames in rings and not taken, or held by LRO, counted by walking the queues.
    pub fn pending(&self) -> u64 {
        self.queues.iter().map(RxQueue::pending).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_that_do_not_fit_are_refused_and_left_alone() {
        let config = || NicConfig { queues: 3, ..NicConfig::default() };
        for (mut buffers, key, value) in [
            (BufferPool::new(3, 64, 1024), "buffer_bytes", "2048"),
            (BufferPool::new(2, 64, 2048), "buffers_per_queue", "none for queue 2"),
            (BufferPool::new(3, 0, 2048), "buffers_per_queue", "none for queue 0"),
        ] {
            let refused = Nic::new(config(), &mut buffers).err().unwrap();
            assert_eq!((refused.key, refused.value.as_str()), (key, value));
            assert_eq!((buffers.owned(), buffers.free()), (0, buffers.capacity()));
        }
    }

    #[test]
    fn rings_are_filled_as_far_as_buffers_go() {
        let mut buffers = BufferPool::new(1, 100, 2048);
        let nic = Nic::new(NicConfig::default(), &mut buffers).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((nic.queues()[0].ring().posted(), nic.queues()[0].ring().unfilled()), (100, 412));
        assert_eq!((buffers.free(), nic.pending()), (0, 0));
    }
}
