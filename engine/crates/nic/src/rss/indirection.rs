//! The indirection table: the hash's low bits choose an entry, the entry names the queue.

use crate::ConfigError;
use stage::QueueId;

/// Table sizes NICs have.
const SIZES: [usize; 3] = [128, 256, 512];

/// A table of 128, 256 or 512 entries, every one naming an existing queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndirectionTable {
    entries: Box<[QueueId]>,
    mask: u32,
}

impl IndirectionTable {
    /// Entries dealt out in turn to the first `queues` queues (`ethtool -X equal`).
    ///
    /// # Errors
    /// A size that no NIC has, no queue, more queues than entries.
    pub fn equal(size: usize, queues: u16) -> Result<Self, ConfigError> {
        check_queues(size, queues)?;
        // ethtool_rxfh_indir_default() in include/linux/ethtool.h: index modulo rings.
        Self::explicit((0..size).map(|i| QueueId((i % usize::from(queues)) as u16)).collect(), queues)
    }

    /// Runs of entries in proportion to the weights, the first for queue 0 (`ethtool -X weight`).
    ///
    /// # Errors
    /// A size that no NIC has, more weights than queues, weights whose sum is zero or above the size.
    pub fn weighted(size: usize, weights: &[u32], queues: u16) -> Result<Self, ConfigError> {
        check_queues(size, queues)?;
        let refused = |allowed: String| ConfigError::new("rss.weights", format_args!("{weights:?}"), allowed);
        if weights.len() > usize::from(queues) {
            return Err(refused(format!("at most one weight for each of {queues} queues")));
        }
        let size = size as u64;
        let sum: u64 = weights.iter().map(|w| u64::from(*w)).sum();
        if sum == 0 || sum > size {
            return Err(refused(format!("a sum of 1 to {size}, the size of the table")));
        }
        // fill_indir_table() in ethtool.c: entry i belongs to the first queue whose share ends behind i.
        let mut entries = Vec::with_capacity(size as usize);
        let mut partial = 0;
        for (queue, weight) in weights.iter().enumerate() {
            partial += u64::from(*weight);
            entries.resize((size * partial / sum) as usize, QueueId(queue as u16));
        }
        Self::explicit(entries, queues)
    }

    /// The entries as given.
    ///
    /// # Errors
    /// A size that no NIC has, no queue, more queues than entries, an entry naming a queue that is not there.
    pub fn explicit(entries: Vec<QueueId>, queues: u16) -> Result<Self, ConfigError> {
        check_queues(entries.len(), queues)?;
        if let Some((i, entry)) = entries.iter().enumerate().find(|(_, entry)| entry.0 >= queues) {
            let value = format_args!("queue {} in entry {i}", entry.0).to_string();
            return Err(ConfigError::new("rss.table", value, format!("queues 0 to {}", queues - 1)));
        }
        let mask = (entries.len() - 1) as u32;
        Ok(IndirectionTable { entries: entries.into_boxed_slice(), mask })
    }

    /// The queue a hash leads to.
    #[inline]
    pub fn queue(&self, hash: u32) -> QueueId {
        self.entries.get((hash & self.mask) as usize).copied().unwrap_or_default()
    }

    /// All entries.
    pub fn entries(&self) -> &[QueueId] {
        &self.entries
    }
}

fn check_queues(size: usize, queues: u16) -> Result<(), ConfigError> {
    if !SIZES.contains(&size) {
        return Err(ConfigError::new("rss.table_size", size, "128, 256 or 512 entries"));
    }
    if queues == 0 || usize::from(queues) > size {
        return Err(ConfigError::new(
            "queues",
            queues,
            format!("1 to {size}, the entries of the indirection table"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn share(table: &IndirectionTable, queue: u16) -> usize {
        table.entries().iter().filter(|q| q.0 == queue).count()
    }

    #[test]
    fn equal_deals_in_turn_also_for_three_queues() {
        let table = IndirectionTable::equal(128, 3).unwrap();
        assert_eq!(
            (table.queue(0), table.queue(4), table.queue(128 + 2)),
            (QueueId(0), QueueId(1), QueueId(2))
        );
        assert_eq!([0, 1, 2].map(|q| share(&table, q)), [43, 43, 42]);
    }

    #[test]
    fn weights_are_runs_as_ethtool_makes_them() {
        let table = IndirectionTable::weighted(128, &[6, 2], 2).unwrap();
        assert!(table.entries()[..96].iter().all(|q| q.0 == 0));
        assert!(table.entries()[96..].iter().all(|q| q.0 == 1));
        let silent = IndirectionTable::weighted(256, &[0, 1, 0, 1], 4).unwrap();
        assert_eq!([0, 1, 2, 3].map(|q| share(&silent, q)), [0, 128, 0, 128]);
    }

    #[test]
    fn what_cannot_be_is_refused_by_key() {
        let key = |table: Result<IndirectionTable, ConfigError>| table.unwrap_err().key;
        assert_eq!(key(IndirectionTable::equal(100, 4)), "rss.table_size");
        assert_eq!(key(IndirectionTable::equal(128, 0)), "queues");
        assert_eq!(key(IndirectionTable::equal(128, 129)), "queues");
        assert_eq!(key(IndirectionTable::weighted(128, &[0, 0], 2)), "rss.weights");
        assert_eq!(key(IndirectionTable::weighted(128, &[100, 29], 2)), "rss.weights");
        assert_eq!(key(IndirectionTable::weighted(128, &[u32::MAX, u32::MAX], 2)), "rss.weights");
        assert_eq!(key(IndirectionTable::weighted(128, &[1, 1, 1], 2)), "rss.weights");
        assert_eq!(key(IndirectionTable::explicit(vec![QueueId(4); 128], 4)), "rss.table");
        assert_eq!(key(IndirectionTable::explicit(vec![], 4)), "rss.table_size");
    }

    proptest! {
        #[test]
        fn shares_follow_the_weights(weights in prop::collection::vec(0u32..8, 1..32), size in prop::sample::select(&SIZES[..])) {
            let sum: u32 = weights.iter().sum();
            prop_assume!(sum > 0 && sum as usize <= size);
            let table = IndirectionTable::weighted(size, &weights, weights.len() as u16).unwrap();
            prop_assert_eq!(table.entries().len(), size);
            for (queue, weight) in weights.iter().enumerate() {
                let exact = size as f64 * f64::from(*weight) / f64::from(sum);
                prop_assert!((share(&table, queue as u16) as f64 - exact).abs() < 1.0);
            }
        }

        #[test]
        fn every_hash_finds_an_existing_queue(hash: u32, queues in 1u16..=128, size in prop::sample::select(&SIZES[..])) {
            prop_assert!(IndirectionTable::equal(size, queues).unwrap().queue(hash).0 < queues);
        }
    }
}
