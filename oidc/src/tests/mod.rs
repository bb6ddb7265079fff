//! Every rule of a sign-in against a provider that lies: [`fake`] serves whatever a test wants, signed by [`signer`].

mod callback;
mod discovery;
mod fake;
mod id_token;
mod keys;
mod logout;
mod random;
mod roles;
mod signer;
mod userinfo;
