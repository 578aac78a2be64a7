//! A NIC told otherwise while it runs: everything is built and checked first, then put in place at once.

use crate::queue::{CoalesceConfig, ModerationMode};
use crate::rss::{BoxedHash, Contexts, IndirectionTable, RssConfig, RssKey};
use crate::steering::NtupleRules;
use crate::{ConfigError, Nic, NicConfig};
use stage::{Nanos, QueueId, Signal};

/// A configuration ready to be put in place; nothing about it can fail any more.
pub struct Reconfiguration {
    up: bool,
    rx_checksum: bool,
    rss: RssConfig,
    hasher: BoxedHash,
    table: IndirectionTable,
    contexts: Contexts,
    rules: NtupleRules,
    ring_size: u32,
    coalesce: Vec<(CoalesceConfig, ModerationMode)>,
}

/// What a NIC was built with, and cannot exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Built {
    /// Queues.
    pub queues: u16,
    /// Descriptors per ring.
    pub ring_size: u32,
    /// A flow table.
    pub flow_table: bool,
}

impl Reconfiguration {
    /// Build what `config` asks for. Its `queues` are those the tables may name: those beyond stay, are emptied, and
    /// get no new frame. Memory stays as the NIC was built: buffers, their size, and rings, of which less can be used.
    ///
    /// # Errors
    /// What [`NicConfig::check`] and the tables refuse; more queues or longer rings than were built.
    pub fn new(
        config: NicConfig,
        built: Built,
        hasher: &dyn Fn(&RssKey) -> BoxedHash,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        if config.queues > built.queues {
            let allowed = format!("1 to {}, the queues the NIC was built with", built.queues);
            return Err(ConfigError::new("queues", config.queues, allowed));
        }
        if config.ring_size > built.ring_size {
            let allowed = format!("64 to {}, the descriptors the rings were built with", built.ring_size);
            return Err(ConfigError::new("ring_size", config.ring_size, allowed));
        }
        let rules = match &config.steering {
            Some(steering) if built.flow_table => steering.explicit(config.queues)?,
            None => NtupleRules::default(),
            Some(steering) => {
                let value = format!("{} rules", steering.rules.len());
                return Err(ConfigError::new(
                    "steering.rules",
                    value,
                    "none: the NIC was built without a flow table",
                ));
            }
        };
        let mut contexts = Contexts::default();
        for context in &config.contexts {
            contexts.add(context, config.queues, hasher)?;
        }
        Ok(Reconfiguration {
            up: config.up,
            rx_checksum: config.rx_checksum,
            hasher: hasher(&config.rss.key),
            table: config.rss.spread.table(config.queues)?,
            contexts,
            rules,
            ring_size: config.ring_size,
            coalesce: (0..built.queues)
                .map(QueueId)
                .map(|queue| (config.coalesce_of(queue), config.moderation_of(queue)))
                .collect(),
            rss: config.rss,
        })
    }
}

impl Nic {
    /// Put a configuration in place; what becomes of each queue's interrupt goes to `signal`. Frames that are
    /// classified and not received are to be classified again.
    pub fn reconfigure(&mut self, now_ns: Nanos, to: Reconfiguration, signal: &mut dyn FnMut(Signal)) {
        let Reconfiguration { up, rx_checksum, rss, hasher, table, contexts, rules, ring_size, coalesce } =
            to;
        self.up = up;
        self.rx_checksum = rx_checksum;
        self.rss = rss;
        self.hasher = hasher;
        self.table = table;
        self.contexts = contexts;
        if let Some(table) = &mut self.steering {
            table.replace_ntuple(rules);
        }
        for (queue, (coalesce, moderation)) in self.queues.iter_mut().zip(coalesce) {
            queue.ring.resize(ring_size);
            let answer = queue.coalesce.change(now_ns, coalesce);
            queue.coalesce.moderate(moderation);
            signal(queue.count_interrupt(answer));
        }
    }
}

#[cfg(test)]
#[path = "reconfigure_tests.rs"]
mod tests;
