//! Additional RSS contexts (`ethtool -X ... context new`): traffic singled out by a rule, the context's own or an explicit
//! one (`ethtool -N ... context`), is spread by a table and, if wanted, a key of its own.

use super::{BoxedHash, IndirectionTable, RssKey, Spread, layer, ports};
use crate::ConfigError;
use wire::walk::Headers;

/// Identifier of a frame's outermost VLAN tag.
pub(crate) fn vlan(frame: &[u8], headers: &Headers) -> Option<u16> {
    // It lies behind the addresses and its own type.
    let tag = frame.get(14..).filter(|_| headers.vlans > 0)?.first_chunk()?;
    Some(u16::from_be_bytes(*tag) & 0x0fff)
}

/// A context's number; 0 is the NIC's default table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContextId(pub u8);

/// Most contexts besides the default one.
const MOST_CONTEXTS: usize = 64;

/// What singles a frame out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextRule {
    /// Destination port of TCP or UDP. A fragment shows none.
    DestinationPort(u16),
    /// Identifier of the outermost VLAN tag.
    Vlan(u16),
}

/// A context as configured.
#[derive(Clone, Debug)]
pub struct ContextConfig {
    /// Frames it applies to, besides those of explicit rules; the first context whose rule fits is taken.
    pub rule: Option<ContextRule>,
    /// Its indirection table.
    pub spread: Spread,
    /// Its key; `None`: the NIC's.
    pub key: Option<RssKey>,
}

/// A context in use.
pub(crate) struct Context {
    rule: Option<ContextRule>,
    pub(crate) table: IndirectionTable,
    pub(crate) hasher: Option<BoxedHash>,
}

/// The contexts of a NIC, by number from 1.
#[derive(Default)]
pub(crate) struct Contexts(Vec<Context>);

impl Contexts {
    /// Add a context; it ranks behind those added before.
    ///
    /// # Errors
    /// More than 64, an invalid VLAN identifier, a table that is refused.
    pub(crate) fn add(
        &mut self,
        config: &ContextConfig,
        queues: u16,
        hasher: &dyn Fn(&RssKey) -> BoxedHash,
    ) -> Result<ContextId, ConfigError> {
        if self.0.len() == MOST_CONTEXTS {
            return Err(ConfigError::new("contexts", MOST_CONTEXTS + 1, format!("at most {MOST_CONTEXTS}")));
        }
        if let Some(ContextRule::Vlan(vlan @ 4095..)) = config.rule {
            return Err(ConfigError::new("contexts.vlan", vlan, "0 to 4094"));
        }
        let table = config.spread.table(queues)?;
        self.0.push(Context { rule: config.rule, table, hasher: config.key.as_ref().map(hasher) });
        Ok(ContextId(self.0.len() as u8))
    }

    /// There are none besides the default one.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first context whose own rule fits the frame, the default one if none does.
    pub(crate) fn of(&self, frame: &[u8], headers: &Headers, inner: bool) -> ContextId {
        let ports = layer(headers, inner).and_then(|layer| ports(frame, layer));
        let destination_port = ports.map(|[_, _, high, low]| u16::from_be_bytes([high, low]));
        let vlan = vlan(frame, headers);
        let fits = |context: &Context| match context.rule {
            Some(ContextRule::DestinationPort(port)) => destination_port == Some(port),
            Some(ContextRule::Vlan(id)) => vlan == Some(id),
            None => false,
        };
        ContextId(self.0.iter().position(fits).map_or(0, |i| i as u8 + 1))
    }

    /// `None` for the default context.
    #[inline]
    pub(crate) fn get(&self, id: ContextId) -> Option<&Context> {
        self.0.get(usize::from(id.0).checked_sub(1)?)
    }
}
