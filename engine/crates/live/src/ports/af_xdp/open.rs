//! Opening the sockets of an interface.

use super::AfXdp;
use super::program::Redirect;
use super::queue::Queue;
use crate::ports::socket::index;
use crate::ports::{OpenError, PortError};
use graph::ScenarioError;
use rustix::io::Errno;

/// The most queues of an interface that are looked for.
const QUEUES_AT_MOST: u32 = 256;

/// Who puts the bytes of a frame into our memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Copying {
    /// The card where its driver can, else the kernel.
    #[default]
    Auto,
    /// The kernel.
    Copy,
    /// The card.
    ZeroCopy,
}

/// Where the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Attach {
    /// In the driver where it can, else behind it.
    #[default]
    Auto,
    /// In the driver.
    Native,
    /// Behind it, on what the kernel made of the frame.
    Generic,
}

/// AF_XDP sockets to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XdpSettings {
    /// The interface's name, in the network namespace of the calling thread.
    pub interface: String,
    /// Who copies.
    pub copying: Copying,
    /// Where the program runs.
    pub attach: Attach,
    /// Entries of each queue's rings, and chunks of 4 KiB: a power of two from 64 to 32768.
    pub ring_frames: u32,
}

impl AfXdp {
    /// Take all frames of all queues. The interface is as before once this is gone, also when the process is killed.
    ///
    /// # Errors
    /// A setting that cannot be; what the kernel refuses, and why.
    pub fn open(settings: &XdpSettings) -> Result<Self, OpenError> {
        let XdpSettings { interface, copying, attach, ring_frames } = settings;
        if !ring_frames.is_power_of_two() || !(64..=32_768).contains(ring_frames) {
            let allowed = "a power of two from 64 to 32768";
            return Err(ScenarioError::new("ring_frames", ring_frames, allowed).into());
        }
        let refused = |what: &str, errno: Errno| -> OpenError { refusal(interface, what, errno).into() };
        let device = index(interface)?;
        let attached = |native| Redirect::attach(device, QUEUES_AT_MOST, native).map(|it| (it, native));
        let (redirect, native) = match attach {
            Attach::Native => attached(true),
            Attach::Generic => attached(false),
            Attach::Auto => attached(true).or_else(|errno| match errno {
                Errno::OPNOTSUPP | Errno::INVAL | Errno::RANGE => attached(false),
                other => Err(other),
            }),
        }
        .map_err(|errno| refused("an XDP program", errno))?;
        let first = |zero_copy| Queue::open(device, 0, *ring_frames, zero_copy);
        let (zero_copy, opened) = match copying {
            Copying::Copy => (false, first(false)),
            Copying::ZeroCopy => (true, first(true)),
            // Only the driver's own program is asked by the card.
            Copying::Auto if native => match first(true) {
                Ok(queue) => (true, Ok(queue)),
                Err(_) => (false, first(false)),
            },
            Copying::Auto => (false, first(false)),
        };
        let what = if zero_copy { "zero-copy" } else { "a queue to copy from" };
        let mut queues = vec![opened.map_err(|errno| refused(what, errno))?];
        for queue in 1..QUEUES_AT_MOST {
            match Queue::open(device, queue, *ring_frames, zero_copy) {
                Ok(open) => queues.push(open),
                // The interface has no more (`xsk_reg_pool_at_qid`).
                Err(Errno::INVAL) => break,
                Err(errno) => return Err(refused(&format!("queue {queue}"), errno)),
            }
        }
        for (queue, open) in (0..).zip(&queues) {
            redirect.direct(queue, &open.socket).map_err(|errno| refused("a redirect to a socket", errno))?;
        }
        Ok(AfXdp {
            interface: interface.clone(),
            _redirect: redirect,
            queues,
            queue: 0,
            looks: 0,
            zero_copy,
            native,
        })
    }
}

fn refusal(interface: &str, what: &str, errno: Errno) -> PortError {
    let help = match errno {
        Errno::PERM | Errno::ACCESS => "needs CAP_NET_ADMIN, CAP_NET_RAW and CAP_BPF: run as root",
        Errno::BUSY | Errno::EXIST => {
            "another program is attached or a queue is taken: see ip link, bpftool net"
        }
        Errno::OPNOTSUPP | Errno::INVAL => "its driver does not offer it: ask for copy or generic",
        Errno::RANGE => "its MTU is too long for XDP: ip link set mtu 1500",
        Errno::NOBUFS | Errno::NOMEM => "no memory for it: ask for fewer ring_frames, or raise ulimit -l",
        Errno::AFNOSUPPORT => "this kernel has no AF_XDP (CONFIG_XDP_SOCKETS)",
        _ => "see af_xdp.rst",
    };
    PortError::new(interface, errno, format!("{what} is refused: {errno}; {help}"))
}
