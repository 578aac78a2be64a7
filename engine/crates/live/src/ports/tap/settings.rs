//! What a TAP device is opened with.

use super::ioctl;
use graph::ScenarioError;

/// Queues a TAP may have (`MAX_TAP_QUEUES`).
pub const MAX_QUEUES: u16 = 256;

/// Least send buffer the kernel lets be set (`SOCK_MIN_SNDBUF`), rounded up.
const MIN_SEND_BUFFER_BYTES: u32 = 4_608;

/// How the kernel takes a frame that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Napi {
    /// `write` runs the whole receive path before it returns.
    #[default]
    Off,
    /// `write` schedules NAPI, with GRO behind it; threaded, the receive path runs on the queue's own thread.
    On,
    /// As `On`, with pages handed to GRO (`napi_gro_frags`).
    Frags,
}

/// A TAP device to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapSettings {
    /// The interface's name, or a pattern such as `rxb%d`.
    pub name: String,
    /// Queues, 1 to 256.
    pub queues: u16,
    /// How written frames are taken.
    pub napi: Napi,
    /// The kernel may hand over frames that are to be segmented and lack checksums.
    pub offloads: bool,
    /// Bytes (of truesize) that may be under way to the kernel's stack through one queue; without, there is no limit.
    pub send_buffer_bytes: Option<u32>,
}

impl TapSettings {
    /// A device of one queue, frames taken at once.
    pub fn new(name: &str) -> Self {
        TapSettings {
            name: name.to_owned(),
            queues: 1,
            napi: Napi::Off,
            offloads: false,
            send_buffer_bytes: None,
        }
    }

    /// The name as the kernel wants it.
    pub(super) fn check(&self) -> Result<[u8; ioctl::NAME_BYTES], ScenarioError> {
        if self.queues == 0 || self.queues > MAX_QUEUES {
            let allowed = format!("1 to {MAX_QUEUES}, what a TAP can have");
            return Err(ScenarioError::new("queues", self.queues, allowed));
        }
        if let Some(bytes) = self.send_buffer_bytes
            && !(MIN_SEND_BUFFER_BYTES..=1 << 30).contains(&bytes)
        {
            let allowed = format!("{MIN_SEND_BUFFER_BYTES} to {}, or none for no limit", 1 << 30);
            return Err(ScenarioError::new("send_buffer_bytes", bytes, allowed));
        }
        // dev_valid_name in net/core/dev.c
        let name = self.name.as_bytes();
        let refused = |byte: &u8| *byte == b'/' || *byte == b':' || *byte == 0 || byte.is_ascii_whitespace();
        let mut padded = [0; ioctl::NAME_BYTES];
        match padded.get_mut(..name.len()).filter(|_| name.len() < ioctl::NAME_BYTES) {
            Some(place)
                if !name.is_empty() && !name.iter().any(refused) && self.name != "." && self.name != ".." =>
            {
                place.copy_from_slice(name);
                Ok(padded)
            }
            _ => Err(ScenarioError::new(
                "name",
                format!("{:?}", self.name),
                "1 to 15 bytes without blanks, slashes and colons",
            )),
        }
    }

    pub(super) fn flags(&self) -> u16 {
        let napi = match self.napi {
            Napi::Off => 0,
            Napi::On => ioctl::IFF_NAPI,
            Napi::Frags => ioctl::IFF_NAPI | ioctl::IFF_NAPI_FRAGS,
        };
        ioctl::IFF_TAP | ioctl::IFF_MULTI_QUEUE | ioctl::IFF_NO_PI | ioctl::IFF_VNET_HDR | napi
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_tap_can_be_is_refused_by_its_key() {
        let good = TapSettings { queues: 256, send_buffer_bytes: Some(65_536), ..TapSettings::new("rxb%d") };
        assert_eq!(good.check().unwrap()[..6], *b"rxb%d\0");
        let cases = [
            (TapSettings { queues: 0, ..good.clone() }, "queues", "0"),
            (TapSettings { queues: 257, ..good.clone() }, "queues", "257"),
            (TapSettings { send_buffer_bytes: Some(1), ..good.clone() }, "send_buffer_bytes", "1"),
            (TapSettings { name: String::new(), ..good.clone() }, "name", "\"\""),
            (TapSettings { name: "a/b".into(), ..good.clone() }, "name", "\"a/b\""),
            (TapSettings { name: "..".into(), ..good.clone() }, "name", "\"..\""),
            (TapSettings { name: "sixteen-letters-".into(), ..good }, "name", "\"sixteen-letters-\""),
        ];
        for (settings, key, value) in cases {
            let refused = settings.check().unwrap_err();
            assert_eq!((refused.key.as_str(), refused.value.as_str()), (key, value));
        }
    }
}
