//! The system calls of `drivers/net/tun.c` that are neither read nor write: the only unsafe code of the port.

use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::ioctl::{IntegerSetter, Setter, Updater, ioctl};

/// Bytes of an interface's name, its end included (`IFNAMSIZ`).
pub(super) const NAME_BYTES: usize = 16;

// include/uapi/linux/if_tun.h
const TUNSETIFF: u32 = 0x4004_54ca;
const TUNSETOFFLOAD: u32 = 0x4004_54d0;
const TUNSETSNDBUF: u32 = 0x4004_54d4;
const TUNSETQUEUE: u32 = 0x4004_54d9;
const TUNSETVNETLE: u32 = 0x4004_54dc;

pub(super) const IFF_TAP: u16 = 0x0002;
pub(super) const IFF_NAPI: u16 = 0x0010;
pub(super) const IFF_NAPI_FRAGS: u16 = 0x0020;
pub(super) const IFF_MULTI_QUEUE: u16 = 0x0100;
pub(super) const IFF_NO_PI: u16 = 0x1000;
pub(super) const IFF_VNET_HDR: u16 = 0x4000;
/// The interface must not exist yet.
pub(super) const IFF_TUN_EXCL: u16 = 0x8000;
const IFF_ATTACH_QUEUE: u16 = 0x0200;
const IFF_DETACH_QUEUE: u16 = 0x0400;

/// What the kernel may leave to the reader of a queue: checksums, segmentation of TCP and UDP.
pub(super) const TUN_F_ALL: usize = 0x01 | 0x02 | 0x04 | 0x20 | 0x40;

/// `struct ifreq` as far as these calls use it.
#[repr(C)]
struct Request {
    name: [u8; NAME_BYTES],
    flags: u16,
    rest: [u8; 22],
}

/// Attach the descriptor to the interface of this name, making it where there is none; answers the name it got.
pub(super) fn set_interface(
    fd: BorrowedFd<'_>,
    name: [u8; NAME_BYTES],
    flags: u16,
) -> Result<[u8; NAME_BYTES], Errno> {
    let mut request = Request { name, flags, rest: [0; 22] };
    // SAFETY: TUNSETIFF reads and writes one `struct ifreq`, whose size and layout `Request` has.
    unsafe { ioctl(fd, Updater::<TUNSETIFF, Request>::new(&mut request)) }?;
    Ok(request.name)
}

/// Attach a queue to its interface again, or detach it: a detached one is neither read nor written.
pub(super) fn set_attached(fd: BorrowedFd<'_>, attached: bool) -> Result<(), Errno> {
    let flags = if attached { IFF_ATTACH_QUEUE } else { IFF_DETACH_QUEUE };
    let mut request = Request { name: [0; NAME_BYTES], flags, rest: [0; 22] };
    // SAFETY: TUNSETQUEUE reads one `struct ifreq`, whose size and layout `Request` has.
    unsafe { ioctl(fd, Updater::<TUNSETQUEUE, Request>::new(&mut request)) }
}

/// The offloads a reader can take.
pub(super) fn set_offloads(fd: BorrowedFd<'_>, offloads: usize) -> Result<(), Errno> {
    // SAFETY: TUNSETOFFLOAD takes its flags as the argument itself.
    unsafe { ioctl(fd, IntegerSetter::<TUNSETOFFLOAD>::new_usize(offloads)) }
}

/// Bytes that may be under way to the kernel's stack through one queue.
pub(super) fn set_send_buffer(fd: BorrowedFd<'_>, bytes: i32) -> Result<(), Errno> {
    // SAFETY: TUNSETSNDBUF reads one int.
    unsafe { ioctl(fd, Setter::<TUNSETSNDBUF, i32>::new(bytes)) }
}

/// Headers in front of frames are little-endian whatever the machine.
pub(super) fn set_little_endian(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: TUNSETVNETLE reads one int.
    unsafe { ioctl(fd, Setter::<TUNSETVNETLE, i32>::new(1)) }
}
