//! The parser alone: where the headers are and the 5-tuple they hold.

use std::hint::black_box;

use nic::steering::flow_of;
use wire::walk;

use crate::clock::thread_cpu_ns;
use crate::job::{Job, Sample};
use crate::workload::{FRAME_BYTES, FRAME_STRIDE_BYTES, FRAMES, Workload};

/// The frames.
pub(crate) struct Parse {
    bytes: Vec<u8>,
}

impl Parse {
    /// Over the workload's frames.
    pub(crate) fn new(workload: &Workload) -> Self {
        Parse { bytes: workload.frames.clone() }
    }
}

impl Job for Parse {
    fn name(&self) -> &'static str {
        "parse/headers and key/64 B"
    }

    fn item(&self) -> &'static str {
        "frame"
    }

    fn peer(&self) -> Option<(&'static str, &'static str)> {
        Some(("parse_alone", "hand parse"))
    }

    fn unequal(&self) -> &'static str {
        "ours: 48 B of offsets and a 40 B key stored per frame; peer: a 16 B key stored"
    }

    fn sample(&mut self, passes: u32) -> Sample {
        let mut check = 0u64;
        let start = thread_cpu_ns();
        for _ in 0..passes {
            for frame in self.bytes.chunks_exact(FRAME_STRIDE_BYTES) {
                let frame = frame.get(..FRAME_BYTES).unwrap_or_default();
                let headers = walk::headers(frame);
                let key = flow_of(frame, &headers, false);
                check += u64::from(key.is_some());
                // Both have to exist, in memory.
                black_box((&headers, &key));
            }
        }
        Sample::new((thread_cpu_ns() - start) / (f64::from(passes) * FRAMES as f64), check)
    }
}
