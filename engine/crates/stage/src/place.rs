//! Where in memory a stage works: a region, an instance in it, an offset. The cache model turns places into lines.

/// Bytes in a cache line.
pub const CACHE_LINE_BYTES: u32 = 64;

/// Kinds of memory the receive path touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Region {
    /// Receive descriptors; instance = queue, offset = 16 × slot.
    Ring,
    /// Packet buffers; instance = buffer.
    Buffer,
    /// `struct page` of a buffer; instance = buffer.
    Page,
    /// `struct sk_buff`; instance = buffer (an skb lives as long as its buffer).
    Skb,
    /// Per-queue NAPI and ring bookkeeping; instance = queue.
    Napi,
    /// Per-CPU softnet data and backlog; instance = CPU.
    Softnet,
    /// The RPS map and flow limit tables; instance = CPU.
    RpsTable,
    /// Socket hash buckets; instance = bucket.
    SocketTable,
    /// `struct sock`; instance = socket.
    Socket,
    /// A task's kernel stack, thread state and receive buffer; instance = task.
    Task,
    /// Device and routing structures every CPU reads; instance 0.
    Shared,
    /// The table of where flows are read (`rps_sock_flow_table`); instance 0, offset = 4 × entry.
    SockFlow,
    /// Each queue's table of where its flows went (`rps_dev_flow_table`); instance = queue, offset = 16 × entry.
    DevFlow,
}

impl Region {
    /// Every region.
    pub const ALL: &'static [Region] = &[
        Region::Ring,
        Region::Buffer,
        Region::Page,
        Region::Skb,
        Region::Napi,
        Region::Softnet,
        Region::RpsTable,
        Region::SocketTable,
        Region::Socket,
        Region::Task,
        Region::Shared,
        Region::SockFlow,
        Region::DevFlow,
    ];
    /// How many regions there are.
    pub const COUNT: usize = Self::ALL.len();
}

/// Reading or writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Load.
    Read,
    /// Store: the line becomes this CPU's own.
    Write,
}

/// One access to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Kind of memory.
    pub region: Region,
    /// Which one of its kind.
    pub instance: u32,
    /// First byte within the instance.
    pub offset: u32,
    /// Length; every line it overlaps is accessed once.
    pub bytes: u32,
    /// Load or store.
    pub access: Access,
}

impl Touch {
    /// A load.
    #[inline]
    pub const fn read(region: Region, instance: u32, offset: u32, bytes: u32) -> Self {
        Touch { region, instance, offset, bytes, access: Access::Read }
    }

    /// A store.
    #[inline]
    pub const fn write(region: Region, instance: u32, offset: u32, bytes: u32) -> Self {
        Touch { region, instance, offset, bytes, access: Access::Write }
    }
}
