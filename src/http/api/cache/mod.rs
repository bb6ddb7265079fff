//! `/api/v2/qr/cache`, and the same under `/api/qr/cache`: statistics, clearing and warming.

pub mod clear;
pub mod stats;
pub mod warm;
