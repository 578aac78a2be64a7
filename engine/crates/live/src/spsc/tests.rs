use std::collections::VecDeque;
use std::thread;

use proptest::prelude::*;

use super::ring;

proptest! {
    #[test]
    fn behaves_as_a_bounded_queue(
        capacity in 1usize..40,
        steps in prop::collection::vec((0u8..6, 0usize..50), 0..200),
    ) {
        let (mut producer, mut consumer) = ring::<[u64; 2]>(capacity);
        let room = producer.capacity();
        prop_assert!(room >= capacity && room.is_power_of_two() && consumer.capacity() == room);
        let mut model: VecDeque<[u64; 2]> = VecDeque::new();
        let mut next = 0u64;
        for (step, n) in steps {
            let records: Vec<_> = (next..next + n as u64).map(|i| [i, !i]).collect();
            let taken = n.min(room - model.len());
            match step {
                0 => {
                    prop_assert_eq!(producer.push_burst(&records), taken);
                    model.extend(&records[..taken]);
                    next += taken as u64;
                }
                1 => {
                    prop_assert_eq!(records.iter().take_while(|record| producer.stage(**record)).count(), taken);
                    prop_assert_eq!(consumer.drain(usize::MAX, |_| ()), model.len(), "staged is not pushed");
                    model.clear();
                    producer.publish();
                    model.extend(&records[..taken]);
                    next += taken as u64;
                }
                2 => {
                    let mut out = vec![[0; 2]; n];
                    let popped = consumer.pop_burst(&mut out);
                    prop_assert_eq!(popped, n.min(model.len()));
                    prop_assert_eq!(&out[..popped], model.drain(..popped).collect::<Vec<_>>());
                }
                3 => {
                    let (mut out, skip) = (Vec::new(), n / 2);
                    let shown = consumer.look(skip, n, |record| out.push(*record));
                    prop_assert_eq!(shown, model.len().saturating_sub(skip).min(n));
                    prop_assert_eq!(out, model.iter().skip(skip).take(n).copied().collect::<Vec<_>>());
                }
                4 => {
                    let unwanted = model.get(n / 2).copied();
                    let popped = consumer.take_while(n, |record| Some(*record) != unwanted);
                    prop_assert_eq!(popped, n.min(model.len()).min(n / 2));
                    model.drain(..popped);
                }
                _ => {
                    let mut out = Vec::new();
                    prop_assert_eq!(consumer.drain(n, |record| out.push(*record)), n.min(model.len()));
                    prop_assert_eq!(&out, &model.drain(..out.len()).collect::<Vec<_>>());
                }
            }
        }
    }
}

/// A record whose fields belong together: a torn read shows.
#[derive(Clone, Copy, Default)]
struct Stamped {
    sequence: u64,
    echo: u64,
}

#[test]
fn two_threads_exchange_every_record_once_in_order_and_whole() {
    const RECORDS: u64 = 400_000;
    let (mut producer, mut consumer) = ring::<Stamped>(64);
    let sender = thread::spawn(move || {
        let mut sent = 0;
        while sent < RECORDS {
            let burst = (sent % 37 + 1).min(RECORDS - sent);
            let records: Vec<_> =
                (sent..sent + burst).map(|i| Stamped { sequence: i, echo: i.rotate_left(17) }).collect();
            let pushed = producer.push_burst(&records);
            sent += pushed as u64;
            if pushed == 0 {
                thread::yield_now();
            }
        }
    });
    let mut expected = 0;
    let mut records = [Stamped::default(); 32];
    while expected < RECORDS {
        let n = consumer.pop_burst(&mut records);
        for record in &records[..n] {
            assert_eq!(record.sequence, expected);
            assert_eq!(record.echo, expected.rotate_left(17));
            expected += 1;
        }
        if n == 0 {
            thread::yield_now();
        }
    }
    sender.join().unwrap();
    assert_eq!(consumer.pop_burst(&mut records), 0);
}
