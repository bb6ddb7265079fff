//! The session's cookie (RFC 6265bis).
//!
//! Over TLS its name begins with `__Host-`, so no other host of the domain and no plain connection can set it. With an http `BASE_URL`
//! neither the prefix nor `Secure`: Safari takes none of such cookies from <http://localhost>.

use poem::http::{HeaderMap, HeaderValue, header};

const SECURE: &str = "__Host-qro_session";
const PLAIN: &str = "qro_session";

const fn name(https: bool) -> &'static str {
    if https { SECURE } else { PLAIN }
}

/// Of the cookie that binds a sign-in at a provider to the browser in which it was started.
const fn sign_in_name(https: bool) -> &'static str {
    if https {
        "__Host-qro_signin"
    } else {
        "qro_signin"
    }
}

/// The token of the session; `None` also where there are two of them, because one was planted.
pub fn session(headers: &HeaderMap, https: bool) -> Option<&[u8]> {
    value(headers, name(https))
}

/// What binds a sign-in to this browser.
pub fn sign_in(headers: &HeaderMap, https: bool) -> Option<&str> {
    str::from_utf8(value(headers, sign_in_name(https))?).ok()
}

fn value<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h [u8]> {
    let name = name.as_bytes();
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines.flat_map(|line| line.as_bytes().split(|b| *b == b';'));
    let mut values = pairs.filter_map(|pair| {
        let value = pair.trim_ascii().strip_prefix(name)?;
        value.strip_prefix(b"=")
    });
    let token = values.next()?;
    (values.next().is_none() && !token.is_empty()).then_some(token)
}

/// `Set-Cookie` with a new token. `Lax`: with `Strict`, single sign-on would come back without it and begin again.
pub fn set(token: &str, https: bool) -> HeaderValue {
    made(name(https), token, 604_800, https)
}

/// `Set-Cookie` for a sign-in at a provider, as long as that may take. `Lax`, because the provider sends the browser back.
pub fn set_sign_in(secret: &str, https: bool) -> HeaderValue {
    made(sign_in_name(https), secret, 600, https)
}

fn made(name: &str, token: &str, max_age_secs: u32, https: bool) -> HeaderValue {
    let secure = if https { "; Secure" } else { "" };
    let text =
        format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_secs}{secure}");
    // A token is hexadecimal.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// `Set-Cookie` that deletes it.
pub fn clear(https: bool) -> HeaderValue {
    HeaderValue::from_static(if https {
        "__Host-qro_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure"
    } else {
        "qro_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&'static str], https: bool) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_static(line));
        }
        session(&headers, https).map(|token| String::from_utf8_lossy(token).into_owned())
    }

    #[test]
    fn one_cookie_of_the_right_name_is_read() {
        for (lines, https, expected) in [
            (&["qro_session=ab"][..], false, Some("ab")),
            (&["a=1; qro_session=ab; b=2"], false, Some("ab")),
            (&["a=1", "qro_session=ab"], false, Some("ab")),
            (&["__Host-qro_session=ab"], true, Some("ab")),
            // A plain one beside TLS was set by somebody else.
            (&["qro_session=ab"], true, None),
            (&["qro_session=ab; qro_session=cd"], false, None),
            (
                &["xqro_session=ab", "qro_sessions=ab", "qro_session"],
                false,
                None,
            ),
            (&["qro_session="], false, None),
            (&[], false, None),
        ] {
            assert_eq!(read(lines, https).as_deref(), expected, "{lines:?}");
        }
    }

    #[test]
    fn what_is_set_is_read_and_guarded() {
        for https in [false, true] {
            let text = set("0123", https).to_str().unwrap().to_owned();
            assert!(
                text.contains("; Path=/; HttpOnly; SameSite=Lax; "),
                "{text}"
            );
            assert_eq!(text.contains("; Secure"), https);
            assert_eq!(text.starts_with("__Host-"), https);
            assert!(!text.contains("Domain"));
            let gone = clear(https).to_str().unwrap().to_owned();
            assert!(gone.contains("Max-Age=0"), "{gone}");
            assert_eq!(gone.starts_with(SECURE), https);
        }
    }
}
