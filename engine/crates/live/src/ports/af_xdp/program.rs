//! The program in front of the sockets: `return bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_PASS);`, through
//! bpf(2) itself.

use libc::{SYS_bpf, c_int, c_long, syscall};
use rustix::fd::{AsRawFd, FromRawFd, OwnedFd};
use rustix::io::Errno;

// include/uapi/linux/bpf.h
const BPF_MAP_CREATE: c_int = 0;
const BPF_MAP_UPDATE_ELEM: c_int = 2;
const BPF_PROG_LOAD: c_int = 5;
const BPF_LINK_CREATE: c_int = 28;
const BPF_MAP_TYPE_XSKMAP: u32 = 17;
const BPF_PROG_TYPE_XDP: u32 = 6;
const BPF_XDP: u32 = 37;

// include/uapi/linux/if_link.h
const XDP_FLAGS_SKB_MODE: u32 = 2;
const XDP_FLAGS_DRV_MODE: u32 = 4;

/// `union bpf_attr` as each command reads it, as far as it is not 0.
#[repr(C)]
struct MapCreate {
    kind: u32,
    key_bytes: u32,
    value_bytes: u32,
    max_entries: u32,
}

#[repr(C)]
struct MapUpdate {
    map: u64,
    key: u64,
    value: u64,
    flags: u64,
}

#[repr(C)]
struct ProgramLoad {
    kind: u32,
    instructions: u32,
    code: u64,
    license: u64,
}

#[repr(C)]
struct LinkCreate {
    program: u32,
    interface: u32,
    attach: u32,
    flags: u32,
}

/// What `bpf` is asked.
///
/// # Safety
/// The addresses in it are of memory that is there and as long as the command reads.
unsafe fn bpf<T>(command: c_int, attributes: &T) -> Result<c_long, Errno> {
    // SAFETY: the kernel reads as many bytes as it is told, and from where these say: the caller's promise.
    let answer = unsafe { syscall(SYS_bpf, command, std::ptr::from_ref(attributes), size_of::<T>()) };
    if answer < 0 {
        let error = std::io::Error::last_os_error();
        return Err(Errno::from_io_error(&error).unwrap_or(Errno::IO));
    }
    Ok(answer)
}

/// A command that answers a descriptor.
///
/// # Safety
/// See [`bpf`].
unsafe fn made<T>(command: c_int, attributes: &T) -> Result<OwnedFd, Errno> {
    // SAFETY: the caller's promise; the descriptor is new, and nobody else's.
    unsafe { bpf(command, attributes).map(|fd| OwnedFd::from_raw_fd(fd as c_int)) }
}

/// The program, attached, and its map of sockets. It hangs on descriptors: none outlives this process.
pub(super) struct Redirect {
    // Detached first.
    _link: OwnedFd,
    sockets: OwnedFd,
}

impl Redirect {
    /// Attach to an interface; every frame goes on to the kernel's stack until its queue has a socket.
    ///
    /// # Errors
    /// The kernel's: no right, a program that is there already, no XDP in the driver (`native`).
    pub(super) fn attach(interface: u32, queues: u32, native: bool) -> Result<Self, Errno> {
        let map = MapCreate { kind: BPF_MAP_TYPE_XSKMAP, key_bytes: 4, value_bytes: 4, max_entries: queues };
        // SAFETY: no addresses.
        let sockets = unsafe { made(BPF_MAP_CREATE, &map) }?;
        let code = code(sockets.as_raw_fd());
        let load = ProgramLoad {
            kind: BPF_PROG_TYPE_XDP,
            instructions: code.len() as u32,
            code: code.as_ptr() as u64,
            license: c"Apache-2.0".as_ptr() as u64,
        };
        // SAFETY: as many instructions as are said, and a string that ends.
        let program = unsafe { made(BPF_PROG_LOAD, &load) }?;
        let link = LinkCreate {
            program: program.as_raw_fd() as u32,
            interface,
            attach: BPF_XDP,
            flags: if native { XDP_FLAGS_DRV_MODE } else { XDP_FLAGS_SKB_MODE },
        };
        // SAFETY: no addresses.
        let link = unsafe { made(BPF_LINK_CREATE, &link) }?;
        Ok(Redirect { _link: link, sockets })
    }

    /// Send a queue's frames to a socket from now on.
    pub(super) fn direct(&self, queue: u32, socket: &OwnedFd) -> Result<(), Errno> {
        let value = socket.as_raw_fd();
        let update = MapUpdate {
            map: self.sockets.as_raw_fd() as u64,
            key: std::ptr::from_ref(&queue) as u64,
            value: std::ptr::from_ref(&value) as u64,
            flags: 0,
        };
        // SAFETY: key and value are four bytes each, as the map was made.
        unsafe { bpf(BPF_MAP_UPDATE_ELEM, &update) }.map(drop)
    }
}

/// The instructions (Documentation/bpf/standardization/instruction-set.rst).
fn code(map: c_int) -> [u64; 6] {
    let instruction = |code: u8, to: u8, from: u8, offset: i16, value: i32| {
        let [o0, o1] = offset.to_ne_bytes();
        let [v0, v1, v2, v3] = value.to_ne_bytes();
        u64::from_ne_bytes([code, from << 4 | to, o0, o1, v0, v1, v2, v3])
    };
    [
        instruction(0x61, 2, 1, 16, 0),  // r2 = *(u32 *)(r1 + 16), xdp_md.rx_queue_index
        instruction(0x18, 1, 1, 0, map), // r1 = the map, in two words
        instruction(0, 0, 0, 0, 0),
        instruction(0xb7, 3, 0, 0, 2), // r3 = XDP_PASS, where the queue has no socket
        instruction(0x85, 0, 0, 0, 51), // r0 = bpf_redirect_map(r1, r2, r3)
        instruction(0x95, 0, 0, 0, 0), // return r0
    ]
}
