//! Any input, any options: see `encode/invariants.rs`.

#[path = "encode/invariants.rs"]
mod invariants;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn what_is_encoded_reads_back(
        options in prop::collection::vec(any::<u8>(), 0..24),
        content in prop_oneof![
            "[0-9]{0,80}",
            "[0-9A-Z $%*+./:-]{0,80}",
            "[ -~]{0,400}",
            ".{0,60}",
            "[0-9a-zA-Zぁ-ん亜-熙]{0,60}",
        ],
    ) {
        invariants::check(&[options, content.into_bytes()].concat());
    }

    #[test]
    fn any_bytes_are_an_input(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        invariants::check(&bytes);
    }
}
