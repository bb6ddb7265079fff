//! The cookies of a browser that visits one host. Cookies do not know ports.

use std::collections::HashMap;

use reqwest::header::{HeaderMap, SET_COOKIE};

#[derive(Clone, Default)]
pub struct Jar(pub HashMap<String, String>);

impl Jar {
    /// The value of `Cookie`.
    pub fn header(&self) -> String {
        let all = self.0.iter().map(|(name, value)| format!("{name}={value}"));
        all.collect::<Vec<_>>().join("; ")
    }

    /// Keeps what an answer sets.
    pub fn keep(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(SET_COOKIE) {
            let (cookie, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = cookie.split_once('=').unwrap();
            // An empty value deletes.
            if value.is_empty() {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
