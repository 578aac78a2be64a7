//! The bytes both sides read: flows, the RSS key and the frames, made once and handed to the peer as a file.

use std::io::{self, Write};
use std::path::Path;

use nic::rss::{HashInput, RssKey, Table, ToeplitzHash};
use nic::steering::FlowKey;
use stage::Random;

/// From one frame to the next, in bytes.
pub(crate) const FRAME_STRIDE_BYTES: usize = 64;
/// A 64-byte frame as software sees it: without its FCS.
pub(crate) const FRAME_BYTES: usize = 60;
/// Frames in memory, visited over and over.
pub(crate) const FRAMES: usize = 4096;
/// Frames handled at once.
pub(crate) const BATCH_FRAMES: usize = 32;
/// Flows in the exact-match table.
pub(crate) const FLOWS: usize = 65_536;
/// Flows the frames belong to; the rest only fill the table.
pub(crate) const LIVE_FLOWS: usize = 4096;

const UDP: u8 = 17;

/// Addresses and ports in network byte order: source, destination, source port, destination port.
pub(crate) type Tuple = [u8; 12];

/// Everything the jobs read.
pub(crate) struct Workload {
    /// UDP flows over IPv4, `FLOWS` of them.
    pub(crate) flows: Vec<Tuple>,
    /// `FRAMES` frames of `FRAME_BYTES`, `FRAME_STRIDE_BYTES` apart.
    pub(crate) frames: Vec<u8>,
}

impl Workload {
    /// The same on every run of every build.
    pub(crate) fn new() -> Self {
        let mut random = Random::for_component(1, "bench");
        let flows: Vec<Tuple> = (0..FLOWS)
            .map(|_| {
                let mut tuple = [0; 12];
                tuple.iter_mut().for_each(|byte| *byte = random.below(256) as u8);
                tuple
            })
            .collect();
        let mut frames = vec![0; FRAMES * FRAME_STRIDE_BYTES];
        for (i, frame) in frames.chunks_exact_mut(FRAME_STRIDE_BYTES).enumerate() {
            // Knuth's multiplicative hash: neighbouring frames belong to unrelated flows, each flow has one frame.
            let flow = i.wrapping_mul(2_654_435_761) % LIVE_FLOWS;
            if let Some(tuple) = flows.get(flow) {
                write_frame(frame, tuple);
            }
        }
        Workload { flows, frames }
    }

    /// The flows as the exact-match table names them.
    pub(crate) fn keys(&self) -> impl Iterator<Item = FlowKey> + '_ {
        self.flows.iter().map(|tuple| {
            let [a, b, c, d, e, f, g, h, ports @ ..] = *tuple;
            FlowKey::ipv4([a, b, c, d, e, f, g, h], ports, UDP)
        })
    }

    /// What RSS hashes of each flow.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = HashInput> + '_ {
        self.flows.iter().map(|tuple| {
            let [a, b, c, d, e, f, g, h, ports @ ..] = *tuple;
            HashInput::ipv4_ports([a, b, c, d, e, f, g, h], ports)
        })
    }

    /// The RSS hash of each flow.
    pub(crate) fn hashes(&self) -> impl Iterator<Item = u32> + '_ {
        let table = Table::new(&RssKey::MICROSOFT);
        self.inputs().map(move |input| table.hash(&input))
    }

    /// Hand the workload to a peer: four counts, the key, the flows as 16-byte keys, the frames.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let mut out = io::BufWriter::new(std::fs::File::create(path)?);
        for count in [FRAMES, FRAME_BYTES, FLOWS, LIVE_FLOWS] {
            out.write_all(&(count as u32).to_ne_bytes())?;
        }
        out.write_all(RssKey::MICROSOFT.as_bytes())?;
        out.write_all(&[0; 8])?;
        for flow in &self.flows {
            out.write_all(flow)?;
            out.write_all(&u32::from(UDP).to_ne_bytes())?;
        }
        out.write_all(&self.frames)?;
        out.flush()
    }
}

fn write_frame(frame: &mut [u8], tuple: &Tuple) {
    let ip_bytes = (FRAME_BYTES - 14) as u16;
    let udp_bytes = ip_bytes - 20;
    let mut bytes = Vec::with_capacity(FRAME_STRIDE_BYTES);
    bytes.extend([0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x08, 0x00]);
    let ip = bytes.len();
    bytes.extend([0x45, 0]);
    bytes.extend(ip_bytes.to_be_bytes());
    bytes.extend([0, 0, 0x40, 0, 64, UDP, 0, 0]);
    let (addresses, ports) = tuple.split_at(8);
    bytes.extend(addresses);
    let sum = ipv4_checksum(bytes.get(ip..).unwrap_or_default());
    bytes.extend(ports);
    bytes.extend(udp_bytes.to_be_bytes());
    bytes.extend([0, 0]);
    for (to, from) in frame.iter_mut().zip(&bytes) {
        *to = *from;
    }
    if let Some(field) = frame.get_mut(ip + 10..ip + 12) {
        field.copy_from_slice(&sum.to_be_bytes());
    }
}

/// RFC 1071, over a header whose checksum field is still zero.
fn ipv4_checksum(header: &[u8]) -> u16 {
    let mut sum: u32 =
        header.chunks_exact(2).map(|pair| pair.iter().fold(0, |w, b| w << 8 | u32::from(*b))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
