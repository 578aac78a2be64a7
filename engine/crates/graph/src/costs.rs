//! The cost table: what one unit of each operation costs. A row without a source is refused.

use crate::scenario::CostOverride;
use crate::{Scenario, ScenarioError};
use serde::Deserialize;
use stage::Op;

const BASELINE: &str = include_str!("../../../../datasets/costs/baseline.toml");

/// What one unit of an operation costs, and who says so.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostRow {
    /// `layer.op`.
    pub key: String,
    /// Nanoseconds per unit.
    pub ns: f64,
    /// Kind and origin of the number.
    pub source: String,
}

/// What an access costs beyond an L1 hit.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryCosts {
    /// Answered by L2.
    pub l2_ns: f64,
    /// Where that is from.
    pub l2_source: String,
    /// Answered by the shared cache.
    pub llc_ns: f64,
    /// Where that is from.
    pub llc_source: String,
    /// Answered by memory.
    pub dram_ns: f64,
    /// Where that is from.
    pub dram_source: String,
    /// Answered by another CPU's private cache.
    pub remote_ns: f64,
    /// Where that is from.
    pub remote_source: String,
    /// Answered by the shared cache of another NUMA node.
    pub far_llc_ns: f64,
    /// Where that is from.
    pub far_llc_source: String,
    /// Answered by the memory of another NUMA node.
    pub far_dram_ns: f64,
    /// Where that is from.
    pub far_dram_source: String,
    /// Answered by the private cache of a CPU of another NUMA node.
    pub far_remote_ns: f64,
    /// Where that is from.
    pub far_remote_source: String,
    /// Stalls behind the first line of a sequential access are divided by this.
    pub stream_divisor: u64,
    /// Where that is from.
    pub stream_source: String,
}

/// Times that pass without keeping a CPU busy.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latencies {
    /// From the wire to memory.
    pub dma_ns: u64,
    /// Where that is from.
    pub dma_source: String,
    /// From the interrupt message to its handler.
    pub irq_ns: u64,
    /// Where that is from.
    pub irq_source: String,
    /// Leaving the idle state.
    pub idle_exit_ns: u64,
    /// Where that is from.
    pub idle_exit_source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    #[expect(dead_code, reason = "for the reader of the file")]
    name: String,
    op: Vec<CostRow>,
    memory: MemoryCosts,
    latency: Latencies,
}

/// A complete cost table.
#[derive(Clone, Debug, PartialEq)]
pub struct CostTable {
    /// One row per operation, in `Op::ALL` order.
    pub rows: Vec<CostRow>,
    /// Memory beyond L1.
    pub memory: MemoryCosts,
    /// Times without work.
    pub latency: Latencies,
}

impl CostTable {
    /// The baseline (`datasets/costs/baseline.toml`) with a scenario's overrides.
    ///
    /// # Errors
    /// Names the row that is missing, unknown, or has no source.
    pub fn of(scenario: &Scenario) -> Result<CostTable, ScenarioError> {
        let mut table = CostTable::parse(BASELINE)?;
        for given in &scenario.costs {
            match table.rows.iter_mut().find(|row| row.key == given.op) {
                Some(row) => {
                    *row = CostRow { key: given.op.clone(), ns: given.ns, source: given.source.clone() }
                }
                None => table.replace(given),
            }
        }
        Ok(table)
    }

    /// Rows beside operations that a scenario may replace.
    pub(crate) const BESIDE_OPERATIONS: [&str; 10] = [
        "memory.l2",
        "memory.llc",
        "memory.dram",
        "memory.remote",
        "memory.far_llc",
        "memory.far_dram",
        "memory.far_remote",
        "latency.dma",
        "latency.irq",
        "latency.idle_exit",
    ];

    fn replace(&mut self, given: &CostOverride) {
        let (memory, latency) = (&mut self.memory, &mut self.latency);
        let stall = match given.op.as_str() {
            "memory.l2" => (&mut memory.l2_ns, &mut memory.l2_source),
            "memory.llc" => (&mut memory.llc_ns, &mut memory.llc_source),
            "memory.dram" => (&mut memory.dram_ns, &mut memory.dram_source),
            "memory.remote" => (&mut memory.remote_ns, &mut memory.remote_source),
            "memory.far_llc" => (&mut memory.far_llc_ns, &mut memory.far_llc_source),
            "memory.far_dram" => (&mut memory.far_dram_ns, &mut memory.far_dram_source),
            "memory.far_remote" => (&mut memory.far_remote_ns, &mut memory.far_remote_source),
            _ => {
                let wait = match given.op.as_str() {
                    "latency.dma" => (&mut latency.dma_ns, &mut latency.dma_source),
                    "latency.irq" => (&mut latency.irq_ns, &mut latency.irq_source),
                    "latency.idle_exit" => (&mut latency.idle_exit_ns, &mut latency.idle_exit_source),
                    _ => return,
                };
                (*wait.0, *wait.1) = (given.ns.round() as u64, given.source.clone());
                return;
            }
        };
        (*stall.0, *stall.1) = (given.ns, given.source.clone());
    }

