//! What must hold of every payload, one file per builder: it makes an input from bytes, builds, and reads the text back
//! with a small reader of its own that knows the format but not the builder.
//!
//! Invariant: a reader here shares no code with `symbol`. Each `check` says whether the input was accepted.

mod content_lines;
mod fields;
mod input;

pub mod email;
pub mod epc;
pub mod event;
pub mod geo;
pub mod gs1_link;
pub mod gs1_message;
pub mod mecard;
pub mod phone;
pub mod sms;
pub mod text;
pub mod url;
pub mod vcard;
pub mod wifi;

use std::collections::HashSet;

use symbol::payload::{Error, Payload};

/// Of bytes: whether they were accepted.
pub type Check = fn(&[u8]) -> bool;

/// Every check by its builder's name.
#[allow(dead_code)]
pub const ALL: [(&str, Check); 13] = [
    ("email", email::check),
    ("epc", epc::check),
    ("event", event::check),
    ("geo", geo::check),
    ("gs1_link", gs1_link::check),
    ("gs1_message", gs1_message::check),
    ("mecard", mecard::check),
    ("phone", phone::check),
    ("sms", sms::check),
    ("text", text::check),
    ("url", url::check),
    ("vcard", vcard::check),
    ("wifi", wifi::check),
];

/// The text, if the input was accepted. A refusal must name at least one field, and none twice.
fn built(result: Result<Payload, Error>) -> Option<String> {
    match result {
        Ok(payload) => Some(payload.into_text()),
        Err(error) => {
            let mut seen = HashSet::new();
            assert!(!error.faults().is_empty());
            for fault in error.faults() {
                assert!(seen.insert(fault.field.clone()), "{} twice", fault.field);
                assert!(!fault.wrong.is_empty() && !fault.right.is_empty());
            }
            assert!(!error.to_string().is_empty());
            None
        }
    }
}

/// RFC 3986 §2.1, strictly: a percent sign has two hexadecimal digits after it, and nothing stands bare that `bare` does
/// not have.
fn percent_decoded(text: &str, bare: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
            assert!(digits.iter().all(u8::is_ascii_hexdigit), "{text}");
            out.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            let is_bare = byte.is_ascii_alphanumeric()
                || b"-._~".contains(&byte)
                || bare.as_bytes().contains(&byte);
            assert!(is_bare, "{} is bare in {text}", char::from(byte));
            out.push(byte);
        }
    }
    String::from_utf8(out).unwrap()
}

/// What dials: digits, and a plus at the beginning.
fn dialled(number: &str) -> String {
    number
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == '+')
        .collect()
}

/// Line breaks as builders keep them.
fn with_lf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Whether the last digit is what the others, weighed 3 and 1 in turn from the right, lack to a multiple of 10.
fn has_check_digit(digits: &str) -> bool {
    let digits = digits.bytes().rev().map(|digit| u32::from(digit - b'0'));
    digits
        .zip([1, 3].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .sum::<u32>()
        % 10
        == 0
}

/// Without spaces, in upper case.
fn code(text: &str) -> String {
    text.replace(' ', "").to_ascii_uppercase()
}

/// The host name of an address in lower case and Punycode, by the WHATWG standard.
fn address(text: &str) -> String {
    let (local, domain) = text.rsplit_once('@').unwrap();
    format!("{local}@{}", ::url::Host::parse(domain).unwrap())
}

/// Whether two addresses name the same resource: equal but for percent-encoding.
fn same_url(built: &str, given: &str) -> bool {
    let loosely = |text: &str| {
        let url = ::url::Url::parse(text).unwrap();
        let decoded: Vec<u8> = decoded_loosely(&url[::url::Position::BeforePath..]);
        (
            url.scheme().to_owned(),
            url.host_str().map(str::to_owned),
            url.port(),
            decoded,
        )
    };
    loosely(built) == loosely(given)
}

fn decoded_loosely(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        let digits = text.get(i + 1..i + 3).filter(|_| bytes[i] == b'%');
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(byte.unwrap_or(bytes[i]));
        i += if byte.is_some() { 3 } else { 1 };
    }
    out
}
