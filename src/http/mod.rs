//! HTTP: from bytes to feature calls and back. Handlers parse, call one feature, and answer; what is common to
//! all answers (context, errors, metrics, headers) is made in `middleware`, once.

mod accept;
mod api;
mod bounds;
mod client;
mod cookie;
mod document;
mod exercise;
mod extract;
mod file;
mod grade;
mod images;
mod may;
mod metrics;
mod middleware;
mod ops;
mod problem;
mod redirect;
mod routes;

pub use document::document;
pub use exercise::Door;
pub use routes::{metrics_only, routes};
