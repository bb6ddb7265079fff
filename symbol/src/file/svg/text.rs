//! Text inside XML.
//!
//! Invariant: what is written is well-formed character data, whatever is given.

/// Between tags (XML 1.0 §2.4). Characters that XML 1.0 cannot hold even when escaped (§2.2) are left out.
pub fn escaped(text: &str, out: &mut Vec<u8>) {
    for c in text.chars() {
        match c {
            '&' => out.extend_from_slice(b"&amp;"),
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            // A parser would make a line feed of it (§2.11).
            '\r' => out.extend_from_slice(b"&#13;"),
            '\t' | '\n' => out.push(c as u8),
            '\0'..' ' | '\u{FFFE}' | '\u{FFFF}' => {}
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// `qr-{tag}-{id}`. Spaces would end it in a list of ids, and others would have to be escaped in CSS: they are left out.
pub fn id(tag: &str, id: &str, out: &mut Vec<u8>) {
    for part in ["qr-", tag, "-"] {
        out.extend_from_slice(part.as_bytes());
    }
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    out.extend(id.bytes().filter(is_plain));
}
