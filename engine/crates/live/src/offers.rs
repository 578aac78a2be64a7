//! A batch of offered frames as the NIC sees it.

use graph::to_ethernet;
use nic::{Classified, Nic};
use traffic::{BATCH_FRAMES, Batch, LinkType};

/// Classify a batch; frames recorded without an Ethernet header are given one in `scratch`.
pub(crate) fn classify(
    nic: &Nic,
    batch: &Batch,
    classified: &mut [Classified; BATCH_FRAMES],
    scratch: &mut Vec<u8>,
) {
    let mut frames: [&[u8]; BATCH_FRAMES] = [&[]; BATCH_FRAMES];
    let mut foreign = false;
    for (place, (offer, frame)) in frames.iter_mut().zip(batch.iter()) {
        *place = frame;
        foreign |= offer.link != LinkType::Ethernet;
    }
    nic.classify(frames.get(..batch.len()).unwrap_or(&[]), classified);
    if foreign {
        for ((offer, frame), classified) in batch.iter().zip(classified) {
            let frame = to_ethernet(offer.link, frame, scratch);
            nic.classify(&[frame], std::slice::from_mut(classified));
        }
    }
}
