//! Memory the kernel writes too: rings and the buffers of frames. What is read of it is checked against its end.

use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::AtomicU32;

/// A mapping; it lives as long as this value.
pub(in crate::ports) struct Mapped {
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: the mapping is the process's, not a thread's.
unsafe impl Send for Mapped {}

impl Mapped {
    /// What a socket shares at an offset.
    pub(in crate::ports) fn shared(fd: BorrowedFd<'_>, offset: u64, bytes: usize) -> Result<Self, Errno> {
        let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED | MapFlags::POPULATE);
        // SAFETY: a new mapping, at a place the kernel chooses.
        Self::of(unsafe { mmap(null_mut(), bytes, access, flags, fd, offset) }?, bytes)
    }

    /// Memory of ours, whole pages, all zero.
    pub(in crate::ports) fn anonymous(bytes: usize) -> Result<Self, Errno> {
        let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::POPULATE);
        // SAFETY: a new mapping, at a place the kernel chooses.
        Self::of(unsafe { mmap_anonymous(null_mut(), bytes, access, flags) }?, bytes)
    }

    fn of(start: *mut core::ffi::c_void, bytes: usize) -> Result<Self, Errno> {
        let start = NonNull::new(start.cast()).ok_or(Errno::NOMEM)?;
        Ok(Mapped { start, bytes })
    }

    /// Where it is, for the kernel.
    pub(in crate::ports) fn address(&self) -> u64 {
        self.start.as_ptr() as u64
    }

    fn at<T>(&self, at: usize) -> Option<NonNull<T>> {
        let end = at.checked_add(size_of::<T>())?;
        if end > self.bytes || !at.is_multiple_of(align_of::<T>()) {
            return None;
        }
        // SAFETY: within the mapping, as was just checked.
        Some(unsafe { self.start.add(at) }.cast())
    }

    /// A word both sides read and write.
    #[inline]
    pub(in crate::ports) fn word(&self, at: usize) -> Option<&AtomicU32> {
        // SAFETY: within the mapping and aligned, which starts on a page; any bytes are a number.
        self.at(at).map(|word| unsafe { word.as_ref() })
    }

    /// A number the kernel has written.
    #[inline]
    pub(in crate::ports) fn u16(&self, at: usize) -> Option<u16> {
        // SAFETY: within the mapping and aligned; any bytes are a number.
        self.at::<u16>(at).map(|place| unsafe { place.as_ptr().read_volatile() })
    }

    /// See [`Self::u16`].
    #[inline]
    pub(in crate::ports) fn u32(&self, at: usize) -> Option<u32> {
        // SAFETY: as above.
        self.at::<u32>(at).map(|place| unsafe { place.as_ptr().read_volatile() })
    }

    /// See [`Self::u16`].
    #[inline]
    pub(in crate::ports) fn u64(&self, at: usize) -> Option<u64> {
        // SAFETY: as above.
        self.at::<u64>(at).map(|place| unsafe { place.as_ptr().read_volatile() })
    }

    /// Write a number for the kernel to read; outside the mapping nothing is written.
    #[inline]
    pub(in crate::ports) fn set_u64(&mut self, at: usize, value: u64) {
        if let Some(place) = self.at::<u64>(at) {
            // SAFETY: within the mapping and aligned.
            unsafe { place.as_ptr().write_volatile(value) };
        }
    }

    /// Bytes of a frame; `None` where they reach beyond the mapping.
    ///
    /// # Safety
    /// The kernel has handed these bytes over, and is not given them back while the slice is there.
    #[inline]
    pub(in crate::ports) unsafe fn bytes(&self, at: usize, bytes: usize) -> Option<&[u8]> {
        if at.checked_add(bytes)? > self.bytes {
            return None;
        }
        // SAFETY: within the mapping; nobody writes them, which the caller promises.
        Some(unsafe { std::slice::from_raw_parts(self.start.add(at).as_ptr(), bytes) })
    }

    /// The same, to be changed.
    ///
    /// # Safety
    /// See [`Self::bytes`].
    #[inline]
    pub(in crate::ports) unsafe fn bytes_mut(&mut self, at: usize, bytes: usize) -> Option<&mut [u8]> {
        if at.checked_add(bytes)? > self.bytes {
            return None;
        }
        // SAFETY: within the mapping; nobody else uses them, which the caller and the borrow promise.
        Some(unsafe { std::slice::from_raw_parts_mut(self.start.add(at).as_ptr(), bytes) })
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: this value's own mapping; what was borrowed from it is gone.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    #[test]
    fn numbers_are_where_they_were_written_and_none_are_outside() {
        let mut mapped = Mapped::anonymous(4096).unwrap();
        mapped.set_u64(8, 0x1122_3344_5566_7788);
        assert_eq!(mapped.u64(8), Some(0x1122_3344_5566_7788));
        assert_eq!(mapped.u32(8), Some(0x5566_7788));
        assert_eq!(mapped.u16(14), Some(0x1122));
        mapped.word(8).unwrap().store(7, Ordering::Release);
        assert_eq!(mapped.u32(8), Some(7));
        mapped.set_u64(4096, 1);
        assert_eq!((mapped.u64(4092), mapped.u64(4096), mapped.u32(4094)), (None, None, None));
        assert!(mapped.word(usize::MAX).is_none());
        // SAFETY: no kernel writes this mapping.
        let (whole, beyond) = unsafe { (mapped.bytes(0, 4096), mapped.bytes(1, 4096)) };
        assert_eq!((whole.map(<[u8]>::len), beyond), (Some(4096), None));
    }
}
