//! A batch of frames as the NIC sees it: what each is, and which flow it belongs to.

use graph::to_ethernet;
use nic::steering::FlowKey;
use nic::{Classified, Nic};
use traffic::{BATCH_FRAMES, Batch, LinkType};

/// What the NIC found out about up to [`BATCH_FRAMES`] frames.
pub(crate) struct Looked {
    /// By frame.
    pub(crate) classified: [Classified; BATCH_FRAMES],
    /// The same for a NIC with a flow table; otherwise as they were.
    pub(crate) keys: [FlowKey; BATCH_FRAMES],
}

impl Looked {
    pub(crate) fn new() -> Self {
        Looked { classified: [Classified::default(); BATCH_FRAMES], keys: [FlowKey::NONE; BATCH_FRAMES] }
    }

    /// Look at frames as they are.
    #[inline]
    pub(crate) fn at(&mut self, nic: &Nic, frames: &[&[u8]]) {
        if nic.steers() {
            nic.classify_flows(frames, &mut self.classified, &mut self.keys);
        } else {
            nic.classify(frames, &mut self.classified);
        }
    }

    /// Look at a batch; frames recorded without an Ethernet header are given one in `scratch`.
    pub(crate) fn at_batch(&mut self, nic: &Nic, batch: &Batch, scratch: &mut Vec<u8>) {
        let mut frames: [&[u8]; BATCH_FRAMES] = [&[]; BATCH_FRAMES];
        let mut foreign = false;
        for (place, (offer, frame)) in frames.iter_mut().zip(batch.iter()) {
            *place = frame;
            foreign |= offer.link != LinkType::Ethernet;
        }
        self.at(nic, frames.get(..batch.len()).unwrap_or(&[]));
        if foreign {
            let places = self.classified.iter_mut().zip(&mut self.keys);
            for ((offer, frame), (classified, key)) in batch.iter().zip(places) {
                let frame = to_ethernet(offer.link, frame, scratch);
                nic.classify_flows(&[frame], std::slice::from_mut(classified), std::slice::from_mut(key));
            }
        }
    }

    /// By frame, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Classified, &FlowKey)> {
        self.classified.iter().zip(&self.keys)
    }
}
