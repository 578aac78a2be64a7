//! When what is held goes on: at the end of a poll, or when the flush timeout is over (`napi_gro_flush`).

use super::Gro;
use crate::path::Host;
use stage::{BufferPool, Context, Nanos, QueueId, RxQueues};

/// A tick of CONFIG_HZ=250.
const JIFFY_NS: Nanos = 4_000_000;

/// The tick a time lies in.
pub(super) fn jiffy(now_ns: Nanos) -> Nanos {
    now_ns / JIFFY_NS
}

impl Host {
    /// A queue that is polled for the first time gets its buckets.
    pub(crate) fn gro_begin(&mut self, queue: QueueId) {
        if self.gros.len() <= queue.index() {
            self.gros.resize_with(queue.index() + 1, || None);
        }
        if let Some(gro) = self.gros.get_mut(queue.index()) {
            gro.get_or_insert_with(|| Gro::new(&self.config.gro));
        }
    }

    /// Hand on what a queue holds; with `old_only` what it has held since an earlier jiffy (`napi_gro_flush`).
    pub(crate) fn gro_flush<C: Context>(
        &mut self,
        queue: QueueId,
        old_only: bool,
        rx: &mut impl RxQueues,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        let before = old_only.then(|| jiffy(context.now_ns()));
        let buckets = self.gro_of(queue).map_or(0, |gro| gro.buckets.count());
        for bucket in 0..buckets {
            while let Some(gro) = self.gro_of(queue)
                && let Some(skb) = gro.buckets.take_oldest(bucket, before)
            {
                gro.count(&skb);
                self.netif_receive(skb, rx, buffers, context);
            }
        }
    }
}
