//! What a run leaves behind: histograms, time series, the ledger, and the tables they become.

#![forbid(unsafe_code)]

mod histogram;
mod ledger;
mod series;
mod table;

pub use histogram::Histogram;
pub use ledger::{Entry, Ledger, LedgerRow, Page};
pub use series::Series;
pub use table::{Column, Table};

/// Picoseconds: work is charged in them, so that a nanosecond's fractions add up exactly.
pub type Picos = u64;

/// Picoseconds in a nanosecond.
pub const PICOS_PER_NANO: u64 = 1_000;
