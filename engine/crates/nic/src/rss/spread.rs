//! How an indirection table is to be filled.

use super::IndirectionTable;
use crate::ConfigError;
use stage::QueueId;

/// A table as configured: `ethtool -X equal`, `weight`, or entry by entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spread {
    /// In turn over all queues of the NIC.
    Equal {
        /// Entries: 128, 256 or 512.
        size: usize,
    },
    /// In turn over the first few queues.
    First {
        /// Entries: 128, 256 or 512.
        size: usize,
        /// How many queues.
        queues: u16,
    },
    /// In proportion to weights, the first for queue 0.
    Weights {
        /// Entries: 128, 256 or 512.
        size: usize,
        /// At most one per queue; sum 1 to `size`.
        weights: Vec<u32>,
    },
    /// Entry by entry.
    Explicit(
        /// 128, 256 or 512 queues.
        Vec<QueueId>,
    ),
}

impl Spread {
    /// The table for a NIC of `queues` queues.
    ///
    /// # Errors
    /// What [`IndirectionTable`] refuses.
    pub fn table(&self, queues: u16) -> Result<IndirectionTable, ConfigError> {
        match self {
            Spread::Equal { size } => IndirectionTable::equal(*size, queues),
            Spread::First { queues: first, .. } if *first > queues => {
                Err(ConfigError::new("rss.equal", first, format!("1 to {queues}, the queues there are")))
            }
            Spread::First { size, queues: first } => IndirectionTable::equal(*size, *first),
            Spread::Weights { size, weights } => IndirectionTable::weighted(*size, weights, queues),
            Spread::Explicit(entries) => IndirectionTable::explicit(entries.clone(), queues),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_queues_must_exist() {
        let first = |first| Spread::First { size: 128, queues: first }.table(4);
        assert_eq!(first(5).unwrap_err().key, "rss.equal");
        assert_eq!(first(0).unwrap_err().key, "queues");
        assert_eq!(first(4), Spread::Equal { size: 128 }.table(4));
        assert_eq!(first(3), IndirectionTable::equal(128, 3));
    }
}
