//! The RSS secret key.

use crate::ConfigError;
use std::fmt;

/// The longest key: 52 bytes, as on NICs that hash up to 48 bytes of input.
const LONGEST_BYTES: usize = 52;

/// A key of 40 bytes (Microsoft's size) or 52 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RssKey {
    bytes: [u8; LONGEST_BYTES],
    length: usize,
}

impl RssKey {
    /// The key of Microsoft's verification suite, the default of many drivers.
    pub const MICROSOFT: RssKey = RssKey::from_40([
        0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0,
        0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42,
        0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
    ]);

    /// A key of 40 bytes.
    pub const fn from_40(key: [u8; 40]) -> Self {
        let mut bytes = [0; LONGEST_BYTES];
        let mut i = 0;
        while i < key.len() {
            bytes[i] = key[i];
            i += 1;
        }
        RssKey { bytes, length: key.len() }
    }

    /// A key of 40 or 52 bytes.
    ///
    /// # Errors
    /// Any other length.
    pub fn from_bytes(key: &[u8]) -> Result<Self, ConfigError> {
        let mut bytes = [0; LONGEST_BYTES];
        match bytes.get_mut(..key.len()) {
            Some(room) if key.len() == 40 || key.len() == LONGEST_BYTES => room.copy_from_slice(key),
            _ => {
                return Err(ConfigError::new(
                    "rss.key",
                    format_args!("{} bytes", key.len()),
                    "40 or 52 bytes",
                ));
            }
        }
        Ok(RssKey { bytes, length: key.len() })
    }

    /// A key in hexadecimal, with or without colons between the bytes (`ethtool -x` prints colons).
    ///
    /// # Errors
    /// Anything but pairs of hexadecimal digits, or a wrong length.
    pub fn from_hex(text: &str) -> Result<Self, ConfigError> {
        let refused = || ConfigError::new("rss.key", text, "40 or 52 bytes as pairs of hexadecimal digits");
        let digit = |c: char| c.to_digit(16).map(|d| d as u8);
        let mut bytes = Vec::with_capacity(LONGEST_BYTES);
        let mut rest = text.chars();
        while let Some(high) = rest.next() {
            let (high, low) = (digit(high), rest.next().and_then(digit));
            bytes.push((high.ok_or_else(refused)? << 4) | low.ok_or_else(refused)?);
            if rest.as_str().starts_with(':') && rest.as_str().len() > 1 {
                rest.next();
            }
        }
        Self::from_bytes(&bytes).map_err(|_| refused())
    }

    /// The key's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&self.bytes)
    }

    /// The 32 key bits that begin at bit `bit`, counted from the most significant bit of the first byte; bits
    /// beyond the key are zero.
    pub fn window(&self, bit: usize) -> u32 {
        let at = |i: usize| self.as_bytes().get(bit / 8 + i).copied().map_or(0, u64::from);
        let five = (0..5).fold(0, |word, i| (word << 8) | at(i));
        (five >> (8 - bit % 8)) as u32
    }
}

impl fmt::Debug for RssKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.as_bytes().iter().enumerate() {
            write!(f, "{}{byte:02x}", if i == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_key_are_one() {
        let text = format!("{:?}", RssKey::MICROSOFT);
        assert_eq!(RssKey::from_hex(&text), Ok(RssKey::MICROSOFT));
        assert_eq!(RssKey::from_hex(&text.replace(':', "")), Ok(RssKey::MICROSOFT));
        assert_eq!(RssKey::from_hex(&"ab".repeat(52)).unwrap().as_bytes(), [0xab; 52]);
    }

    #[test]
    fn what_is_no_key_is_refused_by_name() {
        let colon_at_end = format!("{:?}:", RssKey::MICROSOFT);
        for text in ["", "6d5a", &"ab".repeat(41), &"zz".repeat(40), &"ab".repeat(40)[1..], &colon_at_end] {
            let error = RssKey::from_hex(text).unwrap_err();
            assert_eq!((error.key, error.value.as_str()), ("rss.key", text));
        }
        assert!(RssKey::from_bytes(&[0; 64]).is_err());
    }

    #[test]
    fn windows_slide_by_one_bit() {
        let key = RssKey::MICROSOFT;
        assert_eq!([key.window(0), key.window(4), key.window(8)], [0x6d5a_56da, 0xd5a5_6da2, 0x5a56_da25]);
        assert_eq!(key.window(40 * 8 - 8), 0xfa00_0000);
        assert_eq!(key.window(40 * 8), 0);
    }
}
