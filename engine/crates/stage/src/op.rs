//! Units of work a stage may report. What one costs is no business of the stage: virtual time looks it up in a
//! sourced cost table (`datasets/costs/`), real time measures it.

/// The layers of the receive path, in the packet's order. The ledger and the cache tables are grouped by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Layer {
    /// The network card. Its work costs no host CPU time.
    Nic,
    /// Interrupt entry and exit.
    Irq,
    /// Softirq dispatch and the NAPI poll loop.
    Napi,
    /// Descriptor and buffer work of the driver.
    Driver,
    /// Socket buffer allocation and release.
    Skb,
    /// Receive packet steering and the per-CPU backlog.
    Rps,
    /// IP input.
    Ip,
    /// UDP input.
    Udp,
    /// TCP input and the ACKs it sends.
    Tcp,
    /// Socket lookup, receive queue, and the receive call.
    Socket,
    /// Moving payload to the application.
    Copy,
    /// Wake-ups and context switches.
    Sched,
    /// The application's own work.
    App,
}

impl Layer {
    /// Every layer, in the packet's order.
    pub const ALL: &'static [Layer] = &[
        Layer::Nic,
        Layer::Irq,
        Layer::Napi,
        Layer::Driver,
        Layer::Skb,
        Layer::Rps,
        Layer::Ip,
        Layer::Udp,
        Layer::Tcp,
        Layer::Socket,
        Layer::Copy,
        Layer::Sched,
        Layer::App,
    ];

    /// Name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Layer::Nic => "nic",
            Layer::Irq => "irq",
            Layer::Napi => "napi",
            Layer::Driver => "driver",
            Layer::Skb => "skb",
            Layer::Rps => "rps",
            Layer::Ip => "ip",
            Layer::Udp => "udp",
            Layer::Tcp => "tcp",
            Layer::Socket => "socket",
            Layer::Copy => "copy",
            Layer::Sched => "sched",
            Layer::App => "app",
        }
    }
}

/// An operation as the cost table and the reference page name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpDeclaration {
    /// The layer it belongs to.
    pub layer: Layer,
    /// Name within the layer; `layer.name` is the key of the cost table.
    pub name: &'static str,
    /// What one unit is.
    pub unit: &'static str,
    /// One sentence.
    pub meaning: &'static str,
}

