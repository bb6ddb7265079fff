//! Requests that browsers and messengers announce as a look-ahead: no person has opened the page.

use http::{HeaderMap, HeaderName};

/// Headers that say what a request is for, with those who send or sent them.
static HEADERS: [HeaderName; 4] = [
    // The standard, with parameters such as `prefetch;prerender` and `prefetch;anonymous-client-ip`.
    // <https://wicg.github.io/nav-speculation/prefetch.html#sec-purpose-header>
    HeaderName::from_static("sec-purpose"),
    // `prefetch`: Chrome and Edge before and beside the standard, Safari's `link rel=prefetch`; `preview`: Safari, Chrome.
    // <https://http.dev/purpose>, <https://lionralfs.dev/blog/exploring-the-usage-of-prefetch-headers>
    HeaderName::from_static("purpose"),
    // `preview`: Safari's Top Sites, Facebook's app (<https://inchoo.net/?p=2680>); `prefetch`: older Safari;
    // `instant`: older Chrome.
    HeaderName::from_static("x-purpose"),
    // `prefetch`: Firefox before the standard. <https://bugzilla.mozilla.org/show_bug.cgi?id=1836328>
    HeaderName::from_static("x-moz"),
];

const WORDS: [&str; 4] = ["prefetch", "prerender", "preview", "instant"];

/// Whether one of the known headers holds one of the known words: as an item of a list or as its parameter, in any case.
pub fn is_announced(headers: &HeaderMap) -> bool {
    HEADERS
        .iter()
        .flat_map(|name| headers.get_all(name))
        .flat_map(|value| value.as_bytes().split(|b| b",;".contains(b)))
        .any(|part| {
            let part = part.trim_ascii();
            WORDS
                .iter()
                .any(|word| part.eq_ignore_ascii_case(word.as_bytes()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn announced(lines: &[(&'static str, &[u8])]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        is_announced(&headers)
    }

    #[test]
    fn look_ahead_is_known_by_every_header_and_spelling() {
        for (name, value) in [
            ("sec-purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("sec-purpose", "prefetch;anonymous-client-ip"),
            ("sec-purpose", "Prefetch ; Prerender"),
            ("sec-purpose", "something, prefetch"),
            ("purpose", "prefetch"),
            ("purpose", "preview"),
            ("purpose", "prerender"),
            ("x-purpose", "preview"),
            ("x-purpose", "PREVIEW"),
            ("x-purpose", "instant"),
            ("x-moz", "prefetch"),
        ] {
            assert!(announced(&[(name, value.as_bytes())]), "{name}: {value}");
        }
        assert!(announced(&[("purpose", b"x"), ("purpose", b"prefetch")]));
        assert!(announced(&[("purpose", b"M\xfcller, prefetch")]));
    }

    #[test]
    fn other_purposes_are_people() {
        for (name, value) in [
            ("sec-purpose", ""),
            ("purpose", "navigate"),
            ("purpose", "prefetching"),
            ("x-purpose", "no-prefetch"),
            ("x-requested-with", "prefetch"),
        ] {
            assert!(!announced(&[(name, value.as_bytes())]), "{name}: {value}");
        }
    }
}
