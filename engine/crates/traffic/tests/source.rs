//! Sources as the simulator uses them: right bytes, right times, the same each time.
// Clippy sees tests in #[test] functions only, not in what they share.
#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use traffic::line::slot_bits;
use traffic::*;
use wire::tcp::Tcp;
use wire::walk::{headers, verify_ip_checksum, verify_l4_checksum};

fn generated(config: GeneratorConfig) -> TrafficConfig {
    TrafficConfig { streams: vec![StreamConfig::Generated(config)], ..TrafficConfig::default() }
}

/// The first `count` frames.
fn take(config: &TrafficConfig, seed: u64, count: usize) -> Vec<(Offer, Vec<u8>)> {
    let mut source = Source::new(config, seed).unwrap();
    let mut batch = source.batch();
    let mut taken = Vec::new();
    while taken.len() < count && source.fill(u64::MAX, &mut batch) > 0 {
        taken.extend(batch.iter().map(|(offer, bytes)| (*offer, bytes.to_vec())));
    }
    taken.truncate(count);
    taken
}

fn check_frame(offer: &Offer, bytes: &[u8]) {
    let headers = headers(bytes);
    assert_eq!(headers.fault, None, "{bytes:02x?}");
    assert_eq!(verify_ip_checksum(bytes, &headers), Ok(()));
    assert_eq!(verify_l4_checksum(bytes, &headers), Ok(()));
    assert_eq!(offer.wire_bytes, offer.bytes + 4);
    assert!(offer.wire_bytes >= 64 && offer.bytes as usize == bytes.len());
}

fn payload(bytes: &[u8]) -> &[u8] {
    let headers = headers(bytes);
    &bytes[headers.payload_at()..][..headers.payload_len_bytes()]
}

fn sizes() -> impl Strategy<Value = SizesConfig> {
    prop_oneof![
        (64u32..=9018).prop_map(|bytes| SizesConfig::Fixed { bytes }),
        Just(SizesConfig::Imix { middle_bytes: 594 }),
        Just(SizesConfig::Rfc2544),
        Just(SizesConfig::Uniform { min_bytes: 64, max_bytes: 1518 }),
    ]
}

fn arrivals() -> impl Strategy<Value = ArrivalsConfig> {
    prop_oneof![
        Just(ArrivalsConfig::Constant),
        Just(ArrivalsConfig::Poisson),
        (1u32..100).prop_map(|frames| ArrivalsConfig::Bursts { frames }),
    ]
}

