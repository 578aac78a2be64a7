//! From flow to socket: open addressing with a keyed hash, so that an outsider cannot make flows collide.

use super::FlowKey;
use stage::SocketId;

const EMPTY: u32 = u32::MAX;

/// A growing map from [`FlowKey`] to [`SocketId`].
#[derive(Debug)]
pub(super) struct SocketTable {
    slots: Vec<(FlowKey, u32)>,
    entries: usize,
    secret: u64,
}

impl SocketTable {
    pub(super) fn new(secret: u64) -> Self {
        SocketTable { slots: vec![(FlowKey::default(), EMPTY); 1024], entries: 0, secret }
    }

    fn mask(&self) -> usize {
        self.slots.len() - 1
    }

    /// The slot a key belongs in.
    #[inline]
    pub(super) fn home(&self, key: &FlowKey) -> usize {
        key.hash(self.secret) as usize & self.mask()
    }

    #[inline]
    pub(super) fn find(&self, key: &FlowKey) -> Option<SocketId> {
        let mut at = self.home(key);
        while let Some((other, socket)) = self.slots.get(at) {
            if *socket == EMPTY {
                return None;
            }
            if other == key {
                return Some(SocketId(*socket));
            }
            at = (at + 1) & self.mask();
        }
        None
    }

    /// Insert a key that is not there.
    pub(super) fn insert(&mut self, key: FlowKey, socket: SocketId) {
        if (self.entries + 1) * 2 > self.slots.len() {
            let doubled = vec![(FlowKey::default(), EMPTY); self.slots.len() * 2];
            for (key, socket) in std::mem::replace(&mut self.slots, doubled) {
                if socket != EMPTY {
                    self.place(key, socket);
                }
            }
        }
        self.place(key, socket.0);
        self.entries += 1;
    }

    fn place(&mut self, key: FlowKey, socket: u32) {
        let mut at = self.home(&key);
        while let Some(slot) = self.slots.get_mut(at) {
            if slot.1 == EMPTY {
                *slot = (key, socket);
                return;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn finds_what_a_hash_map_finds(ports in prop::collection::vec(0u32..5000, 1..3000), secret: u64) {
            let mut table = SocketTable::new(secret);
            let mut model = HashMap::new();
            for (i, port) in ports.iter().enumerate() {
                let key = FlowKey::for_test(*port);
                prop_assert_eq!(table.find(&key), model.get(port).copied());
                if table.find(&key).is_none() {
                    table.insert(key, SocketId(i as u32));
                    model.insert(*port, SocketId(i as u32));
                }
            }
            for (port, socket) in model {
                prop_assert_eq!(table.find(&FlowKey::for_test(port)), Some(socket));
            }
        }
    }
}
