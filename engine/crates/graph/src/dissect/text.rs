//! JSON by hand: with the keys, their order and the texts all known, nothing need be looked up or escaped.

/// An object being written: a brace, then its fields in the order they are told.
pub(super) struct Object<'a> {
    out: &'a mut String,
    separator: char,
}

impl<'a> Object<'a> {
    /// Begin an object; in a list that is not empty, behind a comma.
    pub(super) fn open(out: &'a mut String) -> Self {
        if out.ends_with('}') {
            out.push(',');
        }
        Object { out, separator: '{' }
    }

    fn key(&mut self, key: &str) -> &mut String {
        self.out.push(self.separator);
        self.separator = ',';
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
        self.out
    }

    pub(super) fn number(mut self, key: &str, value: impl Into<u64>) -> Self {
        decimal(self.key(key), value.into());
        self
    }

    /// The field, or nothing.
    pub(super) fn number_if(self, key: &str, value: Option<impl Into<u64>>) -> Self {
        match value {
            Some(value) => self.number(key, value),
            None => self,
        }
    }

    /// A text that `write` writes; it holds nothing that JSON escapes.
    pub(super) fn text(mut self, key: &str, write: impl FnOnce(&mut String)) -> Self {
        let out = self.key(key);
        out.push('"');
        write(out);
        out.push('"');
        self
    }

    /// A value that `write` writes, as JSON.
    pub(super) fn value(mut self, key: &str, write: impl FnOnce(&mut String)) -> Self {
        write(self.key(key));
        self
    }

    pub(super) fn close(self) {
        self.out.push('}');
    }
}

/// A number in decimal.
pub(super) fn decimal(out: &mut String, mut value: u64) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
        first -= 1;
        if value == 0 {
            break;
        }
    }
    out.extend(digits.iter().skip(first).map(|digit| char::from(*digit)));
}

fn nibble(out: &mut String, value: u16) {
    out.extend(char::from_digit(u32::from(value & 0xf), 16));
}

/// A link address: `02:00:5e:10:00:01`.
pub(super) fn mac(out: &mut String, address: [u8; 6]) {
    for (i, byte) in address.into_iter().enumerate() {
        if i > 0 {
            out.push(':');
        }
        nibble(out, u16::from(byte >> 4));
        nibble(out, u16::from(byte));
    }
}

/// An IPv4 address: `192.0.2.1`.
pub(super) fn ipv4(out: &mut String, address: [u8; 4]) {
    for (i, byte) in address.into_iter().enumerate() {
        if i > 0 {
            out.push('.');
        }
        decimal(out, u64::from(byte));
    }
}

/// An IPv6 address as tshark (inet_ntop) writes it: RFC 5952, and the last four bytes dotted not only in
/// IPv4-mapped addresses but also where the first twelve are zero.
pub(super) fn ipv6(out: &mut String, address: [u8; 16]) {
    let words = address.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
    let zeros = longest_zeros(words.clone());
    let dotted = zeros == (0..6) || zeros == (0..5) && address.starts_with(&MAPPED);
    for (i, word) in words.enumerate() {
        if zeros.contains(&i) {
            if i == zeros.start {
                out.push(':');
            }
            continue;
        }
        if i > 0 {
            out.push(':');
        }
        if let (6, true, Some(last)) = (i, dotted, address.last_chunk()) {
            return ipv4(out, *last);
        }
        let digits = (16 - (word | 1).leading_zeros()).div_ceil(4);
        (0..digits).rev().for_each(|digit| nibble(out, word >> (4 * digit)));
    }
    if zeros.end == 8 {
        out.push(':');
    }
}

/// `::ffff:0:0/96` (RFC 4291 section 2.5.5.2).
const MAPPED: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/// The first of the longest runs of two or more zero words; empty if there is none.
fn longest_zeros(words: impl Iterator<Item = u16>) -> std::ops::Range<usize> {
    let mut longest = 0..0;
    let mut run = 0..0;
    for (i, word) in words.enumerate() {
        run = if word == 0 { run.start..i + 1 } else { i + 1..i + 1 };
        if run.len() > longest.len().max(1) {
            longest = run.clone();
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    fn written<A>(write: impl Fn(&mut String, A), value: A) -> String {
        let mut out = String::new();
        write(&mut out, value);
        out
    }

    #[test]
    fn numbers_and_addresses() {
        for value in [0, 7, 10, 1_500, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(written(decimal, value), value.to_string());
        }
        assert_eq!(written(mac, [2, 0, 0x5e, 0x10, 0xab, 0xff]), "02:00:5e:10:ab:ff");
        assert_eq!(written(ipv4, [192, 0, 2, 255]), "192.0.2.255");
    }

    #[test]
    fn ipv6_as_tshark() {
        // As std writes it, where the two agree.
        for text in [
            "::",
            "::1",
            "fe80::1",
            "2001:db8::",
            "2001:db8::1:0:0:1",
            "2001:db8:0:1:1:1:1:1",
            "1:0:0:2::3",
            "1:2:3:4:5:6:7:8",
            "::ffff:192.0.2.1",
            "0:0:0:1::",
            "::2:0:0:3",
            "2001:db8:10:200:3000:f:0:ff0",
            "::ffff:0:0:0",
            "1::fffe:0:1",
            "0:1:2:3:4:5:6:7",
        ] {
            let address: Ipv6Addr = text.parse().unwrap();
            assert_eq!(written(ipv6, address.octets()), address.to_string());
        }
        let compatible: Ipv6Addr = "::c000:201".parse().unwrap();
        assert_eq!(written(ipv6, compatible.octets()), "::192.0.2.1");
    }
}
