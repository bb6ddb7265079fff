//! The host that a request names (RFC 9112 §3.2) and the site that it comes from: only pages of this site may change state.
//!
//! A browser sends the password that it knows along with a request that another site made. It says so, too:
//! `Sec-Fetch-Site` (Fetch Metadata) or, older and on plain HTTP, `Origin`. What sends neither is no browser and has no
//! password by itself. So no token is needed, and no content type protects anything. Go's `CrossOriginProtection` does
//! the same. Pages of other sites could not read an answer anyway: nothing here answers a preflight (CORS).
//!
//! A session's cookie is only taken along with one of the two, and `http::may` asks for a token besides.

use std::net::Ipv6Addr;

use poem::{
    Request,
    http::{HeaderMap, HeaderName, HeaderValue, Version, header, uri::Authority},
};
use url::Url;

use crate::{
    http::cookie,
    kernel::{Error, Kind, Result},
};

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What only draws or reads: a page of another site may send a form there, because nothing changes.
const STATELESS: [&str; 5] = [
    "/v1/create-qr-code",
    "/v1/read-qr-code",
    "/qr",
    "/chart",
    "/gchart",
];

pub struct Site {
    /// Of `BASE_URL`, as browsers spell it: `https://qr.example`.
    origin: String,
}

impl Site {
    pub fn new(base_url: &str) -> Self {
        let origin = Url::parse(base_url).map(|url| url.origin().ascii_serialization());
        Self {
            origin: origin.unwrap_or_default(),
        }
    }

    /// # Errors
    /// `Malformed` without one valid `Host`; `Forbidden` for a change that another site asks for.
    pub fn check(&self, request: &Request) -> Result<()> {
        self.check_host(request)?;
        let path = request.uri().path();
        let is_stateless = STATELESS.contains(&path.strip_suffix('/').unwrap_or(path));
        if request.method().is_safe() || is_stateless {
            return Ok(());
        }
        let headers = request.headers();
        if self.is_foreign(headers) {
            let message = "another site may not change anything here in your name; pages of ours are at BASE_URL";
            return Err(Error::new(Kind::Forbidden, message));
        }
        // RFC 6265 §5.4: only browsers send cookies by themselves, and those of today say where a request comes from.
        let says = headers.contains_key(&SEC_FETCH_SITE) || headers.contains_key(header::ORIGIN);
        if !says && self.is_by_cookie(headers) {
            let message = "with a session, a change has to say where it comes from: send Origin or Sec-Fetch-Site";
            return Err(Error::new(Kind::Forbidden, message));
        }
        Ok(())
    }

    /// Whether a request has nothing but a cookie to be known by.
    fn is_by_cookie(&self, headers: &HeaderMap) -> bool {
        let has_more =
            headers.contains_key(header::AUTHORIZATION) || headers.contains_key("x-api-key");
        !has_more && cookie::session(headers, self.origin.starts_with("https:")).is_some()
    }

    /// One `Host`, as RFC 9112 §3.2 has it; none only in HTTP/1.0.
    fn check_host(&self, request: &Request) -> Result<()> {
        let refused = |message: &'static str| Error::new(Kind::Malformed, message);
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.as_bytes(),
            (None, _) if request.version() < Version::HTTP_11 => return Ok(()),
            (None, _) => return Err(refused("the request has no Host header")),
            (Some(_), Some(_)) => return Err(refused("the request has more than one Host header")),
        };
        if !self.is_own(host) && !is_authority(host) {
            return Err(refused("the Host header is no host and port"));
        }
        Ok(())
    }

    /// Spares most requests the parser.
    fn is_own(&self, host: &[u8]) -> bool {
        of_origin(self.origin.as_bytes()) == Some(host)
    }

    fn is_foreign(&self, headers: &HeaderMap) -> bool {
        let mut sites = headers.get_all(&SEC_FETCH_SITE).iter().peekable();
        if sites.peek().is_some() {
            // `none`: a person went there, with nothing to send.
            let has_body = headers.contains_key(header::TRANSFER_ENCODING)
                || headers
                    .get(header::CONTENT_LENGTH)
                    .is_some_and(|n| n != "0");
            let is_ours = |site: &HeaderValue| match site.as_bytes() {
                b"same-origin" => true,
                b"none" => !has_body,
                _ => false,
            };
            return !sites.all(is_ours);
        }
        // Not what `Host` says: a name that another site's owner lets lead here is in both.
        let ours = |origin: &HeaderValue| origin.as_bytes() == self.origin.as_bytes();
        !headers.get_all(header::ORIGIN).iter().all(ours)
    }
}

/// `https://host:port` without its scheme.
fn of_origin(origin: &[u8]) -> Option<&[u8]> {
    origin
        .strip_prefix(b"https://")
        .or_else(|| origin.strip_prefix(b"http://"))
}

/// A host, and perhaps a port.
fn is_authority(text: &[u8]) -> bool {
    let Ok(authority) = Authority::try_from(text) else {
        return false;
    };
    let host = authority.host();
    // Whatever else there is before the host is no `Host`.
    let Some(port) = authority.as_str().strip_prefix(host) else {
        return false;
    };
    let is_port = |digits: &str| {
        digits.bytes().all(|b| b.is_ascii_digit())
            && (digits.is_empty() || digits.parse::<u16>().is_ok())
    };
    let is_host = match host.strip_prefix('[') {
        Some(address) => address
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        None => !host.is_empty(),
    };
    is_host && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::http::Method;

    fn check(method: Method, headers: &[(&'static str, &'static str)]) -> Option<Kind> {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let site = Site::new("https://qr.example/codes");
        site.check(&request.finish()).err().map(|e| e.kind())
    }

    #[test]
    fn only_our_own_pages_change_something() {
        let host = ("host", "10.0.0.7:3002");
        let ours = ("origin", "https://qr.example");
        let foreign = ("sec-fetch-site", "cross-site");
        for (headers, passes) in [
            (&[] as &[_], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[foreign], false),
            (&[("sec-fetch-site", "Same-Origin ")], false),
            (&[("sec-fetch-site", "")], false),
            (&[("sec-fetch-site", "none"), foreign], false),
            (&[foreign, ours], false),
            (&[ours], true),
            // Where the request went says nothing: any name may lead here.
            (&[("origin", "http://10.0.0.7:3002")], false),
            (&[("origin", "https://10.0.0.7:3002")], false),
            (&[("sec-fetch-site", "none"), ("content-length", "0")], true),
            (
                &[("sec-fetch-site", "none"), ("content-length", "2")],
                false,
            ),
            (
                &[("sec-fetch-site", "none"), ("transfer-encoding", "chunked")],
                false,
            ),
            (&[("origin", "http://10.0.0.7")], false),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "https://sub.qr.example")], false),
            (&[("origin", "https://qr.example.evil.example")], false),
            (&[("origin", "http://qr.example")], false),
            (&[("origin", "null")], false),
            (&[("origin", "")], false),
            (&[ours, ("origin", "https://evil.example")], false),
        ] {
            let headers = [&[host], headers].concat();
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                let refused = (!passes).then_some(Kind::Forbidden);
                assert_eq!(check(method, &headers), refused, "{headers:?}");
            }
            for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                assert_eq!(check(method, &headers), None, "{headers:?}");
            }
        }
    }
}