macro_rules! ops {
    ($($(#[doc = $doc:literal])+ $variant:ident = $layer:ident . $name:literal per $unit:literal,)+) => {
        /// A unit of work.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Op { $($(#[doc = $doc])+ $variant,)+ }

        impl Op {
            /// Every operation, in declaration order.
            pub const ALL: &'static [Op] = &[$(Op::$variant,)+];
            /// How many operations there are.
            pub const COUNT: usize = Self::ALL.len();

            /// What is written about it in the reference.
            pub const fn declaration(self) -> OpDeclaration {
                match self {
                    $(Op::$variant => OpDeclaration {
                        layer: Layer::$layer, name: $name, unit: $unit, meaning: concat!($($doc,)+).trim_ascii(),
                    },)+
                }
            }
        }
    };
}

ops! {
    /// Take a device interrupt: entry, the driver's handler, exit.
    HardIrq = Irq."hardirq" per "interrupt",
    /// Take an inter-processor interrupt.
    Ipi = Irq."ipi" per "interrupt",
    /// Take a timer interrupt that schedules a NAPI.
    TimerIrq = Irq."timer" per "interrupt",
    /// Enter and leave the softirq.
    SoftIrq = Napi."softirq" per "softirq",
    /// Call one NAPI poll function, whatever it finds.
    Poll = Napi."poll" per "poll",
    /// Complete a NAPI and arm its interrupt again.
    Complete = Napi."complete" per "completion",
    /// Look for a frame's flow among those GRO holds, and merge or hold it.
    GroReceive = Napi."gro" per "frame",
    /// Read a descriptor and attach its buffer.
    Descriptor = Driver."descriptor" per "descriptor",
    /// Give a buffer back to the ring.
    Refill = Driver."refill" per "buffer",
    /// Release a page into its pool's ptr_ring instead of its cache.
    PageRing = Driver."page_ring" per "page",
    /// Release a page to the page allocator, which another will be taken from.
    PageSlow = Driver."page_slow" per "page",
    /// Run the XDP program.
    Xdp = Driver."xdp" per "frame",
    /// Send a frame out of an interface from the XDP program.
    XdpRedirect = Driver."xdp_redirect" per "frame",
    /// Hand a frame to the stack (netif_receive_skb to the protocol).
    Receive = Driver."receive" per "frame",
    /// Put a frame on the transmit ring of the interface it leaves by.
    Transmit = Driver."transmit" per "frame",
    /// Release a frame that was sent.
    TransmitDone = Driver."transmit_done" per "frame",
    /// Write a rule of the card's flow table.
    SteerProgram = Driver."steer" per "rule",
    /// Look whether a rule of the card's flow table has had its day.
    SteerScan = Driver."steer_scan" per "rule",
    /// Allocate and set up a socket buffer.
    SkbAlloc = Skb."alloc" per "frame",
    /// Release a socket buffer and recycle its page.
    SkbFree = Skb."free" per "frame",
    /// Choose a CPU for a frame.
    RpsSteer = Rps."steer" per "frame",
    /// Put a frame on another CPU's backlog.
    RpsEnqueue = Rps."enqueue" per "frame",
    /// Send an inter-processor interrupt.
    RpsIpi = Rps."send_ipi" per "interrupt",
    /// Take a frame off the backlog.
    RpsDequeue = Rps."dequeue" per "frame",
    /// Validate an IP header and find its route.
    IpReceive = Ip."receive" per "frame",
    /// Decrement a packet's TTL and find its next hop.
    IpForward = Ip."forward" per "packet",
    /// Walk one further header (option, extension header, tunnel).
    IpHeader = Ip."header" per "header",
    /// Verify a checksum the NIC has not.
    ChecksumByte = Ip."checksum" per "byte",
    /// Validate a UDP header.
    UdpReceive = Udp."receive" per "frame",
    /// Process a TCP segment.
    TcpReceive = Tcp."receive" per "frame",
    /// Put a segment into or take it from the out-of-order queue.
    TcpOutOfOrder = Tcp."out_of_order" per "frame",
    /// Build and send an acknowledgement.
    TcpAck = Tcp."ack" per "ack",
    /// Build and send a segment of data.
    TcpSend = Tcp."send" per "segment",
    /// Run an expired delayed-acknowledgement timer.
    TcpTimer = Tcp."timer" per "timer",
    /// Make a further acknowledgement from the template the host gave, in the driver.
    AckExpand = Driver."ack_expand" per "ack",
    /// Find the socket of a frame.
    SocketLookup = Socket."lookup" per "frame",
    /// Go on with another socket than the frame before had, against what the processor predicted.
    SocketChange = Socket."change" per "change",
    /// Put a frame on a socket's receive queue.
    SocketEnqueue = Socket."enqueue" per "frame",
    /// Enter and leave a receive call.
    RecvCall = Socket."recv_call" per "call",
    /// Enter and leave a send call.
    SendCall = Socket."send_call" per "call",
    /// Note where a socket is read, for RFS.
    RfsRecord = Socket."rfs_record" per "call",
    /// Take a frame off a socket's receive queue.
    SocketDequeue = Socket."dequeue" per "frame",
    /// Copy payload to the application.
    CopyByte = Copy."payload" per "byte",
    /// Copy another number of bytes than the time before, against what the processor predicted.
    CopyChange = Copy."change" per "change",
    /// Find and lock the address range of a receive call that maps pages.
    MapCall = Copy."map_call" per "call",
    /// Put a page of payload into the application's page table.
    MapPage = Copy."map_page" per "page",
    /// Unmap what one call has mapped, and flush the TLB.
    UnmapCall = Copy."unmap_call" per "call",
    /// Take a page out of the application's page table, and let it go.
    UnmapPage = Copy."unmap_page" per "page",
    /// Wake a sleeping task.
    Wake = Sched."wake" per "wake-up",
    /// Tell the driver that a socket is read on another CPU.
    Announce = Sched."announce" per "socket",
    /// Switch the CPU to another task.
    Switch = Sched."switch" per "switch",
    /// The application's own work on one message.
    AppWork = App."message" per "message",
}

impl Op {
    /// The layer it belongs to.
    #[inline]
    pub const fn layer(self) -> Layer {
        self.declaration().layer
    }

    /// `layer.name`, the key of the cost table.
    pub fn key(self) -> String {
        let declaration = self.declaration();
        format!("{}.{}", declaration.layer.name(), declaration.name)
    }

    /// The operation with this `layer.name`.
    pub fn from_key(key: &str) -> Option<Op> {
        Op::ALL.iter().copied().find(|op| op.key() == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_name_exactly_one_operation() {
        for op in Op::ALL {
            assert_eq!(Op::from_key(&op.key()), Some(*op));
        }
        assert_eq!(Op::from_key("napi.nothing"), None);
    }

    #[test]
    fn layers_are_listed_in_order() {
        for (i, layer) in Layer::ALL.iter().enumerate() {
            assert_eq!(*layer as usize, i);
        }
    }
}
