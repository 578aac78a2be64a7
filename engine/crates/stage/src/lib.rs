//! What a stage of the receive path may know.
//!
//! A stage is told `now`, says what work it did ([`Meter::op`], [`Meter::touch`]) and never what that costs, and
//! returns its next deadline. It never knows whether it runs in virtual or real time. This crate holds the words
//! in which it says these things; it has no dependencies and no state of its own.

#![forbid(unsafe_code)]

mod buffers;
mod context;
mod cores;
mod counter;
mod fault;
mod flow_key;
mod meter;
mod on_demand;
mod op;
mod packet;
mod place;
mod progress;
mod random;
mod reason;
mod rx_queue;
mod steering;
mod time;
mod verdict;

pub use buffers::{BufferId, BufferPool, PacketMemory};
pub use context::{Context, Event, Executor, Observer, Passage, Point, SocketId, TaskId};
pub use cores::{CpuId, QueueId};
pub use counter::{CounterDeclaration, CounterSet, Counters};
pub use fault::{drop_reason, is_dropped_by_nic};
pub use flow_key::FlowKey;
pub use meter::{Free, Meter};
pub use op::{Layer, Op, OpDeclaration};
pub use packet::{FrameId, HashType, RxPacket, buffers_for};
pub use place::{Access, CACHE_LINE_BYTES, Region, Touch};
pub use progress::Progress;
pub use random::Random;
pub use reason::{DropReason, ReasonDeclaration};
pub use rx_queue::{Interrupt, OldRule, RxQueues, Signal};
pub use steering::{Errno, PRIORITIES, RuleId, SteerRequest, SteeringError, Written};
pub use time::{NANOS_PER_SECOND, Nanos};
pub use verdict::{Tally, Verdict};
