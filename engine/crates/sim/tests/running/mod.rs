//! Running a scenario written as text.

use graph::Scenario;
use graph::scenario::Format;
use nic::rss::{BoxedHash, RssKey, Table};
use sim::Simulation;
use traffic::Captures;

fn by_table(key: &RssKey) -> BoxedHash {
    Box::new(Table::new(key))
}

/// The document's scenario, not yet run.
pub(crate) fn simulation(document: &str) -> Simulation {
    let scenario = Scenario::parse(document, Format::Toml).unwrap();
    Simulation::new(scenario, &Captures::default(), &by_table).unwrap()
}

/// The document's scenario, run to its end, with the laws checked.
pub(crate) fn ran(document: &str) -> Simulation {
    let mut simulation = simulation(document);
    simulation.advance(u64::MAX);
    simulation.check_laws().unwrap();
    simulation
}
