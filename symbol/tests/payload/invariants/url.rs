//! A URL names the same resource, in RFC 3986's characters, and building it again changes nothing.

use symbol::payload::Url;

use super::{built, input::Input, same_url};

pub fn check(bytes: &[u8]) -> bool {
    let mut input = Input::new(bytes);
    let url = Url {
        url: input.web_address(),
        upper_case: input.one_in(2),
    };
    let Some(out) = built(url.build()) else {
        return false;
    };
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b);
    assert!(out.bytes().all(allowed), "{out}");
    assert!(same_url(&out, &url.url), "{out} is not {}", url.url);
    let (scheme, rest) = out.split_once("://").unwrap();
    assert!(["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()));
    let host = rest.split(['/', '?', '#']).next().unwrap();
    let in_host = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    assert!(!host.is_empty() && host.bytes().all(in_host), "{out}");
    if url.upper_case {
        assert_eq!(scheme, scheme.to_ascii_uppercase());
        assert_eq!(host, host.to_ascii_uppercase());
    }
    let again = Url {
        url: out.clone(),
        ..url
    };
    assert_eq!(built(again.build()).as_deref(), Some(out.as_str()));
    true
}
