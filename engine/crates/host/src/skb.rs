//! Socket buffers, in a slab; queues of them are links within it. Each lies in a box that is used again, so nothing is
//! allocated per frame, and a step of a frame's way moves a pointer.
//!
//! A freed skb goes back to the CPU that allocated it and is the next one that CPU takes, as SLUB does (mm/slub.c: a
//! remote free goes to the object's own slab): skbs stay warm where frames are received.

use stage::{CpuId, Passage, RxPacket};

/// `SKB_DATA_ALIGN(sizeof(struct sk_buff))` on x86-64.
const SK_BUFF_BYTES: u32 = 256;

const END: u32 = u32::MAX;

/// An skb's place in the slab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkbId(pub u32);

/// A frame inside the host.
#[derive(Debug)]
pub struct Skb {
    /// Its place in the slab.
    pub id: SkbId,
    /// The CPU that allocated it.
    pub home: CpuId,
    /// What the NIC wrote about it.
    pub packet: RxPacket,
    /// When it passed where.
    pub passage: Passage,
    /// TCP sequence number of the first payload byte (TCP only).
    pub sequence: u32,
    /// Payload bytes of the transport protocol.
    pub payload_bytes: u32,
    /// Wire frames the card has merged into it; of what GRO has merged, into the frame of which most were.
    pub card_segments: u16,
    /// Size of the buffers it occupies, with those of the frames that hang on it.
    pub buffers_bytes: u32,
    /// Frames that GRO has merged into this one, whose payload follows (`frag_list`). Where their payload lies is said by
    /// their own packets; `packet` has the lengths of the whole in its headers, and in `bytes` what its own buffers hold.
    pub fragments: SkbQueue,
}

impl Skb {
    /// What it counts against a receive buffer (`skb->truesize`): itself and whole buffers, however full.
    #[inline]
    pub fn truesize_bytes(&self) -> u32 {
        SK_BUFF_BYTES + self.buffers_bytes
    }
}

/// All skbs.
#[derive(Debug)]
pub struct Skbs {
    /// Those that are on a queue.
    slots: Vec<Option<Box<Skb>>>,
    next: Vec<u32>,
    /// Free ones by home CPU, the last freed taken first.
    #[expect(clippy::vec_box, reason = "the boxes are what is kept")]
    free: Vec<Vec<Box<Skb>>>,
}

/// A queue of skbs, linked through [`Skbs`].
#[derive(Clone, Copy, Debug)]
pub struct SkbQueue {
    head: u32,
    tail: u32,
    frames: u32,
}

impl Default for SkbQueue {
    fn default() -> Self {
        SkbQueue { head: END, tail: END, frames: 0 }
    }
}

impl SkbQueue {
    /// Frames in the queue.
    #[inline]
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.head == END
    }
}

impl Skbs {
    /// None yet, for this many CPUs.
    pub fn new(cpus: u16) -> Self {
        Skbs { slots: Vec::new(), next: Vec::new(), free: (0..cpus).map(|_| Vec::new()).collect() }
    }

    /// An skb for a packet received on this CPU: the one that CPU freed last, else a new one.
    #[inline]
    pub fn allocate(&mut self, home: CpuId, packet: &RxPacket, buffers_bytes: u32) -> Box<Skb> {
        let passage = Passage { sent_ns: packet.sent_ns, ring_ns: packet.ready_ns, ..Passage::default() };
        let new = |id| Skb {
            id,
            home,
            packet: *packet,
            passage,
            sequence: 0,
            payload_bytes: 0,
            card_segments: packet.segments,
            buffers_bytes,
            fragments: SkbQueue::default(),
        };
        if let Some(mut free) = self.free.get_mut(home.index()).and_then(Vec::pop) {
            *free = new(free.id);
            return free;
        }
        self.slots.push(None);
        self.next.push(END);
        Box::new(new(SkbId(self.slots.len() as u32 - 1)))
    }

    /// The skb's place is free again.
    #[inline]
    pub fn free(&mut self, skb: Box<Skb>) {
        if let Some(list) = self.free.get_mut(skb.home.index()) {
            list.push(skb);
        }
    }

    /// Skbs allocated and not freed.
    pub fn live(&self) -> u64 {
        (self.slots.len() - self.free.iter().map(Vec::len).sum::<usize>()) as u64
    }

    /// Put an skb at the end of a queue.
    #[inline]
    pub fn push(&mut self, queue: &mut SkbQueue, skb: Box<Skb>) {
        let at = skb.id.0;
        if let (Some(slot), Some(link)) = (self.slots.get_mut(at as usize), self.next.get_mut(at as usize)) {
            *slot = Some(skb);
            *link = END;
            if queue.tail == END {
                queue.head = at;
            } else if let Some(last) = self.next.get_mut(queue.tail as usize) {
                *last = at;
            }
            queue.tail = at;
            queue.frames += 1;
        }
    }

    /// Take the first skb of a queue.
    #[inline]
    pub fn pop(&mut self, queue: &mut SkbQueue) -> Option<Box<Skb>> {
        let at = queue.head as usize;
        let skb = self.slots.get_mut(at)?.take()?;
        queue.head = *self.next.get(at)?;
        if queue.head == END {
            queue.tail = END;
        }
        queue.frames -= 1;
        Some(skb)
    }

    /// The first skb of a queue.
    #[inline]
    pub fn front(&self, queue: &SkbQueue) -> Option<&Skb> {
        self.slots.get(queue.head as usize)?.as_deref()
    }

    /// Insert an skb before the first one that `is_after` it. Linear: for the short out-of-order queues.
    pub fn insert_before(&mut self, queue: &mut SkbQueue, skb: Box<Skb>, is_after: impl Fn(&Skb) -> bool) {
        let (mut previous, mut at) = (END, queue.head);
        while let Some(Some(other)) = self.slots.get(at as usize) {
            if is_after(other) {
                break;
            }
            previous = at;
            at = self.next.get(at as usize).copied().unwrap_or(END);
        }
        if at == END {
            self.push(queue, skb);
            return;
        }
        let new = skb.id.0;
        if let (Some(slot), Some(link)) = (self.slots.get_mut(new as usize), self.next.get_mut(new as usize))
        {
            *slot = Some(skb);
            *link = at;
            queue.frames += 1;
            match self.next.get_mut(previous as usize) {
                Some(link) => *link = new,
                None => queue.head = new,
            }
        }
    }

    /// The skbs of a queue, first to last.
    pub fn iter<'a>(&'a self, queue: &SkbQueue) -> impl Iterator<Item = &'a Skb> + 'a {
        let mut at = queue.head;
        std::iter::from_fn(move || {
            let skb = self.slots.get(at as usize)?.as_deref()?;
            at = self.next.get(at as usize).copied().unwrap_or(END);
            Some(skb)
        })
    }
}
