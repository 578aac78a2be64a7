//! A flow: its sender, its headers, and how its sequence numbers lie over the stream's offsets.

use super::requests::Requests;
use super::sender::{AckSeen, Sender, SenderConfig, Transmission};
use crate::stamp::Stamp;
use crate::template::{Patch, Template};
use stage::Nanos;
use wire::tcp::{Tcp, TcpOption, flag};

#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub(super) sender: Sender,
    template: Template,
    pub(super) source: Box<[u8]>,
    pub(super) ports: [u16; 2],
    /// Sequence number of the first byte.
    first_sequence: u32,
    identification: u16,
    pub(super) serial: u32,
    pub(super) size_bytes: u64,
    pub(super) start_ns: Option<Nanos>,
    pub(super) slow_start_end_ns: Option<Nanos>,
    pub(super) done_ns: Option<Nanos>,
    pub(super) last_ns: Nanos,
    /// When its timer is asked next.
    pub(super) watched_ns: Option<Nanos>,
    /// When its next segment may go, if one is paced.
    pub(super) paced_ns: Option<Nanos>,
    /// Where it stands, if it sends requests.
    pub(super) requests: Option<Requests>,
}

impl Flow {
    pub(super) fn new(
        config: SenderConfig,
        template: Template,
        serial: u32,
        source: Box<[u8]>,
        ports: [u16; 2],
        bits: u64,
    ) -> Self {
        Flow {
            sender: Sender::new(config),
            template,
            source,
            ports,
            first_sequence: bits as u32,
            identification: (bits >> 32) as u16,
            serial,
            size_bytes: config.size_bytes,
            start_ns: None,
            slow_start_end_ns: None,
            done_ns: None,
            last_ns: 0,
            watched_ns: None,
            paced_ns: None,
            requests: None,
        }
    }

    /// Read an acknowledgement of this flow's; none where it is no sound one.
    pub(super) fn read_ack(&self, segment: &Tcp<'_>, answer_bytes: u32, window_scale: u8) -> Option<AckSeen> {
        if segment.flags() & flag::ACK == 0 {
            return None;
        }
        let offset = self.offset(segment.ack())?;
        let mut seen = AckSeen {
            offset,
            window_bytes: u64::from(segment.window()) << window_scale,
            answer_bytes,
            ..AckSeen::default()
        };
        for option in segment.options() {
            let TcpOption::Sack(bytes) = option.ok()? else { continue };
            for (place, block) in seen.sack.iter_mut().zip(bytes.as_chunks::<8>().0) {
                let [a, b, c, d, e, f, g, h] = *block;
                let start = self.offset(u32::from_be_bytes([a, b, c, d]))?;
                let end = self.offset(u32::from_be_bytes([e, f, g, h]))?;
                *place = (start, end);
                seen.sack_len += 1;
            }
        }
        Some(seen)
    }

    /// The offset nearest to what is acknowledged that has this sequence number (RFC 9293 section 3.4).
    fn offset(&self, sequence: u32) -> Option<u64> {
        let base = self.sender.acknowledged();
        let ahead = sequence.wrapping_sub(self.first_sequence).wrapping_sub(base as u32) as i32;
        base.checked_add_signed(ahead.into())
    }

    /// So many bytes of the peer's have come: the next segment acknowledges them.
    pub(super) fn answered(&mut self, bytes: u32) {
        self.template.acknowledge(bytes);
    }

    /// Note what the sender has come to.
    pub(super) fn note(&mut self, now_ns: Nanos) {
        self.last_ns = now_ns;
        if self.sender.tally.slow_start_rounds > 0 {
            self.slow_start_end_ns.get_or_insert(now_ns);
        }
        if self.sender.is_done() {
            self.done_ns.get_or_insert(now_ns);
        }
    }

    /// Bytes of a segment's frame, without FCS.
    pub(super) fn frame_bytes(&self, payload_bytes: u32) -> u32 {
        self.template.class().header_bytes() + payload_bytes
    }

    /// Write a segment's frame. The same bytes of the stream are the same bytes in every frame that carries them: a
    /// segment's stamp is its number in the stream.
    pub(super) fn write(
        &mut self,
        segment: &Transmission,
        mss: u32,
        filler: &[u8],
        bytes: u32,
        slot: &mut [u8],
    ) {
        let patch = Patch {
            payload_bytes: segment.bytes,
            identification: self.identification,
            sequence: self.first_sequence.wrapping_add(segment.offset as u32),
            flags: if segment.last || self.requests.is_some() { flag::PSH } else { 0 },
            stamp: Stamp { flow: self.serial, number: segment.offset / u64::from(mss.max(1)) },
        };
        self.identification = self.identification.wrapping_add(1);
        self.template.write(&patch, filler, bytes, slot);
    }
}
