//! Opening a packet socket.

use super::AfPacket;
use super::block::BLOCK_BYTES;
use crate::ports::inlet::BURST_FRAMES;
use crate::ports::socket::{Mapped, bind_packet, index, set_option};
use crate::ports::{OpenError, PortError};
use graph::ScenarioError;
use libc::{
    PACKET_ADD_MEMBERSHIP, PACKET_IGNORE_OUTGOING, PACKET_MR_PROMISC, PACKET_RX_RING, PACKET_VERSION,
    PACKET_VNET_HDR, SOL_PACKET, c_int, packet_mreq, tpacket_req3,
};
use rustix::fd::AsFd;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

/// `TPACKET_V3` (include/uapi/linux/if_packet.h), as an option.
const VERSION: c_int = 2;

/// After how many milliseconds the kernel hands over a block that is not full. It cannot be told less.
const HAND_OVER_MS: u32 = 1;

/// Bytes for which the ring is laid out; frames lie as close as they are long.
const SLOT_BYTES: u32 = 2048;

/// A packet socket to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketSettings {
    /// The interface's name, in the network namespace of the calling thread.
    pub interface: String,
    /// Blocks of 256 KiB in the ring: 2 to 4096.
    pub blocks: u32,
    /// Frames for other stations too, as a card under test sees them.
    pub promiscuous: bool,
}

impl AfPacket {
    /// Begin to receive. The interface is as before once this is gone, also when the process is killed.
    ///
    /// # Errors
    /// A setting that cannot be; no right, no such interface.
    pub fn open(settings: &PacketSettings) -> Result<Self, OpenError> {
        let PacketSettings { interface, blocks, promiscuous } = settings;
        if !(2..=4096).contains(blocks) {
            return Err(ScenarioError::new("blocks", blocks, "2 to 4096").into());
        }
        let refused = |errno: Errno| -> OpenError {
            let reason = match errno {
                Errno::PERM => "a packet socket needs CAP_NET_RAW: run as root".to_owned(),
                Errno::NOMEM => format!("no memory for {blocks} blocks of 256 KiB: ask for fewer"),
                other => format!("the kernel gives no packet socket: {other}"),
            };
            PortError::new(interface, errno, reason).into()
        };
        // With protocol 0 nothing is received until it is bound.
        let socket = socket_with(AddressFamily::PACKET, SocketType::RAW, SocketFlags::CLOEXEC, None)
            .map_err(refused)?;
        let device = index(interface)?;
        for (name, value) in [(PACKET_VERSION, VERSION), (PACKET_VNET_HDR, 1), (PACKET_IGNORE_OUTGOING, 1)] {
            set_option(socket.as_fd(), SOL_PACKET, name, &value).map_err(refused)?;
        }
        let ring = tpacket_req3 {
            tp_block_size: BLOCK_BYTES as u32,
            tp_block_nr: *blocks,
            tp_frame_size: SLOT_BYTES,
            tp_frame_nr: BLOCK_BYTES as u32 / SLOT_BYTES * blocks,
            tp_retire_blk_tov: HAND_OVER_MS,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        set_option(socket.as_fd(), SOL_PACKET, PACKET_RX_RING, &ring).map_err(refused)?;
        let blocks = *blocks as usize;
        let ring = Mapped::shared(socket.as_fd(), 0, BLOCK_BYTES * blocks).map_err(refused)?;
        bind_packet(socket.as_fd(), device).map_err(refused)?;
        if *promiscuous {
            let wish = packet_mreq {
                mr_ifindex: device as c_int,
                mr_type: PACKET_MR_PROMISC as u16,
                mr_alen: 0,
                mr_address: [0; 8],
            };
            set_option(socket.as_fd(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wish).map_err(refused)?;
        }
        Ok(AfPacket {
            interface: interface.clone(),
            ring,
            socket,
            blocks,
            block: 0,
            held: false,
            left_frames: 0,
            next: 0,
            taken: [(0, 0); BURST_FRAMES],
            looks: 0,
            missed_frames: 0,
        })
    }
}