prop_compose! {
    fn flows()(
        count in 1u32..300,
        ipv6_share in 0.0..=1.0,
        tcp_share in 0.0..=1.0,
        popularity in prop_oneof![
            Just(PopularityConfig::Uniform),
            Just(PopularityConfig::InTurn),
            (0.1f64..2.0).prop_map(|exponent| PopularityConfig::Zipf { exponent }),
        ],
        dscp in 0u8..64,
        lifetime in prop_oneof![
            Just(None),
            (1u64..20_000).prop_map(|bytes| Some(FlowSizesConfig::Fixed { bytes })),
            Just(Some(FlowSizesConfig::Cache)),
        ],
    ) -> FlowsConfig {
        FlowsConfig { count, ipv6_share, tcp_share, popularity, dscp, lifetime, ..FlowsConfig::default() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_frame_is_well_formed_in_order_and_numbered(
        sizes in sizes(), arrivals in arrivals(), flows in flows(), share in 0.01f64..=1.0, seed: u64,
    ) {
        let config = GeneratorConfig { offered: OfferedConfig::LineShare(share), arrivals, sizes, flows, ..Default::default() };
        let mut last = (0, 0);
        let mut next_number: HashMap<u32, u64> = HashMap::new();
        let mut next_sequence: HashMap<Vec<u8>, u32> = HashMap::new();
        for (offer, bytes) in take(&generated(config), seed, 1000) {
            check_frame(&offer, &bytes);
            prop_assert!(offer.sent_ns >= last.0 && offer.arrived_ns > last.1 && offer.arrived_ns > offer.sent_ns);
            last = (offer.sent_ns, offer.arrived_ns);
            if let Some(stamp) = Stamp::read(payload(&bytes)) {
                prop_assert_eq!(stamp.flow, offer.flow);
                prop_assert!(next_number.insert(offer.flow, stamp.number + 1).unwrap_or(0) <= stamp.number);
            } else {
                prop_assert!(payload(&bytes).len() < STAMP_BYTES);
            }
            let headers = headers(&bytes);
            if headers.protocol() == 6 {
                let at = headers.l4_at().unwrap();
                let tcp = Tcp::new(&bytes[at..]).unwrap();
                // Addresses and ports; a new flow begins wherever it likes.
                let key = [&bytes[headers.outer.at()..][8..at - headers.outer.at()], &bytes[at..at + 4]].concat();
                let key = if bytes[12] == 8 { key[4..].to_vec() } else { key };
                let after = tcp.seq().wrapping_add(payload(&bytes).len() as u32);
                if let Some(expected) = next_sequence.insert(key, after) {
                    prop_assert_eq!(tcp.seq(), expected);
                }
            }
        }
    }

    #[test]
    fn the_mean_load_is_the_one_offered(
        sizes in sizes(), arrivals in arrivals(), mut flows in flows(), share in 0.05f64..=0.9, seed: u64,
    ) {
        flows.lifetime = None;
        let config = GeneratorConfig { offered: OfferedConfig::LineShare(share), arrivals, sizes, flows, ..Default::default() };
        let frames = take(&generated(config), seed, 20_000);
        let bits: u64 = frames.iter().map(|(offer, _)| slot_bits(offer.wire_bytes)).sum();
        let load = bits as f64 / frames.last().unwrap().0.sent_ns as f64 / 10.0;
        prop_assert!((load / share - 1.0).abs() < 0.05, "{load} for {share}");
    }

    #[test]
    fn batches_do_not_depend_on_when_they_are_taken(steps in prop::collection::vec(1u64..20_000, 1..50), seed: u64) {
        let config = generated(GeneratorConfig { arrivals: ArrivalsConfig::Poisson, ..Default::default() });
        let mut source = Source::new(&config, seed).unwrap();
        let mut batch = source.batch();
        let (mut until_ns, mut pieces) = (0, Vec::new());
        for step in steps {
            until_ns += step;
            while source.fill(until_ns, &mut batch) > 0 {
                prop_assert!(batch.iter().all(|(offer, _)| offer.arrived_ns <= until_ns));
                pieces.extend(batch.iter().map(|(offer, bytes)| (*offer, bytes.to_vec())));
            }
            prop_assert!(source.next_arrival_ns().unwrap() > until_ns);
        }
        prop_assert_eq!(take(&config, seed, pieces.len()), pieces);
    }
}

/// FNV-1a over times and bytes.
fn digest(frames: &[(Offer, Vec<u8>)]) -> u64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    frames.iter().fold(0xcbf2_9ce4_8422_2325, |hash, (offer, bytes)| {
        let hash = offer.sent_ns.to_le_bytes().iter().fold(hash, fold);
        let hash = offer.arrived_ns.to_le_bytes().iter().fold(hash, fold);
        bytes.iter().fold(hash, fold)
    })
}

#[test]
fn the_first_ten_thousand_frames_are_these() {
    let mix = generated(GeneratorConfig {
        offered: OfferedConfig::LineShare(0.7),
        arrivals: ArrivalsConfig::Poisson,
        sizes: SizesConfig::Imix { middle_bytes: 594 },
        flows: FlowsConfig {
            count: 1000,
            popularity: PopularityConfig::Zipf { exponent: 1.1 },
            ipv6_share: 0.25,
            tcp_share: 0.5,
            lifetime: Some(FlowSizesConfig::WebSearch),
            ..Default::default()
        },
        ..Default::default()
    });
    assert_eq!(digest(&take(&mix, 1, 10_000)), GOLDEN_MIX);
    assert_eq!(digest(&take(&TrafficConfig::default(), 1, 10_000)), GOLDEN_DEFAULT);
    assert_ne!(digest(&take(&mix, 2, 10_000)), GOLDEN_MIX);
}

const GOLDEN_MIX: u64 = 0x8a08_a2bd_44de_08a4;
const GOLDEN_DEFAULT: u64 = 0x75fa_5fdf_e78e_98a8;

#[test]
fn a_full_line_delivers_the_published_rate() {
    for (bytes, published_pps) in [(1518, 812_743), (64, 14_880_952)] {
        let config = GeneratorConfig { sizes: SizesConfig::Fixed { bytes }, ..GeneratorConfig::default() };
        let mut source = Source::new(&generated(config), 1).unwrap();
        // A batch made for smaller frames grows with its first use.
        let mut batch = Batch::new(60);
        let mut frames = 0;
        while source.fill(1_000_000_000, &mut batch) > 0 {
            frames += batch.len();
        }
        assert_eq!(frames, published_pps, "{bytes} B");
    }
}

#[test]
fn poisson_frames_queue_behind_a_busy_line() {
    let config = GeneratorConfig {
        offered: OfferedConfig::LineShare(0.9),
        arrivals: ArrivalsConfig::Poisson,
        ..GeneratorConfig::default()
    };
    let frames = take(&generated(config), 1, 50_000);
    // 67.2 ns rounded up or down: never faster than the line.
    assert!(frames.windows(2).all(|w| w[1].0.arrived_ns - w[0].0.arrived_ns >= 67));
    let waited = frames.iter().filter(|(o, _)| o.arrived_ns - o.sent_ns > 59).count();
    // M/D/1: the share that waits is the load.
    assert!((waited as f64 / 50_000.0 - 0.9).abs() < 0.05, "{waited}");
}

#[test]
fn flows_that_end_are_replaced() {
    let flows = FlowsConfig {
        count: 3,
        popularity: PopularityConfig::InTurn,
        tcp_share: 1.0,
        lifetime: Some(FlowSizesConfig::Fixed { bytes: 3001 }),
        ..FlowsConfig::default()
    };
    let sizes = SizesConfig::Fixed { bytes: 1518 };
    let config = GeneratorConfig { sizes, flows, ..GeneratorConfig::default() };
    let mut carried: HashMap<u32, usize> = HashMap::new();
    let mut tuples = HashSet::new();
    for (offer, bytes) in take(&generated(config), 1, 90) {
        check_frame(&offer, &bytes);
        let tcp = Tcp::new(&bytes[34..]).unwrap();
        let carried = carried.entry(offer.flow).or_default();
        *carried += payload(&bytes).len();
        assert_eq!(tcp.flags() & wire::tcp::flag::FIN != 0, *carried == 3001);
        tuples.insert((bytes[26..34].to_vec(), tcp.src_port()));
    }
    // 1460 + 1460 + 81 bytes: three frames each.
    assert_eq!((carried.len(), tuples.len()), (30, 30));
    assert!(carried.values().all(|bytes| *bytes == 3001));
}

#[test]
fn shares_are_met_exactly_and_together() {
    let flows = FlowsConfig {
        count: 100,
        popularity: PopularityConfig::InTurn,
        ipv6_share: 0.5,
        tcp_share: 0.5,
        ..FlowsConfig::default()
    };
    let mut classes: HashMap<(u8, u8), u32> = HashMap::new();
    for (_, bytes) in take(&generated(GeneratorConfig { flows, ..GeneratorConfig::default() }), 1, 100) {
        *classes.entry((bytes[12], headers(&bytes).protocol())).or_default() += 1;
    }
    assert_eq!(classes, [((0x08, 6), 25), ((0x08, 17), 25), ((0x86, 6), 25), ((0x86, 17), 25)].into());
}

#[test]
fn streams_share_the_line_in_order() {
    let stream = |share, port| {
        let destination = DestinationConfig { port, ..DestinationConfig::default() };
        let flows = FlowsConfig { destination, ..FlowsConfig::default() };
        let offered = OfferedConfig::LineShare(share);
        StreamConfig::Generated(GeneratorConfig { offered, flows, ..GeneratorConfig::default() })
    };
    let config = TrafficConfig {
        streams: vec![stream(0.3, 1), stream(0.6, 2)],
        frames: Some(9000),
        ..TrafficConfig::default()
    };
    let frames = take(&config, 1, usize::MAX);
    assert_eq!(frames.len(), 9000);
    assert!(frames.windows(2).all(|w| w[0].0.arrived_ns + 67 <= w[1].0.arrived_ns));
    let first = frames.iter().filter(|(offer, _)| offer.stream == 0).count();
    assert!((2999..=3001).contains(&first), "{first}");
    assert!(frames.iter().all(|(offer, bytes)| u16::from(bytes[37]) == offer.stream + 1));
    let tuples: HashSet<_> = frames.iter().map(|(_, bytes)| bytes[26..36].to_vec()).collect();
    assert_eq!(tuples.len(), 512);
}

#[test]
fn a_stream_starts_and_stops_when_told() {
    let config = GeneratorConfig { start_ns: 1000, stop_ns: Some(2000), ..GeneratorConfig::default() };
    let frames = take(&generated(config), 1, usize::MAX);
    assert_eq!(frames.len(), 15);
    assert_eq!((frames[0].0.sent_ns, frames[14].0.sent_ns), (1000, 1940));
}

#[test]
fn configurations_are_read_and_refused_by_key() {
    let text = r#"{"streams": [{"generated": {"offered": {"line_share": 0.5}, "arrivals": {"bursts": {"frames": 8}},
        "sizes": {"imix": {}}, "flows": {"count": 10, "popularity": {"zipf": {"exponent": 1.0}}}}}]}"#;
    let config: TrafficConfig = serde_json::from_str(text).unwrap();
    let again: TrafficConfig = serde_json::from_str(&serde_json::to_string(&config).unwrap()).unwrap();
    assert_eq!(config, again);
    assert_eq!(serde_json::from_str::<TrafficConfig>("{}").unwrap(), TrafficConfig::default());
    let unknown = serde_json::from_str::<TrafficConfig>(r#"{"rate": 1}"#).unwrap_err().to_string();
    assert!(unknown.contains("rate_bps"), "{unknown}");
    let mut flows = FlowsConfig { count: 0, ..FlowsConfig::default() };
    let refused = |flows: &FlowsConfig| {
        let config = GeneratorConfig { flows: flows.clone(), ..GeneratorConfig::default() };
        Source::new(&generated(config), 1).unwrap_err().to_string()
    };
    assert_eq!(refused(&flows), "streams[0].generated.flows.count: found 0, allowed is 1 to 4194304");
    flows = FlowsConfig { ipv6_share: 1.5, ..FlowsConfig::default() };
    assert_eq!(refused(&flows), "streams[0].generated.flows.ipv6_share: found 1.5, allowed is 0 to 1");
}
