//! The flows a NAPI holds: buckets by the low bits of the hash, in each a few flows in order of age.

use crate::skb::Skb;
use stage::Nanos;
use wire::coalesce::Aggregate;

/// A flow that is held.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Its first frame, the later ones hanging on it. There is one as long as it is held.
    pub(crate) skb: Option<Box<Skb>>,
    /// What its segments have in common.
    pub(crate) aggregate: Aggregate,
    /// When it was held, in jiffies.
    pub(crate) jiffy: Nanos,
    /// Frames of the queue that came before it.
    pub(crate) came: u64,
}

/// All buckets (`gro_hash`), and places that are used again.
#[expect(clippy::vec_box, reason = "a place given up is a pointer moved, not half a kilobyte")]
#[derive(Debug)]
pub(crate) struct Buckets {
    /// Oldest first.
    buckets: Box<[Vec<Box<Held>>]>,
    spare: Vec<Box<Held>>,
    per_bucket: usize,
    held: u32,
}

impl Buckets {
    /// `buckets` is a power of two.
    pub(super) fn new(buckets: u32, per_bucket: u32) -> Self {
        let per_bucket = per_bucket as usize;
        Buckets {
            buckets: (0..buckets).map(|_| Vec::with_capacity(per_bucket)).collect(),
            spare: (0..buckets as usize * per_bucket).map(|_| Box::default()).collect(),
            per_bucket,
            held: 0,
        }
    }

    /// The bucket of a hash.
    #[inline]
    pub(super) fn of(&self, hash: u32) -> usize {
        hash as usize & (self.buckets.len() - 1)
    }

    /// Flows held.
    #[inline]
    pub(super) fn held(&self) -> u32 {
        self.held
    }

    /// How many buckets there are.
    pub(super) fn count(&self) -> usize {
        self.buckets.len()
    }

    /// A bucket's flows, oldest first.
    #[inline]
    pub(super) fn flows_mut(&mut self, bucket: usize) -> &mut [Box<Held>] {
        self.buckets.get_mut(bucket).map_or(&mut [], Vec::as_mut_slice)
    }

    /// Whether a further flow needs another's place.
    #[inline]
    pub(super) fn is_full(&self, bucket: usize) -> bool {
        self.buckets.get(bucket).is_none_or(|flows| flows.len() >= self.per_bucket)
    }

    /// Hold a further flow, as the newest, since a jiffy and from a place in its queue; `begin` makes its aggregate.
    ///
    /// # Errors
    /// There is no place: the skb comes back.
    pub(super) fn hold(
        &mut self,
        bucket: usize,
        skb: Box<Skb>,
        (jiffy, came): (Nanos, u64),
        begin: impl FnOnce(&mut Aggregate),
    ) -> Result<(), Box<Skb>> {
        match (self.buckets.get_mut(bucket), self.spare.pop()) {
            (Some(flows), Some(mut place)) => {
                begin(&mut place.aggregate);
                (place.skb, place.jiffy, place.came) = (Some(skb), jiffy, came);
                flows.push(place);
                self.held += 1;
                Ok(())
            }
            _ => Err(skb),
        }
    }

    /// The place in its queue of the frame held longest.
    pub(super) fn oldest(&self) -> Option<u64> {
        if self.held == 0 {
            return None;
        }
        self.buckets.iter().filter_map(|flows| flows.first()).map(|oldest| oldest.came).min()
    }

    /// Take a flow's skb away; its place is free.
    pub(super) fn take(&mut self, bucket: usize, at: usize) -> Option<Box<Skb>> {
        let flows = self.buckets.get_mut(bucket).filter(|flows| at < flows.len())?;
        let mut place = flows.remove(at);
        self.held -= 1;
        let skb = place.skb.take();
        self.spare.push(place);
        skb
    }

    /// Take the oldest flow of a bucket if it was held before this jiffy; of any age without one.
    pub(super) fn take_oldest(&mut self, bucket: usize, before: Option<Nanos>) -> Option<Box<Skb>> {
        let oldest = self.buckets.get(bucket)?.first()?;
        if before.is_some_and(|jiffy| oldest.jiffy == jiffy) { None } else { self.take(bucket, 0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::skb::Skbs;
    use stage::{CpuId, RxPacket};

    #[test]
    fn a_bucket_is_a_queue_one_can_take_from_anywhere() {
        let mut skbs = Skbs::new(1);
        let mut buckets = Buckets::new(2, 3);
        let hold = |buckets: &mut Buckets, skbs: &mut Skbs, hash: u32, jiffy| {
            let packet = RxPacket { hash, ..RxPacket::default() };
            let bucket = buckets.of(hash);
            buckets.hold(bucket, skbs.allocate(CpuId(0), &packet, 0), (jiffy, jiffy), |_| ())
        };
        for (hash, jiffy) in [(2, 1), (4, 1), (5, 1), (6, 2)] {
            assert!(hold(&mut buckets, &mut skbs, hash, jiffy).is_ok());
        }
        assert_eq!((buckets.held(), buckets.is_full(0), buckets.is_full(1)), (4, true, false));
        assert_eq!(buckets.oldest(), Some(1));
        let hash = |skb: Option<Box<Skb>>| skb.map(|skb| skb.packet.hash);
        assert_eq!(hash(buckets.take(0, 1)), Some(4));
        assert_eq!(hash(buckets.take(0, 2)), None);
        assert_eq!(hash(buckets.take_oldest(0, Some(2))), Some(2));
        assert_eq!(hash(buckets.take_oldest(0, Some(2))), None, "the youngest is of this jiffy");
        assert_eq!(hash(buckets.take_oldest(0, None)), Some(6));
        assert_eq!(hash(buckets.take_oldest(1, None)), Some(5));
        assert_eq!((buckets.held(), buckets.oldest()), (0, None));
    }
}
