//! Any bytes as a sequence of steps.

/// What happens next to a NIC.
pub enum Step<'a> {
    /// A frame arrives.
    Arrive(&'a [u8]),
    /// The driver takes up to so many frames from a queue.
    Take(u16, usize),
    /// The host is done with so many frames.
    Release(usize),
    /// The driver gives descriptors back.
    Refill(u16),
    /// The driver enables a queue's interrupt.
    Arm(u16),
    /// Time passes, in ns, then a queue's timer is looked at.
    Wait(u16, u64),
}

/// Steps still to come: an operation byte, an argument byte, and for a frame its bytes.
pub struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    /// All steps in `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Script { rest: bytes }
    }
}

impl<'a> Iterator for Script<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        let ([operation, argument], rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        // One more than any NIC here has, so that queues that do not exist are asked as well.
        let (queue, amount) = (u16::from(argument % 9), usize::from(argument / 9));
        Some(match operation % 8 {
            0..=2 => {
                // Lengths up to 1020 in steps of 4, or as much as there is.
                let bytes = (usize::from(*argument) * 4).min(rest.len());
                let (frame, rest) = rest.split_at(bytes);
                self.rest = rest;
                Step::Arrive(frame)
            }
            3 => Step::Take(queue, amount * 3),
            4 => Step::Release(usize::from(*argument)),
            5 => Step::Refill(queue),
            6 => Step::Arm(queue),
            _ => Step::Wait(queue, amount as u64 * 1_500),
        })
    }
}
