//! Options and addresses of sockets that rustix has not.

use libc::{c_int, c_void, sockaddr_ll, socklen_t};
use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::io::Errno;

/// The last system call's failure.
fn failed() -> Errno {
    let error = std::io::Error::last_os_error();
    Errno::from_io_error(&error).unwrap_or(Errno::IO)
}

/// What options are made of: integers and structures of integers, without padding.
///
/// # Safety
/// Any bytes are a value of it, and it has no padding.
pub(in crate::ports) unsafe trait Plain: Copy {}

// SAFETY: integers (include/uapi/linux/if_packet.h).
unsafe impl Plain for c_int {}
// SAFETY: seven 32-bit integers.
unsafe impl Plain for libc::tpacket_req3 {}
// SAFETY: three 32-bit integers.
unsafe impl Plain for libc::tpacket_stats_v3 {}
// SAFETY: an int, two 16-bit integers and eight bytes.
unsafe impl Plain for libc::packet_mreq {}

/// `setsockopt`.
pub(in crate::ports) fn set_option<T: Plain>(
    fd: BorrowedFd<'_>,
    level: c_int,
    name: c_int,
    value: &T,
) -> Result<(), Errno> {
    let (start, bytes) = (std::ptr::from_ref(value).cast::<c_void>(), size_of::<T>() as socklen_t);
    // SAFETY: the kernel reads that many bytes of a value that is there.
    match unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, start, bytes) } {
        0 => Ok(()),
        _ => Err(failed()),
    }
}

/// `getsockopt`; what the kernel leaves out is as it was in `value`.
pub(in crate::ports) fn option<T: Plain>(
    fd: BorrowedFd<'_>,
    level: c_int,
    name: c_int,
    mut value: T,
) -> Result<T, Errno> {
    let (start, mut bytes) = (std::ptr::from_mut(&mut value).cast::<c_void>(), size_of::<T>() as socklen_t);
    // SAFETY: the kernel writes at most that many bytes, and any are a value.
    match unsafe { libc::getsockopt(fd.as_raw_fd(), level, name, start, &raw mut bytes) } {
        0 => Ok(value),
        _ => Err(failed()),
    }
}

/// Receive every frame of an interface (packet(7)).
pub(in crate::ports) fn bind_packet(fd: BorrowedFd<'_>, interface: u32) -> Result<(), Errno> {
    let address = sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: (libc::ETH_P_ALL as u16).to_be(),
        sll_ifindex: interface as c_int,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    let (start, bytes) = (std::ptr::from_ref(&address).cast(), size_of::<sockaddr_ll>() as socklen_t);
    // SAFETY: the kernel reads that many bytes of a value that is there.
    match unsafe { libc::bind(fd.as_raw_fd(), start, bytes) } {
        0 => Ok(()),
        _ => Err(failed()),
    }
}
