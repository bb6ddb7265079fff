//! Plain text comes back as it is.

use symbol::payload::Text;

use super::{built, input::Input};

pub fn check(bytes: &[u8]) -> bool {
    let text = Input::new(bytes).text();
    let Some(out) = built(Text { text: text.clone() }.build()) else {
        return false;
    };
    assert_eq!(out, text);
    assert!(!out.contains(['\0', '\u{1b}', '\u{7f}', '\u{9b}']));
    true
}
