use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

fn key(n: u32) -> FlowKey {
    if n.is_multiple_of(2) {
        FlowKey::ipv4([10, 0, 0, 1, 10, 0, 0, 2], n.to_be_bytes(), 6)
    } else {
        FlowKey::ipv6(std::array::from_fn(|i| i as u8), n.to_be_bytes(), 17)
    }
}

#[test]
fn a_full_table_refuses_and_keeps_what_it_has() {
    let mut table = ExactMatch::new(20).unwrap();
    let places: Vec<_> = (0..20).map(|n| table.insert(key(n), n, n).unwrap()).collect();
    assert_eq!(table.insert(key(20), 20, 20), Err(Full::Table));
    assert_eq!(table.insert(key(7), 7, 70), Ok(places[7]));
    assert_eq!((table.value(places[7]), table.len(), table.find(&key(20), 20)), (70, 20, None));
    assert_eq!(table.remove(&key(0), 0).map(|flow| flow.value), Some(0));
    assert_eq!(table.insert(key(20), 20, 20), Ok(places[0]));
    assert!((1..20).all(|n| table.find(&key(n), n) == Some(places[n as usize])), "flows keep their places");
}

#[test]
fn equal_hashes_are_taken_only_so_far() {
    let mut table = ExactMatch::new(4096).unwrap();
    let taken = (0..4096).take_while(|n| table.insert(key(*n), 7, *n).is_ok()).count();
    assert_eq!(taken, (MOST_OVERFLOWED + 1) * WAYS);
    assert_eq!(table.insert(key(4096), 7, 0), Err(Full::Neighbourhood));
    assert!(table.insert(key(4096), 0x8000_0000, 0).is_ok());
    for n in (0..taken as u32).rev() {
        assert_eq!(table.remove(&key(n), 7).map(|flow| flow.value), Some(n));
    }
    assert_eq!(table.len(), 1);
}

#[test]
fn hits_are_counted_per_flow() {
    let mut table = ExactMatch::new(4).unwrap();
    table.insert(key(1), 0, 11).unwrap();
    table.insert(key(2), 0, 22).unwrap();
    let slot = table.find(&key(2), 0).unwrap();
    assert_eq!((table.hit(slot, 64), table.hit(slot, 1500)), (22, 22));
    let counts: HashMap<_, _> = table.iter().map(|flow| (flow.value, (flow.packets, flow.bytes))).collect();
    assert_eq!(counts, HashMap::from([(11, (0, 0)), (22, (2, 1564))]));
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    for capacity in [0, MOST_FLOWS + 1, u32::MAX] {
        assert_eq!(ExactMatch::new(capacity).unwrap_err().key, "exact_match.capacity_flows");
    }
    assert!(ExactMatch::new(1).is_ok());
}

proptest! {
    // Few keys and fewer hashes: runs grow long, wrap round the end, and are broken up again.
    #[test]
    fn the_table_is_a_map(steps in prop::collection::vec((0u32..48, 0u32..3), 0..400), spread in 1u32..12, salt: u32) {
        let hash = |n: u32| (n % spread).wrapping_mul(salt);
        let mut table = ExactMatch::new(30).unwrap();
        let mut model: HashMap<FlowKey, u32> = HashMap::new();
        for (i, (n, action)) in steps.into_iter().enumerate() {
            let value = i as u32;
            if action == 0 {
                prop_assert_eq!(table.remove(&key(n), hash(n)).map(|flow| flow.value), model.remove(&key(n)));
            } else if model.len() == 30 && !model.contains_key(&key(n)) {
                prop_assert_eq!(table.insert(key(n), hash(n), value), Err(Full::Table));
            } else {
                let slot = table.insert(key(n), hash(n), value).unwrap();
                model.insert(key(n), value);
                prop_assert_eq!(table.flow(slot).map(|flow| (flow.key, flow.value)), Some((key(n), value)));
            }
            prop_assert_eq!((table.len() as usize, table.iter().count()), (model.len(), model.len()));
            let keys: Vec<_> = (0..48).map(key).collect();
            let hashes: Vec<_> = (0..48).map(hash).collect();
            let mut found = vec![None; 48];
            table.find_batch(&keys, &hashes, &mut found);
            for ((key, hash), slot) in keys.iter().zip(hashes).zip(found) {
                prop_assert_eq!(table.find(key, hash), slot);
                prop_assert_eq!(slot.map(|slot| table.hit(slot, 0)), model.get(key).copied());
            }
        }
    }
}
