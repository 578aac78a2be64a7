//! The interface a socket receives from.

use crate::ports::{OpenError, PortError};
use graph::ScenarioError;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::AsFd;
use rustix::io::Errno;
use rustix::net::netdevice::name_to_index;
use rustix::net::sockopt::socket_error;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use std::time::Duration;

/// Bytes of an interface's name, its end included (`IFNAMSIZ`).
const NAME_BYTES: usize = 16;

/// The number of an interface of the calling thread's network namespace.
///
/// # Errors
/// No interface has that name.
pub(in crate::ports) fn index(name: &str) -> Result<u32, OpenError> {
    if name.is_empty() || name.len() >= NAME_BYTES || name.contains(['/', '\0']) {
        return Err(ScenarioError::new("interface", name, "a name of 1 to 15 bytes without /").into());
    }
    // Any socket can be asked, but for those of AF_XDP (`sock_no_ioctl`).
    let asked = socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None);
    asked.and_then(|fd| name_to_index(fd, name)).map_err(|errno| {
        let reason = match errno {
            Errno::NODEV => "no such interface here: see ip link".to_owned(),
            other => other.to_string(),
        };
        PortError::new(name, errno, reason).into()
    })
}

/// Why nothing comes any more, if so: the kernel tells a socket once that its interface went down or away.
pub(in crate::ports) fn lost(fd: impl AsFd, name: &str) -> Result<(), PortError> {
    match socket_error(fd) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(errno)) | Err(errno) => Err(PortError::new(name, errno, "the interface is down or gone")),
    }
}

/// Sleep until one of the sockets has something to say, at most so long.
pub(in crate::ports) fn wait<'a>(
    sockets: impl Iterator<Item = &'a rustix::fd::OwnedFd>,
    name: &str,
    at_most: Duration,
) -> Result<(), PortError> {
    let mut polled: Vec<_> = sockets.map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
    let timeout = Timespec { tv_sec: at_most.as_secs() as i64, tv_nsec: i64::from(at_most.subsec_nanos()) };
    match poll(&mut polled, Some(&timeout)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(PortError::new(name, errno, errno.to_string())),
    }
}
