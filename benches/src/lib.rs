//! What the product is measured against and verified by. `scripts/bench` and `scripts/verify_symbols` run the binaries.
//!
//! Invariant: nothing here is part of the product, and nothing outside `ours` knows how our encoder is called.

#[cfg(feature = "symbol")]
pub mod files;
#[cfg(feature = "symbol")]
pub mod inputs;
#[cfg(feature = "symbol")]
pub mod ours;
#[cfg(feature = "symbol")]
pub mod peers;
#[cfg(feature = "symbol")]
pub mod random;
#[cfg(any(feature = "guard", feature = "symbol", feature = "style"))]
pub mod timing;
