//! Which Toeplitz hash this machine gets: its own instructions where it has them. All give the same values.

use ::live::Gfni;
use nic::rss::{BoxedHash, RssKey, Table};

/// The fastest form for a key.
pub(crate) fn hasher(key: &RssKey) -> BoxedHash {
    match Gfni::new(key) {
        Some(gfni) => Box::new(gfni),
        None => Box::new(Table::new(key)),
    }
}

/// Its name.
pub(crate) fn name() -> &'static str {
    if Gfni::new(&RssKey::MICROSOFT).is_some() { "gfni" } else { "table" }
}
