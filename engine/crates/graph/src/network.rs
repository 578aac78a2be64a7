//! Addresses and networks as the document writes them.

use crate::ScenarioError;
use std::net::IpAddr;

/// Bytes of an address, of 4 or 16, and as many that say which bits count.
pub(crate) struct Network {
    pub(crate) bytes: Vec<u8>,
    pub(crate) mask: Vec<u8>,
}

/// `10.0.0.0/8`, `2001:db8::1`; nothing for an empty text.
pub(crate) fn network(key: &str, text: &str) -> Result<Option<Network>, ScenarioError> {
    if text.is_empty() {
        return Ok(None);
    }
    let refused = || ScenarioError::new(key, text, "an address, or a network as in 10.0.0.0/8");
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<usize>().map_err(|_| refused())?)),
        None => (text, None),
    };
    let bytes = match address.parse::<IpAddr>().map_err(|_| refused())? {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let bits = 8 * bytes.len();
    let prefix = prefix.unwrap_or(bits);
    if prefix > bits {
        return Err(refused());
    }
    let mask = (0..bytes.len()).map(|i| {
        let counting = prefix.saturating_sub(8 * i).min(8);
        !(0xff_u16 >> counting) as u8
    });
    let mask: Vec<u8> = mask.collect();
    if bytes.iter().zip(&mask).any(|(byte, mask)| byte & !mask != 0) {
        return Err(ScenarioError::new(key, text, "a network whose bits behind the prefix are 0"));
    }
    Ok(Some(Network { bytes, mask }))
}
