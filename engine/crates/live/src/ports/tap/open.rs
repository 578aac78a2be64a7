//! Making a TAP device.

use super::{Tap, TapSettings, ioctl};
use crate::ports::{OpenError, PortError};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use std::sync::Mutex;

const TUN: &str = "/dev/net/tun";

impl Tap {
    /// Make the device, in the network namespace of the calling thread. It is gone when the last of its queues is
    /// closed, also when the process is killed.
    ///
    /// # Errors
    /// A setting no TAP can have; no device node, no right, a name that is taken: each with what is needed.
    pub fn open(settings: &TapSettings) -> Result<Tap, OpenError> {
        let mut name = settings.check()?;
        let mut queues = Vec::with_capacity(usize::from(settings.queues));
        for at in 0..settings.queues {
            let queue = node()?;
            let excl = if at == 0 { ioctl::IFF_TUN_EXCL } else { 0 };
            name = ioctl::set_interface(queue.as_fd(), name, settings.flags() | excl)
                .map_err(|errno| refused(&settings.name, errno))?;
            let prepared = ioctl::set_little_endian(queue.as_fd()).and_then(|()| {
                settings
                    .send_buffer_bytes
                    .map_or(Ok(()), |bytes| ioctl::set_send_buffer(queue.as_fd(), bytes as i32))
            });
            prepared.map_err(|errno| refused(&settings.name, errno))?;
            queues.push(queue);
        }
        let offloads = if settings.offloads { ioctl::TUN_F_ALL } else { 0 };
        if let Some(queue) = queues.first() {
            ioctl::set_offloads(queue.as_fd(), offloads).map_err(|errno| {
                let reason = format!("refuses offloads of checksums and segmentation: {errno}");
                PortError::new(&settings.name, errno, reason)
            })?;
        }
        let bytes: Vec<u8> = name.into_iter().take_while(|byte| *byte != 0).collect();
        let name = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Tap { name, queues, napi: settings.napi, gathered: Mutex::default() })
    }
}

fn node() -> Result<OwnedFd, PortError> {
    open(TUN, OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty()).map_err(|errno| {
        let reason = match errno {
            Errno::NOENT | Errno::NODEV | Errno::NXIO => {
                "not there: modprobe tun, or give the container the device".to_owned()
            }
            Errno::ACCESS | Errno::PERM => {
                "may not be opened by this user: run as root or with CAP_NET_ADMIN".to_owned()
            }
            Errno::MFILE => "too many open files: raise ulimit -n, or take fewer queues".to_owned(),
            other => other.to_string(),
        };
        PortError::new(TUN, errno, reason)
    })
}

fn refused(name: &str, errno: Errno) -> PortError {
    let errno = if errno == Errno::BUSY { Errno::EXIST } else { errno };
    let reason = match errno {
        Errno::PERM => "making a TAP needs CAP_NET_ADMIN: run as root".to_owned(),
        Errno::EXIST => "an interface of that name exists: choose another name".to_owned(),
        Errno::TOOBIG => "has all the queues a TAP can have".to_owned(),
        Errno::INVAL => "this kernel's TAP lacks multiple queues, virtio headers or NAPI".to_owned(),
        other => other.to_string(),
    };
    PortError::new(name, errno, reason)
}
