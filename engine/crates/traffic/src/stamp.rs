//! A mark in the payload that says which frame this is, so that loss, reordering and duplication can be judged from
//! the bytes alone.

use wire::checksum::Sum;

/// Bytes a stamp takes.
pub const STAMP_BYTES: usize = 16;

const MAGIC: u32 = u32::from_be_bytes(*b"rxbn");

/// The first bytes of a generated payload that has room for them (`STAMP_BYTES`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The flow's number in its stream, as [`Offer::flow`](crate::Offer::flow).
    pub flow: u32,
    /// The frame's number in its flow, from 0.
    pub number: u64,
}

impl Stamp {
    /// The stamp of a payload, if it has one.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let (magic, rest) = payload.split_first_chunk::<4>()?;
        let (flow, rest) = rest.split_first_chunk::<4>()?;
        let number = rest.first_chunk::<8>()?;
        let stamp = Stamp { flow: u32::from_be_bytes(*flow), number: u64::from_be_bytes(*number) };
        (u32::from_be_bytes(*magic) == MAGIC).then_some(stamp)
    }

    /// Write it at the start of `payload` and add it to the sum; false if it does not fit.
    #[inline]
    pub(crate) fn write(self, payload: &mut [u8], sum: &mut Sum) -> bool {
        let Some(place) = payload.first_chunk_mut::<STAMP_BYTES>() else { return false };
        let value = u128::from(MAGIC) << 96 | u128::from(self.flow) << 64 | u128::from(self.number);
        *place = value.to_be_bytes();
        *sum = (0..8).fold(*sum, |sum, word| sum.add_u16((value >> (16 * word)) as u16));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_as_written_and_summed() {
        let stamp = Stamp { flow: 0x0102_0304, number: 0xffee_ddcc_bbaa_9988 };
        let mut payload = [0u8; 20];
        let mut sum = Sum::new();
        assert!(stamp.write(&mut payload, &mut sum));
        assert_eq!(Stamp::read(&payload), Some(stamp));
        assert_eq!(sum.fold(), Sum::new().add_bytes(&payload).fold());
    }

    #[test]
    fn other_payloads_and_short_ones_have_none() {
        assert_eq!(Stamp::read(b"rxbench!rxbench!"), None);
        assert_eq!(Stamp::read(b"rxbn"), None);
        assert!(!Stamp { flow: 1, number: 1 }.write(&mut [0; 15], &mut Sum::new()));
    }
}
