//! Everything that is declared, for the reference page, the Python enums and the tables.

use crate::{CostTable, Scenario, ScenarioError};
use serde_json::{Value, json};
use stage::{CounterDeclaration, CounterSet, DropReason, Layer, Op};

/// Counters of every stage.
fn counters() -> impl Iterator<Item = &'static CounterDeclaration> {
    let nic = nic::NicCounter::DECLARED.iter().chain(nic::lro::LroCounter::DECLARED);
    let nic = nic.chain(nic::steering::SteeringCounter::DECLARED);
    let host = host::gro::GroCounter::DECLARED.iter().chain(host::softirq::SoftnetCounter::DECLARED);
    nic.chain(host)
        .chain(host::softirq::NapiCounter::DECLARED)
        .chain(host::steering::SockSteeringCounter::DECLARED)
        .chain(host::tcp::TcpCounter::DECLARED)
        .chain(host::PagePoolCounter::DECLARED)
        .chain(host::ZeroCopyCounter::DECLARED)
        .chain(host::XdpCounter::DECLARED)
        .chain(host::forward::ForwardCounter::DECLARED)
}

/// All declarations as JSON: counters, reasons, ops, layers, costs.
///
/// # Errors
/// When the cost table is not complete.
pub fn declarations() -> Result<String, ScenarioError> {
    let counters: Vec<Value> = counters()
        .map(|c| json!({"stage": c.stage, "name": c.name, "unit": c.unit, "meaning": c.meaning}))
        .collect();
    let reasons: Vec<Value> = DropReason::ALL
        .iter()
        .map(|reason| reason.declaration())
        .map(|r| json!({"name": r.name, "layer": r.layer.name(), "meaning": r.meaning}))
        .collect();
    let ops: Vec<Value> = Op::ALL
        .iter()
        .map(|op| (op.key(), op.declaration()))
        .map(|(key, o)| json!({"key": key, "layer": o.layer.name(), "name": o.name, "unit": o.unit, "meaning": o.meaning}))
        .collect();
    let layers: Vec<&str> = Layer::ALL.iter().map(|layer| layer.name()).collect();
    let costs: Vec<Value> = CostTable::of(&Scenario::default())?
        .rows
        .iter()
        .map(|row| json!({"key": row.key, "ns": row.ns, "source": row.source}))
        .collect();
    Ok(json!({"counters": counters, "reasons": reasons, "ops": ops, "layers": layers, "costs": costs})
        .to_string())
}