    fn parse(text: &str) -> Result<CostTable, ScenarioError> {
        let document: Document =
            toml::from_str(text).map_err(|e| ScenarioError::new("cost table", e, "a complete table"))?;
        if document.version != 1 {
            return Err(ScenarioError::new("cost table version", document.version, "1"));
        }
        let mut rows = Vec::with_capacity(Op::COUNT);
        for op in Op::ALL {
            let key = op.key();
            let mut found = document.op.iter().filter(|row| row.key == key);
            match (found.next(), found.next()) {
                (Some(row), None) => rows.push(row.clone()),
                (None, _) => return Err(ScenarioError::new(format!("cost of {key}"), "nothing", "one row")),
                (Some(_), Some(_)) => {
                    return Err(ScenarioError::new(format!("cost of {key}"), "two rows", "one row"));
                }
            }
        }
        if let Some(row) = document.op.iter().find(|row| Op::from_key(&row.key).is_none()) {
            return Err(ScenarioError::new("cost table row", &row.key, "a declared operation"));
        }
        let (memory, latency) = (document.memory, document.latency);
        let sourced = |source: &str| {
            ["published: ", "derived: ", "measured: ", "assumed: "]
                .iter()
                .any(|kind| source.starts_with(kind))
        };
        let others = [
            ("memory.l2", &memory.l2_source),
            ("memory.llc", &memory.llc_source),
            ("memory.dram", &memory.dram_source),
            ("memory.remote", &memory.remote_source),
            ("memory.far_llc", &memory.far_llc_source),
            ("memory.far_dram", &memory.far_dram_source),
            ("memory.far_remote", &memory.far_remote_source),
            ("memory.stream", &memory.stream_source),
            ("latency.dma", &latency.dma_source),
            ("latency.irq", &latency.irq_source),
            ("latency.idle_exit", &latency.idle_exit_source),
        ];
        let all = rows.iter().map(|row| (row.key.as_str(), &row.source)).chain(others);
        if let Some((key, source)) = all.into_iter().find(|(_, source)| !sourced(source)) {
            return Err(ScenarioError::new(
                format!("source of {key}"),
                source,
                "published, derived, measured or assumed: and what",
            ));
        }
        Ok(CostTable { rows, memory, latency })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_baseline_is_complete_and_sourced() {
        let table = CostTable::of(&Scenario::default()).unwrap();
        assert_eq!(table.rows.len(), Op::COUNT);
    }

    #[test]
    fn a_scenario_replaces_rows_of_every_kind() {
        let row = |op: &str, ns| CostOverride { op: op.into(), ns, source: format!("measured: {op}") };
        let mut costs: Vec<_> = CostTable::BESIDE_OPERATIONS.iter().map(|op| row(op, 1.6)).collect();
        costs.push(row("napi.poll", 7.5));
        let scenario = Scenario { costs, ..Scenario::default() };
        let table = CostTable::of(&scenario).unwrap();
        let CostTable { rows, memory, latency } = &table;
        let poll = rows.iter().find(|row| row.key == "napi.poll").unwrap();
        assert_eq!((poll.ns, poll.source.as_str()), (7.5, "measured: napi.poll"));
        assert_eq!([memory.l2_ns, memory.llc_ns, memory.dram_ns, memory.remote_ns], [1.6; 4]);
        assert_eq!([memory.far_llc_ns, memory.far_dram_ns, memory.far_remote_ns], [1.6; 3]);
        assert_eq!([latency.dma_ns, latency.irq_ns, latency.idle_exit_ns], [2; 3]);
        assert_eq!(memory.remote_source, "measured: memory.remote");
        assert_eq!(latency.idle_exit_source, "measured: latency.idle_exit");
    }

    #[test]
    fn a_row_without_a_source_is_refused() {
        let text = BASELINE.replacen("source = \"assumed: ", "source = \"", 1);
        assert_eq!(CostTable::parse(&text).unwrap_err().key, "source of irq.hardirq");
    }

    #[test]
    fn a_missing_and_an_unknown_row_are_refused() {
        let missing = BASELINE.replace("key = \"napi.poll\"", "key = \"napi.pol\"");
        assert_eq!(CostTable::parse(&missing).unwrap_err().key, "cost of napi.poll");
    }
}
