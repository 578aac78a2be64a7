//! What ports that are sockets have in common: memory shared with the kernel, options, an interface.

mod interface;
mod mapped;
mod options;

pub(super) use interface::{index, lost, wait};
pub(super) use mapped::Mapped;
pub(super) use options::{bind_packet, option, set_option};
