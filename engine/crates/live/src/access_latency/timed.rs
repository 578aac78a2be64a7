//! One load between two ordered readings of the cycle counter.

/// Proof that this processor can be asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timer(());

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Timer;
    use core::arch::x86_64::{__cpuid, __rdtscp, _mm_clflush, _mm_lfence, _mm_mfence};
    use std::hint::black_box;
    use std::sync::atomic::{AtomicU64, Ordering, compiler_fence};

    /// rdtscp: CPUID 8000_0001h EDX bit 27.
    const RDTSCP: u32 = 1 << 27;

    impl Timer {
        /// `None` without rdtscp.
        pub(in super::super) fn detect() -> Option<Timer> {
            let there = __cpuid(0x8000_0000).eax >= 0x8000_0001 && __cpuid(0x8000_0001).edx & RDTSCP != 0;
            there.then_some(Timer(()))
        }

        /// The counter, read after everything before it is done and before anything after it begins.
        #[inline(always)]
        pub(in super::super) fn now(self) -> u64 {
            let mut cpu = 0;
            compiler_fence(Ordering::SeqCst);
            // SAFETY: a Timer exists only where rdtscp does; lfence is part of SSE2, which every x86-64 CPU has.
            let cycles = unsafe {
                let cycles = __rdtscp(&mut cpu);
                _mm_lfence();
                cycles
            };
            compiler_fence(Ordering::SeqCst);
            cycles
        }

        /// Cycles that timing takes.
        #[inline(always)]
        pub(in super::super) fn nothing(self) -> u64 {
            let before = self.now();
            self.now().saturating_sub(before)
        }

        /// Cycles of one load, timing included: rdtscp waits until the load is done (Intel SDM vol. 2, RDTSCP).
        #[inline(always)]
        pub(in super::super) fn load(self, line: &AtomicU64) -> u64 {
            let before = self.now();
            black_box(line.load(Ordering::Relaxed));
            self.now().saturating_sub(before)
        }

        /// Write a line back and out of every cache.
        #[inline(always)]
        pub(in super::super) fn flush(self, line: &AtomicU64) {
            // SAFETY: clflush and mfence are part of SSE2; flushing changes no memory.
            unsafe {
                _mm_clflush(std::ptr::from_ref(line).cast());
                _mm_mfence();
            }
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
use std::sync::atomic::AtomicU64;

#[cfg(not(target_arch = "x86_64"))]
impl Timer {
    /// `None`: other architectures' counters are too coarse or closed.
    pub(super) fn detect() -> Option<Timer> {
        None
    }

    pub(super) fn now(self) -> u64 {
        0
    }

    pub(super) fn nothing(self) -> u64 {
        0
    }

    pub(super) fn load(self, _: &AtomicU64) -> u64 {
        0
    }

    pub(super) fn flush(self, _: &AtomicU64) {}
}
