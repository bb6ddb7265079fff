//! The one crypto provider of the process.
//!
//! Invariant: rustls has ring as its default provider before anybody opens a connection. Clients that find none panic
//! (reqwest without a provider of its own) or pick one themselves.

/// Makes ring the default. May be called again, and does nothing then.
pub fn install() {
    // The only error is that there is a default already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
