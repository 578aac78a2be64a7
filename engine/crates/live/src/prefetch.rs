//! Begin to fetch a cache line that another core has, long before it is needed.

/// To be read.
#[inline]
pub(crate) fn for_reading<T>(place: *const T) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch accesses nothing the program could observe, wherever it points.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

/// To be written: the line is taken from whoever has it, so that the store need not wait for that.
#[inline]
pub(crate) fn for_writing<T>(place: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: as above. All 64-bit CPUs decode the instruction; those that do not have it do nothing.
    unsafe {
        core::arch::asm!("prefetchw [{}]", in(reg) place, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}
