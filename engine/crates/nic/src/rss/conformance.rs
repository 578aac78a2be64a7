//! The one test of every Toeplitz implementation, here and in crates that bring their own: Microsoft's published
//! vectors, then equality with the definition for many keys, lengths and batch sizes.

use super::{Bitwise, BoxedHash, HashInput, RssKey, ToeplitzHash};
use stage::Random;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A vector of "Verifying the RSS Hash Calculation": source, its port, destination, its port, hash of the addresses,
/// hash of addresses and ports; under [`RssKey::MICROSOFT`].
pub type Vector<A> = (A, u16, A, u16, u32, u32);

const fn v4(a: u8, b: u8, c: u8, d: u8) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, d)
}

const fn v6(g: [u16; 8]) -> Ipv6Addr {
    Ipv6Addr::new(g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7])
}

/// The published vectors for IPv4.
pub const IPV4: [Vector<Ipv4Addr>; 5] = [
    (v4(66, 9, 149, 187), 2794, v4(161, 142, 100, 80), 1766, 0x323e_8fc2, 0x51cc_c178),
    (v4(199, 92, 111, 2), 14230, v4(65, 69, 140, 83), 4739, 0xd718_262a, 0xc626_b0ea),
    (v4(24, 19, 198, 95), 12898, v4(12, 22, 207, 184), 38024, 0xd2d0_a5de, 0x5c2b_394a),
    (v4(38, 27, 205, 30), 48228, v4(209, 142, 163, 6), 2217, 0x8298_9176, 0xafc7_327f),
    (v4(153, 39, 163, 191), 44251, v4(202, 188, 127, 2), 1303, 0x5d18_09c5, 0x10e8_28a2),
];

/// The published vectors for IPv6.
pub const IPV6: [Vector<Ipv6Addr>; 3] = [
    (
        v6([0x3ffe, 0x2501, 0x200, 0x1fff, 0, 0, 0, 7]),
        2794,
        v6([0x3ffe, 0x2501, 0x200, 3, 0, 0, 0, 1]),
        1766,
        0x2cc1_8cd5,
        0x4020_7d3d,
    ),
    (
        v6([0x3ffe, 0x501, 8, 0, 0x260, 0x97ff, 0xfe40, 0xefab]),
        14230,
        v6([0xff02, 0, 0, 0, 0, 0, 0, 1]),
        4739,
        0x0f0c_461c,
        0xdde5_1bbf,
    ),
    (
        v6([0x3ffe, 0x1900, 0x4545, 3, 0x200, 0xf8ff, 0xfe21, 0x67cf]),
        44251,
        v6([0xfe80, 0, 0, 0, 0x200, 0xf8ff, 0xfe21, 0x67cf]),
        38024,
        0x4b61_e985,
        0x02d1_feef,
    ),
];

/// Every published vector as (input, expected hash).
pub fn microsoft() -> Vec<(HashInput, u32)> {
    fn join<const N: usize>(a: &[u8], b: &[u8]) -> [u8; N] {
        let mut joined = [0; N];
        joined.iter_mut().zip(a.iter().chain(b)).for_each(|(to, from)| *to = *from);
        joined
    }
    let mut cases = vec![(HashInput::EMPTY, 0)];
    for (src, sport, dst, dport, two, four) in IPV4 {
        let addresses = join(&src.octets(), &dst.octets());
        let ports = join(&sport.to_be_bytes(), &dport.to_be_bytes());
        cases.extend([(HashInput::ipv4(addresses), two), (HashInput::ipv4_ports(addresses, ports), four)]);
    }
    for (src, sport, dst, dport, two, four) in IPV6 {
        let addresses = join(&src.octets(), &dst.octets());
        let ports = join(&sport.to_be_bytes(), &dport.to_be_bytes());
        cases.extend([(HashInput::ipv6(addresses), two), (HashInput::ipv6_ports(addresses, ports), four)]);
    }
    cases
}

fn random_bytes<const N: usize>(random: &mut Random) -> [u8; N] {
    std::array::from_fn(|_| random.next_u64() as u8)
}

fn random_input(random: &mut Random) -> HashInput {
    match random.below(5) {
        0 => HashInput::EMPTY,
        1 => HashInput::ipv4(random_bytes(random)),
        2 => HashInput::ipv4_ports(random_bytes(random), random_bytes(random)),
        3 => HashInput::ipv6(random_bytes(random)),
        _ => HashInput::ipv6_ports(random_bytes(random), random_bytes(random)),
    }
}

/// Check the implementation that `make` builds for a key; returns how many hashes were compared.
///
/// # Errors
/// The first difference, in words.
pub fn check(make: &dyn Fn(&RssKey) -> BoxedHash) -> Result<usize, String> {
    let published = make(&RssKey::MICROSOFT);
    let (inputs, expected): (Vec<_>, Vec<_>) = microsoft().into_iter().unzip();
    let mut compared = compare(published.as_ref(), &inputs, &expected)?;

    let mut random = Random::for_component(40, "rss conformance");
    for round in 0..100 {
        let long: [u8; 52] = random_bytes(&mut random);
        let bytes = if round % 2 == 0 { long.get(..40).unwrap_or(&long) } else { &long };
        let key = RssKey::from_bytes(bytes).map_err(|e| e.to_string())?;
        let (hash, reference) = (make(&key), Bitwise::new(&key));
        // Rounds walk over all batch sizes around the usual vector widths.
        let inputs: Vec<_> = (0..round).map(|_| random_input(&mut random)).collect();
        let expected: Vec<_> = inputs.iter().map(|input| reference.hash(input)).collect();
        compared += compare(hash.as_ref(), &inputs, &expected)?;
    }
    Ok(compared)
}

fn compare(hash: &dyn ToeplitzHash, inputs: &[HashInput], expected: &[u32]) -> Result<usize, String> {
    // One place more than there are inputs: it must stay as it is.
    let untouched = 0xdead_beef;
    let mut batch = vec![untouched; inputs.len() + 1];
    hash.hash_batch(inputs, &mut batch);
    for (i, ((input, expected), batched)) in inputs.iter().zip(expected).zip(&batch).enumerate() {
        let single = hash.hash(input);
        if single != *expected || batched != expected {
            let bytes = input.bytes();
            return Err(format!(
                "input {i} of {} ({bytes:02x?}): expected {expected:#010x}, single {single:#010x}, in batch {batched:#010x}",
                inputs.len()
            ));
        }
    }
    if batch.last() != Some(&untouched) {
        return Err(format!("a batch of {} wrote beyond its inputs", inputs.len()));
    }
    Ok(2 * inputs.len())
}
