//! Up to 32 offered frames with their bytes: what the simulator takes from a source at a time.

use crate::capture::LinkType;
use stage::Nanos;

/// Frames in a batch.
pub const BATCH_FRAMES: usize = 32;

/// [`Offer::flow`] of a captured frame.
pub const NO_FLOW: u32 = u32::MAX;

/// A frame as the line delivers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// When it was meant to be sent; latency counts from here.
    pub sent_ns: Nanos,
    /// When its last bit was on the wire: it waited if the line was busy.
    pub arrived_ns: Nanos,
    /// Serial number of its flow within the stream; [`NO_FLOW`] if it was captured.
    pub flow: u32,
    /// The stream it belongs to, by its place in the configuration.
    pub stream: u16,
    /// Bytes in the slot: the frame without FCS; fewer if the capture cut it off.
    pub bytes: u32,
    /// Bytes on the wire, with FCS and padding to 64.
    pub wire_bytes: u32,
    /// What the first header is.
    pub link: LinkType,
}

impl Offer {
    const NONE: Offer = Offer {
        sent_ns: 0,
        arrived_ns: 0,
        flow: NO_FLOW,
        stream: 0,
        bytes: 0,
        wire_bytes: 0,
        link: LinkType::Ethernet,
    };
}

/// Slots for frames, to be filled over and over.
#[derive(Clone, Debug)]
pub struct Batch {
    bytes: Vec<u8>,
    stride: usize,
    offers: [Offer; BATCH_FRAMES],
    len: usize,
    /// Bytes of frames after which it is full.
    limit_bytes: usize,
    filled_bytes: usize,
}

impl Batch {
    /// Slots for frames of up to `largest_bytes` (without FCS).
    pub fn new(largest_bytes: u32) -> Self {
        let mut batch = Batch {
            bytes: Vec::new(),
            stride: 0,
            offers: [Offer::NONE; BATCH_FRAMES],
            len: 0,
            limit_bytes: usize::MAX,
            filled_bytes: 0,
        };
        batch.begin(largest_bytes);
        batch
    }

    /// The same, full also when its frames have this many bytes together: so that what is done with one after the
    /// other finds them in a near cache.
    #[must_use]
    pub fn within(self, limit_bytes: usize) -> Self {
        Batch { limit_bytes, ..self }
    }

    /// Forget the frames; widen the slots if they are too narrow for frames of `largest_bytes`.
    #[inline]
    pub(crate) fn begin(&mut self, largest_bytes: u32) {
        self.len = 0;
        self.filled_bytes = 0;
        let stride = (largest_bytes as usize).next_multiple_of(64).max(64);
        if stride > self.stride {
            self.bytes = vec![0; stride * BATCH_FRAMES];
            self.stride = stride;
        }
    }

    /// Forget the frames, to take in others.
    #[inline]
    pub fn clear(&mut self) {
        self.begin(0);
    }

    /// Copy in an Ethernet frame (without FCS) that arrived at `now_ns`; of one that is too long as much as a slot
    /// holds. Of a full batch it is nothing.
    #[inline]
    pub fn take_in(&mut self, now_ns: Nanos, frame: &[u8]) {
        if self.is_full() {
            return;
        }
        let slot = self.slot();
        let bytes = frame.len().min(slot.len());
        if let (Some(to), Some(from)) = (slot.get_mut(..bytes), frame.get(..bytes)) {
            to.copy_from_slice(from);
        }
        // The line pads to 64 with the FCS (IEEE 802.3 section 4.2.3.3).
        let wire_bytes = (frame.len() as u32 + 4).max(64);
        let times = Offer { sent_ns: now_ns, arrived_ns: now_ns, ..Offer::NONE };
        self.push(Offer { bytes: bytes as u32, wire_bytes, ..times });
    }

    /// Frames filled.
    pub fn len(&self) -> usize {
        self.len
    }

    /// No frame was filled.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The frame at `index` and its bytes.
    #[inline]
    pub fn frame(&self, index: usize) -> Option<(&Offer, &[u8])> {
        let offer = self.offers.get(..self.len)?.get(index)?;
        let start = index * self.stride;
        Some((offer, self.bytes.get(start..start + offer.bytes as usize)?))
    }

    /// The frames in order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = (&Offer, &[u8])> {
        self.offers
            .iter()
            .zip(self.bytes.chunks_exact(self.stride))
            .take(self.len)
            .map(|(offer, slot)| (offer, slot.get(..offer.bytes as usize).unwrap_or(&[])))
    }

    /// Bytes of one slot.
    pub fn stride(&self) -> usize {
        self.stride
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len == BATCH_FRAMES || self.filled_bytes >= self.limit_bytes
    }

    /// The next empty slot.
    #[inline]
    pub(crate) fn slot(&mut self) -> &mut [u8] {
        let start = self.len * self.stride;
        self.bytes.get_mut(start..start + self.stride).unwrap_or(&mut [])
    }

    /// The next empty slot holds this frame.
    #[inline]
    pub(crate) fn push(&mut self, offer: Offer) {
        if let Some(place) = self.offers.get_mut(self.len) {
            *place = offer;
            self.len += 1;
            self.filled_bytes += offer.bytes as usize;
        }
    }
}
