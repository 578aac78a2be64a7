//! Socket buffers. An skb lives exactly as long as its first packet buffer, so the slab is indexed by it and queues
//! of skbs are links within the slab: nothing is allocated per frame.

use stage::{BufferId, Passage, RxPacket};

/// `SKB_DATA_ALIGN(sizeof(struct sk_buff))` on x86-64.
const SK_BUFF_BYTES: u32 = 256;

const END: u32 = u32::MAX;

/// A frame inside the host.
#[derive(Clone, Copy, Debug)]
pub struct Skb {
    /// What the NIC wrote about it.
    pub packet: RxPacket,
    /// When it passed where.
    pub passage: Passage,
    /// TCP sequence number of the first payload byte (TCP only).
    pub sequence: u32,
    /// Payload bytes of the transport protocol.
    pub payload_bytes: u32,
    /// Size of the buffers it occupies.
    pub buffers_bytes: u32,
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
    slots: Vec<Option<Skb>>,
    next: Vec<u32>,
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
    /// Room for as many skbs as there are buffers.
    pub fn new(buffers: u64) -> Self {
        Skbs { slots: vec![None; buffers as usize], next: vec![END; buffers as usize] }
    }

    /// The skb on this buffer.
    #[inline]
    pub fn at(&self, buffer: BufferId) -> Option<&Skb> {
        self.slots.get(buffer.0 as usize)?.as_ref()
    }

    /// The skb on this buffer, to be changed.
    #[inline]
    pub fn at_mut(&mut self, buffer: BufferId) -> Option<&mut Skb> {
        self.slots.get_mut(buffer.0 as usize)?.as_mut()
    }

    /// Put an skb at the end of a queue.
    #[inline]
    pub fn push(&mut self, queue: &mut SkbQueue, skb: Skb) {
        let at = skb.packet.buffer.0;
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
    pub fn pop(&mut self, queue: &mut SkbQueue) -> Option<Skb> {
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
        self.slots.get(queue.head as usize)?.as_ref()
    }

    /// Insert an skb before the first one that `is_after` it. Linear: for the short out-of-order queues.
    pub fn insert_before(&mut self, queue: &mut SkbQueue, skb: Skb, is_after: impl Fn(&Skb) -> bool) {
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
        let new = skb.packet.buffer.0;
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
            let skb = self.slots.get(at as usize)?.as_ref()?;
            at = self.next.get(at as usize).copied().unwrap_or(END);
            Some(skb)
        })
    }
}
