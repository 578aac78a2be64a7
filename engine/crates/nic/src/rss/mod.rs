//! Receive side scaling, as Microsoft publishes it and `ethtool -x` shows it.

pub mod conformance;

mod bitwise;
mod config;
mod context;
mod fields;
mod indirection;
mod input;
mod key;
mod lanes;
mod select;
mod spread;
mod symmetry;
mod table;
mod toeplitz;

pub use bitwise::Bitwise;
pub use config::RssConfig;
pub use context::{ContextConfig, ContextId, ContextRule};
pub use fields::{Fields, FieldsConfig};
pub use indirection::IndirectionTable;
pub use input::{HashInput, LONGEST_INPUT_BYTES};
pub use key::RssKey;
pub use lanes::Lanes;
pub use select::{layer, ports, select, tuple};
pub use spread::Spread;
pub use symmetry::Symmetry;
pub use table::Table;
pub use toeplitz::{BoxedHash, ToeplitzHash};

pub(crate) use context::{Contexts, vlan};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Form = (&'static str, fn(&RssKey) -> BoxedHash);

    fn forms() -> [Form; 3] {
        [
            ("bitwise", |key| Box::new(Bitwise::new(key))),
            ("table", |key| Box::new(Table::new(key))),
            ("lanes", |key| Box::new(Lanes::new(key))),
        ]
    }

    #[test]
    fn every_form_conforms() {
        for (name, make) in forms() {
            match conformance::check(&make) {
                Ok(compared) => assert!(compared > 9_000, "{name}: only {compared} compared"),
                Err(difference) => panic!("{name}: {difference}"),
            }
        }
    }

    #[test]
    fn the_test_finds_a_wrong_form() {
        // Right for every single input, wrong in the last of a batch of 17.
        struct Wrong(Table);
        impl ToeplitzHash for Wrong {
            fn hash(&self, input: &HashInput) -> u32 {
                self.0.hash(input)
            }
            fn hash_batch(&self, inputs: &[HashInput], out: &mut [u32]) {
                self.0.hash_batch(inputs, out);
                if inputs.len() == 17 {
                    out[16] ^= 1;
                }
            }
        }
        let found = conformance::check(&|key| Box::new(Wrong(Table::new(key)))).unwrap_err();
        assert!(found.contains("input 16 of 17"), "{found}");
    }

    proptest! {
        #[test]
        fn every_form_equals_the_definition(
            key in prop::collection::vec(any::<u8>(), 40), addresses: [u8; 32], ports: [u8; 4],
        ) {
            let key = RssKey::from_bytes(&key).unwrap();
            let first: [u8; 8] = addresses[..8].try_into().unwrap();
            let inputs = [
                HashInput::ipv4(first), HashInput::ipv4_ports(first, ports),
                HashInput::ipv6(addresses), HashInput::ipv6_ports(addresses, ports),
            ];
            let reference = Bitwise::new(&key);
            for (_, make) in forms() {
                let mut hashes = [0; 4];
                make(&key).hash_batch(&inputs, &mut hashes);
                prop_assert_eq!(hashes, inputs.map(|input| reference.hash(&input)));
            }
        }
    }
}
