//! Virtual CPUs: hardirq before softirq before tasks, and fair between tasks.

mod run_queue;
mod virtual_cpu;

pub(crate) use run_queue::{Entity, RunQueue};
pub(crate) use virtual_cpu::{BusyContext, Hardirq, SoftirqMode, VirtualCpu};
