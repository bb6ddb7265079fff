//! The product from outside: the real binary over HTTP and its command line, on SQLite and on PostgreSQL.
//! Files mirror `src/http/api`. Run through `scripts/test integration`, which starts what they need.
// Helpers of a test are tests too: a panic with its line is the right answer to what must not happen, time
// passes for real here, and what scripts/test exports is no setting of the product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod support;

mod auth;
mod backup;
mod bad_input;
mod barcode;
mod baseline;
mod batch;
mod cache;
mod callers;
mod cli;
mod clients;
mod code_resource;
mod connections;
mod crash;
mod cross_site;
mod database_away;
mod disk_full;
mod docs;
mod drain;
mod dropin;
mod encoding;
mod events;
mod evidence;
mod examples;
mod first_start;
mod health;
mod identity;
mod load_test;
mod metrics;
mod observatory;
mod one_server;
mod operate_scripts;
mod payloads;
mod pooler;
mod qr_analytics;
mod qr_create;
mod qr_image;
mod qr_known_images;
mod qr_read_list;
mod qr_update_delete;
mod redirect;
mod rollout;
mod rollout_page;
mod saved_styles;
mod series;
mod store;
mod styles;
mod traces;
mod v3;
