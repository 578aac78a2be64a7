//! The scenario: one versioned document that describes NIC, host, traffic and what to observe. Parsed, then checked
//! as a whole; nothing of it is applied before.

mod check;
mod document;
mod error;
mod parse;

pub use document::{
    AppsSection, CacheConfig, CoalesceSection, ContextSection, CostOverride, HostSection, NapiSection,
    NicSection, ObserveSection, QueueCoalesceSection, RpsSection, RssFields, RssSection, Scenario,
    SocketsSection, TcpSection,
};
pub use error::ScenarioError;
pub use parse::{Format, schema};
