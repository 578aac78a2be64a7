//! Frames written back and not taken: a queue of fixed capacity whose places are filled where they are.
//!
//! `VecDeque` would do the same but for a copy: it moves the packet in, reading it back before its fields have left
//! the store buffer, which doubled the time of a receive.

use stage::{Nanos, RxPacket};

#[derive(Debug)]
pub(super) struct WrittenBack {
    places: Box<[RxPacket]>,
    /// Place of the oldest frame.
    oldest: usize,
    len: usize,
}

impl WrittenBack {
    pub(super) fn new(capacity: usize) -> Self {
        WrittenBack { places: vec![RxPacket::default(); capacity].into_boxed_slice(), oldest: 0, len: 0 }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The place behind the newest frame, now the newest; `None` if there is no room.
    #[inline]
    pub(super) fn push(&mut self) -> Option<&mut RxPacket> {
        let capacity = self.places.len();
        if self.len == capacity {
            return None;
        }
        let at = self.oldest + self.len;
        self.len += 1;
        self.places.get_mut(if at < capacity { at } else { at - capacity })
    }

    /// The `count` oldest frames, or all there are, in two runs.
    #[inline]
    pub(super) fn oldest(&self, count: usize) -> [&[RxPacket]; 2] {
        let count = count.min(self.len);
        let first = count.min(self.places.len() - self.oldest);
        let run = |from: usize, to: usize| self.places.get(from..to).unwrap_or(&[]);
        [run(self.oldest, self.oldest + first), run(0, count - first)]
    }

    /// Forget the `count` oldest frames. An empty queue begins at its first place again, so that one whose driver
    /// keeps up stays in few cache lines.
    #[inline]
    pub(super) fn forget(&mut self, count: usize) {
        let count = count.min(self.len);
        self.len -= count;
        let at = self.oldest + count;
        let wrapped = if at < self.places.len() { at } else { at - self.places.len() };
        self.oldest = if self.len == 0 { 0 } else { wrapped };
    }

    /// How many frames are ready by `now_ns`; their times never fall.
    pub(super) fn ready(&self, now_ns: Nanos) -> usize {
        self.oldest(self.len).iter().map(|run| run.partition_point(|packet| packet.ready_ns <= now_ns)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stage::FrameId;
    use std::collections::VecDeque;

    proptest! {
        #[test]
        fn it_is_a_queue(steps in prop::collection::vec((any::<bool>(), 0usize..8, 0u64..3), 0..200)) {
            let mut queue = WrittenBack::new(8);
            let mut model: VecDeque<(u64, Nanos)> = VecDeque::new();
            let mut now = 0;
            for (i, (push, count, gap)) in steps.into_iter().enumerate() {
                now += gap;
                if push {
                    let place = queue.push();
                    prop_assert_eq!(place.is_some(), model.len() < 8);
                    if let Some(place) = place {
                        (place.frame, place.ready_ns) = (FrameId(i as u64), now);
                        model.push_back((i as u64, now));
                    }
                } else {
                    let seen: Vec<_> = queue.oldest(count).concat().iter().map(|p| (p.frame.0, p.ready_ns)).collect();
                    queue.forget(count);
                    let expected: Vec<_> = model.drain(..count.min(model.len())).collect();
                    prop_assert_eq!(seen, expected);
                }
                prop_assert_eq!(queue.len(), model.len());
                for at in now.saturating_sub(4)..=now {
                    prop_assert_eq!(queue.ready(at), model.iter().filter(|(_, ready)| *ready <= at).count());
                }
            }
        }
    }
}
