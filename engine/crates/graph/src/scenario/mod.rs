//! The scenario: one versioned document that describes NIC, host, traffic and what to observe. Parsed, then checked
//! as a whole; nothing of it is applied before.

macro_rules! section {
    ($(#[$outer:meta])* $name:ident { $($(#[doc = $doc:literal])+ $(#[serde($serde:meta)])? $field:ident : $type:ty = $default:expr,)+ }) => {
        $(#[$outer])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name { $($(#[doc = $doc])+ $(#[serde($serde)])? pub $field: $type,)+ }

        impl Default for $name {
            fn default() -> Self {
                $name { $($field: $default,)+ }
            }
        }
    };
}

mod check;
mod deferral;
mod document;
mod error;
mod forwarding;
mod parse;
mod steering;
mod xdp;
mod zero_copy;

pub use document::{
    AckSection, AppsSection, CacheConfig, CoalesceSection, ContextSection, ControlStep, CostOverride,
    HostSection, MigrationSection, NapiSection, NicSection, ObserveSection, PrioritySection,
    QueueCoalesceSection, RpsSection, RssFields, RssSection, Scenario, SocketsSection, TcpSection,
    UnplugSection,
};
pub use error::ScenarioError;
pub use forwarding::ForwardingSection;
pub use parse::{Format, schema};
pub use steering::{
    CallbackSection, Mode, NtupleSection, RfsSection, ScanSection, SteeringSection, TableSection,
};
pub use xdp::{PagePoolSection, XdpRuleSection, XdpSection};
pub use zero_copy::ZeroCopySection;
