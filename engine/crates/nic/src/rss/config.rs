//! RSS as configured.

use super::{FieldsConfig, RssKey, Spread, Symmetry};

/// Key, fields and table of the default context.
#[derive(Clone, Debug)]
pub struct RssConfig {
    /// The secret key.
    pub key: RssKey,
    /// Which fields are hashed.
    pub fields: FieldsConfig,
    /// Whether both directions of a flow are to hash alike.
    pub symmetry: Symmetry,
    /// Hash the innermost IP header, below labels and tunnels, instead of the outermost. Off by default, as in most
    /// NICs; then frames with MPLS labels all go to queue 0.
    pub inner: bool,
    /// The indirection table.
    pub spread: Spread,
}

impl Default for RssConfig {
    fn default() -> Self {
        RssConfig {
            key: RssKey::MICROSOFT,
            fields: FieldsConfig::default(),
            symmetry: Symmetry::None,
            inner: false,
            spread: Spread::Equal { size: 128 },
        }
    }
}
