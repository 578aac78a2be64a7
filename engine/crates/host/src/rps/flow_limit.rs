//! The flow limit: under pressure, drop from the flows that cause it (net/core/dev.c, `skb_flow_limit`).

/// Frames remembered (`FLOW_LIMIT_HISTORY`). scaling.rst says 256, the code has `1 << 7`; we follow the code.
pub(super) const FLOW_LIMIT_HISTORY: usize = 128;

/// One CPU's flow limit table.
#[derive(Clone, Debug)]
pub struct FlowLimit {
    buckets: Vec<u8>,
    history: [u32; FLOW_LIMIT_HISTORY],
    head: usize,
}

impl FlowLimit {
    /// A table of `buckets` (a power of two) flow counts.
    pub fn new(buckets: u32) -> Self {
        FlowLimit { buckets: vec![0; buckets as usize], history: [0; FLOW_LIMIT_HISTORY], head: 0 }
    }

    /// Whether a frame with this hash is over its share, given the target's backlog.
    pub fn exceeds(&mut self, hash: u32, backlog_frames: u32, max_backlog_frames: u32) -> bool {
        if backlog_frames < max_backlog_frames >> 1 {
            return false;
        }
        let bucket = hash & (self.buckets.len() as u32).wrapping_sub(1);
        let old = std::mem::replace(&mut self.history[self.head], bucket);
        self.head = (self.head + 1) % FLOW_LIMIT_HISTORY;
        if let Some(count) = self.buckets.get_mut(old as usize) {
            *count = count.saturating_sub(1);
        }
        match self.buckets.get_mut(bucket as usize) {
            Some(count) => {
                *count = count.saturating_add(1);
                usize::from(*count) > FLOW_LIMIT_HISTORY / 2
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_flow_may_fill_half_of_the_history() {
        let mut limit = FlowLimit::new(4096);
        let refused = (0..200).map(|_| limit.exceeds(77, 600, 1000)).position(|over| over);
        assert_eq!(refused, Some(64));
    }

    #[test]
    fn small_flows_pass_beside_a_large_one() {
        let mut limit = FlowLimit::new(4096);
        for i in 0..10_000u32 {
            limit.exceeds(77, 600, 1000);
            assert!(!limit.exceeds(1000 + i % 50, 600, 1000));
        }
    }

    #[test]
    fn a_short_backlog_limits_nobody() {
        let mut limit = FlowLimit::new(4096);
        assert!((0..1000).all(|_| !limit.exceeds(1, 499, 1000)));
    }
}
