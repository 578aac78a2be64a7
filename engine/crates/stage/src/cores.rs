//! Identities of processors and receive queues.

/// Index of a host CPU, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CpuId(pub u16);

/// Index of a hardware receive queue, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct QueueId(pub u16);

impl CpuId {
    /// As an index into per-CPU arrays.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl QueueId {
    /// As an index into per-queue arrays.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}
