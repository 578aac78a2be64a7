//! What is no capture, no key or no number of queues is refused by name; a file that was cut off is not.

use super::*;

fn refused(file: Vec<u8>, key: &str, queues: u16) -> DissectError {
    Dissector::new(file, key, queues).err().unwrap()
}

#[test]
fn by_key_value_and_what_is_allowed() {
    let good = || capture(LinkType::Ethernet, &[]);
    let error = refused(good(), "6d5a", 1);
    assert_eq!((error.key.as_str(), error.value.as_str()), ("rss_key", "6d5a"));
    for queues in [0, 129] {
        let error = refused(good(), KEY, queues);
        assert_eq!(error.to_string(), format!("queues = {queues}: allowed is 1 to 128"));
    }
    let mut radiotap = good();
    radiotap[20] = 127;
    let error = refused(radiotap, KEY, 1);
    assert_eq!(
        (error.key.as_str(), error.value.as_str()),
        ("capture.link type", "127 (802.11 with radiotap) at byte 20")
    );
    assert!(error.allowed.contains("1 (ethernet)"), "{error}");
    assert_eq!(refused(b"PK\x03\x04".to_vec(), KEY, 1).key, "capture.magic");
    assert_eq!(refused(Vec::new(), KEY, 1).key, "capture.magic");
}

#[test]
fn an_empty_capture_has_totals() {
    let stats = r#"{"stats":{"rx":0,"delivered":0,"dropped":{},"pending":0,"consumed":0}}"#;
    assert_eq!(lines(capture(LinkType::Ethernet, &[])), [stats]);
}

#[test]
fn a_file_cut_in_its_last_record_keeps_the_others_and_says_so() {
    let frame = ethernet(ethertype::IPV4, &ipv4(IPV4, &udp4()));
    let mut file = capture(LinkType::Ethernet, &[&frame, &frame]);
    file.truncate(file.len() - 1);
    let lines = lines(file);
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[1],
        r#"{"stats":{"rx":1,"delivered":1,"dropped":{},"pending":0,"consumed":0},"truncated":"the record at byte 84 takes 60 bytes, 59 are there"}"#
    );
}

#[test]
fn other_queues_and_keys_give_other_lines() {
    let file = || capture(LinkType::RawIp, &[&ipv4(Ipv4Header { protocol: 253, ..IPV4 }, &[])]);
    let first = |key, queues| Dissector::new(file(), key, queues).unwrap().next().unwrap();
    // 0x323e8fc2, of which 128 entries look at the last 7 bits: entry 66.
    assert!(first(KEY, 128).contains(r#""rss":{"hash2":842960834,"queue":66}"#));
    assert!(first(KEY, 5).contains(r#""rss":{"hash2":842960834,"queue":1}"#));
    assert!(first(&"00".repeat(40), 8).contains(r#""rss":{"hash2":0,"queue":0}"#));
}
