//! Flows: who they are, how long they live, and what their next frame carries.

use crate::class::Class;
use crate::error::{ConfigError, check_range};
use crate::lifetime::{FlowSizes, FlowSizesConfig};
use crate::line::{FCS_BYTES, MIN_FRAME_BYTES};
use crate::popularity::{Popularity, PopularityConfig, weights};
use crate::stamp::Stamp;
use crate::template::{Patch, Template};
use crate::tuples::{DestinationConfig, Tuples};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::Random;
use wire::tcp::flag;

/// Most flows alive at a time: their state takes 512 MiB.
pub const MAX_FLOWS: u32 = 1 << 22;

/// The flows of a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FlowsConfig {
    /// Flows alive at a time.
    pub count: u32,
    /// How frames are spread over them.
    pub popularity: PopularityConfig,
    /// Share of flows that are IPv6, 0 to 1.
    pub ipv6_share: f64,
    /// Share of flows that are TCP, 0 to 1; the others are UDP.
    pub tcp_share: f64,
    /// Whom they go to.
    pub destination: DestinationConfig,
    /// Differentiated services code point (RFC 2474), 0 to 63.
    pub dscp: u8,
    /// Bytes of payload after which a flow ends and one with a new 5-tuple takes its place; without it they last.
    pub lifetime: Option<FlowSizesConfig>,
}

impl Default for FlowsConfig {
    fn default() -> Self {
        FlowsConfig {
            count: 256,
            popularity: PopularityConfig::default(),
            ipv6_share: 0.0,
            tcp_share: 0.0,
            destination: DestinationConfig::default(),
            dscp: 0,
            lifetime: None,
        }
    }
}

/// Two cache lines, aligned so that no flow touches three.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Flow {
    template: Template,
    /// Payload bytes to be sent before it ends.
    remaining_bytes: u64,
    /// Frames sent.
    sent: u64,
    serial: u32,
    /// TCP sequence number of the next frame.
    sequence: u32,
    /// IPv4 identification of the next frame.
    identification: u16,
}

/// What a frame of a flow is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) payload_bytes: u32,
    /// On the wire, with FCS and padding.
    pub(crate) wire_bytes: u32,
}

/// The flows of a stream, and the one the next frame belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Flows {
    flows: Vec<Flow>,
    popularity: Popularity,
    /// Which flow is next.
    order: Random,
    births: Births,
}

/// Makes new flows.
#[derive(Clone, Debug)]
struct Births {
    tuples: Tuples,
    sizes: FlowSizes,
    endless: bool,
    random: Random,
    stream: u16,
    next_serial: u32,
    dscp: u8,
    families: Share,
    /// IPv4's, IPv6's.
    protocols: [Share; 2],
}

/// Says yes to a share of its calls, as evenly as can be.
#[derive(Clone, Copy, Debug)]
struct Share {
    share: f64,
    owed: f64,
}

impl Share {
    fn new(key: &str, share: f64) -> Result<Self, ConfigError> {
        check_range(key, share, 0.0..=1.0)?;
        Ok(Share { share, owed: 0.0 })
    }

    #[inline]
    fn next(&mut self) -> bool {
        self.owed += self.share;
        // Half a step early, so that a share of one half begins with no and a single flow goes with the majority.
        let yes = self.owed > 0.5;
        self.owed -= f64::from(u8::from(yes));
        yes
    }
}

impl Births {
    fn next(&mut self) -> Flow {
        let serial = self.next_serial;
        self.next_serial = serial.wrapping_add(1);
        let ipv6 = self.families.next();
        let [ipv4_protocol, ipv6_protocol] = &mut self.protocols;
        let tcp = if ipv6 { ipv6_protocol.next() } else { ipv4_protocol.next() };
        let tuple = self.tuples.tuple(self.stream, serial, ipv6);
        let bits = self.random.next_u64();
        Flow {
            template: Template::new(Class::new(ipv6, tcp), &tuple, self.dscp),
            remaining_bytes: self.sizes.draw(&mut self.random),
            sent: 0,
            serial,
            sequence: bits as u32,
            identification: (bits >> 32) as u16,
        }
    }
}

