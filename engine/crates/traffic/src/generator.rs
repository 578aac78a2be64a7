//! A generated stream: arrivals, sizes and flows put together.

use crate::arrivals::{Arrivals, ArrivalsConfig, Offered, OfferedConfig};
use crate::error::ConfigError;
use crate::flows::{Flows, FlowsConfig, Shape};
use crate::line::FCS_BYTES;
use crate::sizes::{Sizes, SizesConfig};
use crate::template::FILLER;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::{Nanos, Random};

/// A stream of frames made from templates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GeneratorConfig {
    /// Offered load.
    pub offered: OfferedConfig,
    /// How it is spread over time.
    pub arrivals: ArrivalsConfig,
    /// Frame sizes.
    pub sizes: SizesConfig,
    /// Flows.
    pub flows: FlowsConfig,
    /// When the first frame may be sent, ns.
    pub start_ns: Nanos,
    /// No frame is sent from then on, ns; without it the stream does not end.
    pub stop_ns: Option<Nanos>,
}

/// A frame that is decided but not written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    pub(crate) sent_ns: Nanos,
    place: u32,
    pub(crate) shape: Shape,
}

/// Makes a stream's frames, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Generator {
    arrivals: Arrivals,
    sizes: Sizes,
    flows: Flows,
    filler: Box<[u8]>,
    largest_bytes: u32,
    stop_ns: Nanos,
}

impl Generator {
    pub(crate) fn new(
        config: &GeneratorConfig,
        rate_bps: u64,
        seed: u64,
        stream: u16,
    ) -> Result<Self, ConfigError> {
        let component = format!("traffic.{stream}");
        let random = |part: &str| Random::for_component(seed, &format!("{component}.{part}"));
        let stop_ns = config.stop_ns.unwrap_or(Nanos::MAX);
        if stop_ns < config.start_ns {
            return Err(ConfigError::new(
                "stop_ns",
                stop_ns,
                format!("{} (start_ns) or later", config.start_ns),
            ));
        }
        let offered = Offered::new(config.offered, rate_bps)?;
        let sizes = Sizes::new(&config.sizes, random("sizes")).map_err(|e| e.within("sizes"))?;
        let flows = Flows::new(&config.flows, seed, &component, stream).map_err(|e| e.within("flows"))?;
        let mean_units = flows.classes(config.flows.popularity).map(|classes| {
            let mean = |least: u32| sizes.mean(|bytes| offered.units(bytes.max(least)) as f64);
            classes.iter().map(|(share, least)| if *share > 0.0 { share * mean(*least) } else { 0.0 }).sum()
        });
        let arrivals = Arrivals::new(
            config.arrivals,
            offered,
            rate_bps,
            config.start_ns,
            mean_units,
            random("arrivals"),
        )?;
        let largest_bytes = Flows::largest_bytes(sizes.largest_bytes()) - FCS_BYTES;
        let filler = FILLER.iter().copied().cycle().take(largest_bytes as usize).collect();
        Ok(Generator { arrivals, sizes, flows, filler, largest_bytes, stop_ns })
    }

    /// Bytes of the largest frame it makes, without FCS.
    pub(crate) fn largest_bytes(&self) -> u32 {
        self.largest_bytes
    }

    /// Decide the next frame; `None` once the stream has stopped.
    #[inline]
    pub(crate) fn plan(&mut self) -> Option<Planned> {
        let place = self.flows.draw();
        let shape = self.flows.shape(place, self.sizes.draw());
        let sent_ns = self.arrivals.next(shape.wire_bytes);
        (sent_ns < self.stop_ns).then_some(Planned { sent_ns, place, shape })
    }

    /// Write the frame decided last; returns its flow's serial number.
    #[inline]
    pub(crate) fn write(&mut self, planned: &Planned, slot: &mut [u8]) -> u32 {
        self.flows.write(planned.place, planned.shape, &self.filler, slot)
    }
}
