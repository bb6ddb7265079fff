//! Who is asking, as far as the connection and trusted proxies tell.

mod forwarded;

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use poem::{Request, http::HeaderMap};

/// The client's address: the peer's, or, as long as that is a trusted proxy, the one that it names before itself
/// ([`forwarded::hops`]). An untrusted peer's header is ignored. `None` when a trusted proxy names no client
/// that can be read: then the client is unknown, and not the proxy.
pub fn client_address(request: &Request, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = request.remote_addr().as_socket_addr()?.ip();
    behind(peer, request.headers(), trusted)
}

/// Whom limits count the request of: the client or, where a trusted proxy names none, that proxy.
pub fn limited_client(request: &Request, trusted: &[IpNet]) -> IpAddr {
    let peer = request
        .remote_addr()
        .as_socket_addr()
        .map(std::net::SocketAddr::ip);
    let client = peer.map(|peer| behind(peer, request.headers(), trusted).unwrap_or(peer));
    client.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |ip| ip.to_canonical())
}

/// Whether the request came through a trusted proxy.
pub fn is_behind_proxy(request: &Request, trusted: &[IpNet]) -> bool {
    request.remote_addr().as_socket_addr().is_some_and(|peer| {
        let peer = peer.ip().to_canonical();
        trusted.iter().any(|network| network.contains(&peer))
    })
}

fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let mut address = peer.to_canonical();
    if trusted.is_empty() {
        return Some(address);
    }
    let mut hops = forwarded::hops(headers).into_iter().rev();
    while trusted.iter().any(|n| n.contains(&address)) {
        match hops.next() {
            Some(before) => address = before?,
            None => break,
        }
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::http::HeaderValue;

    fn address(peer: &str, lines: &[(&'static str, &str)]) -> Option<String> {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"]
            .map(|n| n.parse().unwrap())
            .into();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        behind(peer.parse().unwrap(), &headers, &trusted).map(|a| a.to_string())
    }

    fn x_forwarded_for(peer: &str, value: &str) -> Option<String> {
        address(peer, &[("x-forwarded-for", value)])
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        for (peer, value, expected) in [
            ("192.0.2.1", "198.51.100.7", Some("192.0.2.1")),
            ("10.0.0.1", "198.51.100.7", Some("198.51.100.7")),
            (
                "10.0.0.1",
                "1.2.3.4, 198.51.100.7, 10.9.9.9",
                Some("198.51.100.7"),
            ),
            (
                "10.0.0.1",
                "1.2.3.4:1, 198.51.100.7:2, [fd00::1]:3",
                Some("198.51.100.7"),
            ),
            (
                "::ffff:10.0.0.1",
                "::ffff:198.51.100.7",
                Some("198.51.100.7"),
            ),
            // A request of a proxy's own, or from inside.
            ("10.0.0.1", "10.0.0.2", Some("10.0.0.2")),
            ("10.0.0.1", "", Some("10.0.0.1")),
            ("10.0.0.1", "garbage", None),
            ("10.0.0.1", "1.2.3.4, unknown", None),
            ("10.0.0.1", "unknown, 1.2.3.4", Some("1.2.3.4")),
        ] {
            assert_eq!(
                x_forwarded_for(peer, value).as_deref(),
                expected,
                "{peer} {value}"
            );
        }
    }

    #[test]
    fn several_lines_are_one_list_and_the_usual_header_wins() {
        let lines = [
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-for", "5.6.7.8, 10.0.0.2"),
        ];
        assert_eq!(address("10.0.0.1", &lines).as_deref(), Some("5.6.7.8"));
        let both = [("forwarded", "for=1.2.3.4"), ("x-forwarded-for", "5.6.7.8")];
        assert_eq!(address("10.0.0.1", &both).as_deref(), Some("5.6.7.8"));
        let standard = [
            ("forwarded", "for=1.2.3.4"),
            ("Forwarded", "For=5.6.7.8;proto=https, for=10.0.0.2"),
        ];
        assert_eq!(
            address("10.0.0.1", &standard.map(|(_, v)| ("forwarded", v))).as_deref(),
            Some("5.6.7.8")
        );
        assert_eq!(
            address("192.0.2.1", &[("forwarded", "for=1.2.3.4")]).as_deref(),
            Some("192.0.2.1")
        );
    }
}