impl Flows {
    /// `seed` is the run's, `component` the stream's name in it.
    pub(crate) fn new(
        config: &FlowsConfig,
        seed: u64,
        component: &str,
        stream: u16,
    ) -> Result<Self, ConfigError> {
        check_range("count", config.count, 1..=MAX_FLOWS)?;
        check_range("dscp", config.dscp, 0..=63)?;
        let protocols = Share::new("tcp_share", config.tcp_share)?;
        let mut births = Births {
            tuples: Tuples::new(config.destination, Random::for_component(seed, "traffic.tuples"))?,
            sizes: FlowSizes::new(config.lifetime.as_ref())?,
            endless: config.lifetime.is_none(),
            random: Random::for_component(seed, &format!("{component}.births")),
            stream,
            next_serial: 0,
            dscp: config.dscp,
            families: Share::new("ipv6_share", config.ipv6_share)?,
            protocols: [protocols; 2],
        };
        Ok(Flows {
            popularity: Popularity::new(config.popularity, config.count)?,
            flows: (0..config.count).map(|_| births.next()).collect(),
            order: Random::for_component(seed, &format!("{component}.order")),
            births,
        })
    }

    /// The place of the flow the next frame belongs to.
    #[inline]
    pub(crate) fn draw(&mut self) -> u32 {
        self.popularity.draw(&mut self.order)
    }

    /// What a frame becomes that was to have `wire_bytes`: at least the flow's headers and the smallest frame, at
    /// most what the flow has left to send.
    #[inline]
    pub(crate) fn shape(&self, place: u32, wire_bytes: u32) -> Shape {
        let Some(flow) = self.flows.get(place as usize) else {
            return Shape { payload_bytes: 0, wire_bytes: MIN_FRAME_BYTES };
        };
        let overhead = flow.template.class().header_bytes() + FCS_BYTES;
        let room = u64::from(wire_bytes.saturating_sub(overhead));
        // A flow that ends must come closer to its end with each frame, however small the frames are.
        let least = u64::from(!self.births.endless);
        let payload_bytes = room.max(least).min(flow.remaining_bytes) as u32;
        Shape { payload_bytes, wire_bytes: (overhead + payload_bytes).max(MIN_FRAME_BYTES) }
    }

    /// Write the flow's next frame, of the shape it was said to have, and let the flow go on: returns its serial
    /// number.
    #[inline]
    pub(crate) fn write(&mut self, place: u32, shape: Shape, filler: &[u8], slot: &mut [u8]) -> u32 {
        let Some(flow) = self.flows.get_mut(place as usize) else { return 0 };
        let payload_bytes = u64::from(shape.payload_bytes);
        let last = !self.births.endless && flow.remaining_bytes <= payload_bytes;
        let patch = Patch {
            payload_bytes: shape.payload_bytes,
            identification: flow.identification,
            sequence: flow.sequence,
            flags: if last { flag::FIN | flag::PSH } else { 0 },
            stamp: Stamp { flow: flow.serial, number: flow.sent },
        };
        let serial = flow.serial;
        flow.template.write(&patch, filler, shape.wire_bytes - FCS_BYTES, slot);
        if last {
            *flow = self.births.next();
        } else {
            flow.sequence = flow.sequence.wrapping_add(shape.payload_bytes);
            flow.identification = flow.identification.wrapping_add(1);
            flow.sent += 1;
            if !self.births.endless {
                flow.remaining_bytes -= payload_bytes;
            }
        }
        serial
    }

    /// Share of frames that each class of flow gets, and the smallest frame that holds its headers; `None` if flows
    /// come and go.
    pub(crate) fn classes(&self, popularity: PopularityConfig) -> Option<[(f64, u32); 4]> {
        if !self.births.endless {
            return None;
        }
        let mut classes =
            Class::ALL.map(|class| (0.0, (class.header_bytes() + FCS_BYTES).max(MIN_FRAME_BYTES)));
        for (flow, weight) in self.flows.iter().zip(weights(popularity, self.flows.len() as u32)) {
            if let Some((share, _)) = classes.get_mut(flow.template.class() as usize) {
                *share += weight;
            }
        }
        Some(classes)
    }

    /// Bytes of slot the largest frame needs, if frames were to have `wire_bytes`.
    pub(crate) fn largest_bytes(wire_bytes: u32) -> u32 {
        wire_bytes.max(Class::Ipv6Tcp.header_bytes() + FCS_BYTES + 1)
    }
}
