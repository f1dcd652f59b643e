//! What trusted proxies say in HTTP headers of whom they speak for.
//!
//! Each proxy appends whom it was asked by, so that the list is believed from its end: as long as the proxy that wrote an
//! entry is trusted, the entry holds. The first that is no trusted proxy's is the client's.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use crossbar_config::{ForwardedHeader, Forwarding};
use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};

use crate::site::Peer;

/// Gives whom a request comes from: who is connected, or whom that one speaks for.
pub(crate) fn client<'a>(
    forwarding: &Forwarding,
    headers: &HeaderMap,
    connected: &'a Peer,
) -> Cow<'a, Peer> {
    let proxies = &forwarding.proxies;
    if !proxies.trust(connected.ip()) {
        return Cow::Borrowed(connected);
    }
    let hops = match forwarding.header {
        ForwardedHeader::XForwardedFor => listed(headers),
        ForwardedHeader::Forwarded => forwarded(headers),
    };
    if hops.is_empty() {
        return Cow::Borrowed(connected);
    }
    let mut client = None;
    for hop in hops.into_iter().rev().take(MOST_HOPS) {
        let Some(address) = hop.address else {
            break;
        };
        client = Some((address, hop.secure));
        if !proxies.trust(Some(address.ip())) {
            break;
        }
    }
    let (address, secure) = match client {
        Some((address, secure)) => (Some(address), secure),
        None => (connected.address, None),
    };
    Cow::Owned(Peer {
        address,
        via: connected.address,
        secure: secure.unwrap_or(connected.secure),
        // They are the proxy's: whoever comes through it must not join as the proxy, nor if it does not tell who that is.
        credentials: None,
        forwarded: true,
    })
}

/// Someone in a chain of proxies.
#[derive(Debug, Eq, PartialEq)]
struct Hop {
    /// None if it is not told, or cannot be read.
    address: Option<SocketAddr>,
    /// Whether it used TLS, if that is told.
    secure: Option<bool>,
}

/// Reads `X-Forwarded-For`, and of `X-Forwarded-Proto` what the last proxy has written.
fn listed(headers: &HeaderMap) -> Vec<Hop> {
    let secure = items(headers, &X_FORWARDED_PROTO)
        .last()
        .and_then(is_secure);
    items(headers, &X_FORWARDED_FOR)
        .map(|item| Hop {
            address: address(item),
            secure,
        })
        .collect()
}

fn items<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .into_iter()
        .flat_map(|line| line.as_bytes().split(|&octet| octet == b','))
        // What a client made up before the proxy's own entry does not make that unreadable.
        .map(|item| std::str::from_utf8(item).unwrap_or("?").trim())
}

/// Reads `Forwarded`. From a line that breaks the grammar comes one hop of which nothing is known.
fn forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let mut hops = Vec::new();
    for line in headers.get_all(FORWARDED) {
        let elements = line.to_str().ok().and_then(elements);
        hops.extend(elements.unwrap_or_else(|| vec![Hop::UNKNOWN]));
    }
    hops
}

impl Hop {
    const UNKNOWN: Self = Self {
        address: None,
        secure: None,
    };
}

/// Reads a line: elements between commas, each of pairs between semicolons, a value being a token or a quoted string.
fn elements(line: &str) -> Option<Vec<Hop>> {
    let mut hops = vec![Hop::UNKNOWN];
    let mut rest = line.trim_start();
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = value(after)?;
        let hop = hops.last_mut()?;
        if name.eq_ignore_ascii_case("for") {
            hop.address = address(&value);
        } else if name.eq_ignore_ascii_case("proto") {
            hop.secure = is_secure(&value);
        }
        let after = after.trim_start();
        match after.chars().next() {
            None => return Some(hops),
            Some(';') => {}
            Some(',') => hops.push(Hop::UNKNOWN),
            Some(_) => return None,
        }
        rest = after[1..].trim_start();
    }
}

/// Takes a value off the front; gives what follows it, too.
fn value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ';', ' ', '\t']).unwrap_or(text.len());
        return Some((Cow::Borrowed(&text[..end]), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((Cow::Owned(value), &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

/// Reads an address, with a port or without; IPv6 may stand in brackets. Without a port it is 0.
fn address(text: &str) -> Option<SocketAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let address = text
        .parse()
        .ok()
        .or_else(|| bare.parse().ok().map(|ip: IpAddr| SocketAddr::new(ip, 0)))?;
    Some(SocketAddr::new(address.ip().to_canonical(), address.port()))
}

fn is_secure(scheme: &str) -> Option<bool> {
    match scheme.to_ascii_lowercase().as_str() {
        "https" | "wss" => Some(true),
        "http" | "ws" => Some(false),
        _ => None,
    }
}

/// The most proxies in a chain.
const MOST_HOPS: usize = 32;
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crossbar_config::{Network, Proxies};
    use crossbar_core::{ChannelFraming, ChannelType, Credentials};
    use crossbar_wire::Format;
    use http::HeaderValue;

    use super::*;

    fn forwarding(header: ForwardedHeader) -> Forwarding {
        let networks = ["10.0.0.0/8", "::1"].map(|text| Network::parse(text).unwrap());
        Forwarding {
            proxies: Proxies::new(networks.to_vec(), true),
            header,
        }
    }

    /// Gives the client's address and whether it uses TLS, as told by these header lines to whom this one is connected.
    fn told(header: ForwardedHeader, connected: &str, lines: &[(&str, &str)]) -> (String, bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let peer = Peer {
            address: connected.parse().ok(),
            ..Peer::default()
        };
        let client = client(&forwarding(header), &headers, &peer);
        let address = client.address.map(|address| address.to_string());
        (address.unwrap_or_default(), client.secure)
    }

    const FOR: &str = "X-Forwarded-For";
    const PROTO: &str = "X-Forwarded-Proto";
    type Chain = (
        &'static str,
        &'static [(&'static str, &'static str)],
        &'static str,
        bool,
    );

    /// Who is connected, the header lines, and what is told of the client.
    const CHAINS: &[Chain] = &[
        ("10.0.0.1:9", &[(FOR, "192.0.2.7")], "192.0.2.7:0", false),
        (
            "10.0.0.1:9",
            &[(FOR, "1.1.1.1, 192.0.2.7, 10.0.0.2")],
            "192.0.2.7:0",
            false,
        ),
        (
            "10.0.0.1:9",
            &[(FOR, "1.1.1.1"), (FOR, "192.0.2.7:55")],
            "192.0.2.7:55",
            false,
        ),
        (
            "10.0.0.1:9",
            &[(FOR, "10.9.9.9,10.0.0.2")],
            "10.9.9.9:0",
            false,
        ),
        (
            "10.0.0.1:9",
            &[(FOR, "1.1.1.1, unknown")],
            "10.0.0.1:9",
            false,
        ),
        (
            "10.0.0.1:9",
            &[(FOR, "nonsense, 10.0.0.3")],
            "10.0.0.3:0",
            false,
        ),
        ("10.0.0.1:9", &[(FOR, "192.0.2.7,")], "10.0.0.1:9", false),
        (
            "10.0.0.1:9",
            &[(FOR, "2001:db8::1"), (PROTO, "https")],
            "[2001:db8::1]:0",
            true,
        ),
        (
            "10.0.0.1:9",
            &[(FOR, "[2001:db8::1]:5"), (PROTO, "https, http")],
            "[2001:db8::1]:5",
            false,
        ),
        (
            "[::1]:9",
            &[(FOR, "::ffff:192.0.2.7")],
            "192.0.2.7:0",
            false,
        ),
        (
            "10.0.0.1:9",
            &[(FOR, "\u{ff}, 192.0.2.7")],
            "192.0.2.7:0",
            false,
        ),
        ("", &[(FOR, "192.0.2.7")], "192.0.2.7:0", false),
        ("10.0.0.1:9", &[(PROTO, "https")], "10.0.0.1:9", false),
        (
            "10.0.0.1:9",
            &[("Forwarded", "for=192.0.2.7")],
            "10.0.0.1:9",
            false,
        ),
        (
            "11.0.0.1:9",
            &[(FOR, "192.0.2.7"), (PROTO, "https")],
            "11.0.0.1:9",
            false,
        ),
    ];

    #[test]
    fn the_last_that_is_no_trusted_proxy_is_the_client() {
        for &(connected, lines, address, secure) in CHAINS {
            let told = told(ForwardedHeader::XForwardedFor, connected, lines);
            assert_eq!(told, (address.to_owned(), secure), "{lines:?}");
        }
    }

    #[test]
    fn who_comes_through_a_proxy_is_never_the_proxy() {
        for (header, name, line) in [
            (ForwardedHeader::XForwardedFor, FOR, "unknown"),
            (ForwardedHeader::XForwardedFor, FOR, "\u{ff}"),
            (ForwardedHeader::Forwarded, "forwarded", "for=\""),
            (ForwardedHeader::Forwarded, "forwarded", "for=_hidden"),
        ] {
            for connected in ["10.0.0.1:9", ""] {
                let peer = Peer {
                    address: connected.parse().ok(),
                    credentials: Some(Arc::new(Credentials {
                        channel: None,
                        certificate: None,
                        cookie: None,
                    })),
                    ..Peer::default()
                };
                let mut headers = HeaderMap::new();
                let name = HeaderName::from_bytes(&name.to_lowercase().into_bytes()).unwrap();
                headers.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
                let client = client(&forwarding(header), &headers, &peer);
                assert!(client.credentials.is_none(), "{line}");
                assert_eq!(client.address, peer.address, "{line}");
                let seen = client.client(ChannelFraming::WebSocket, Format::Json);
                assert_ne!(seen.transport.channel, ChannelType::Unix, "{line}");
            }
        }
    }

    #[test]
    fn forwarded_is_read_where_it_is_chosen() {
        for (line, address, secure) in [
            (
                "for=192.0.2.60;proto=https;by=10.0.0.1",
                "192.0.2.60:0",
                true,
            ),
            (
                "For=\"[2001:db8:cafe::17]:4711\"",
                "[2001:db8:cafe::17]:4711",
                false,
            ),
            (
                "for=1.1.1.1, for=192.0.2.43; Proto=HTTPS, for=10.0.0.9;proto=http",
                "192.0.2.43:0",
                true,
            ),
            ("for=\"192.0.2.\\43:1\"", "192.0.2.43:1", false),
            ("for=1.1.1.1, for=unknown", "10.0.0.1:9", false),
            (
                "for=1.1.1.1, for=_hidden, for=10.0.0.8",
                "10.0.0.8:0",
                false,
            ),
            ("for=1.1.1.1, host=\"a,for=2.2.2.2\"", "10.0.0.1:9", false),
            ("for=\"1.1.1.1", "10.0.0.1:9", false),
            ("nonsense", "10.0.0.1:9", false),
            ("for=1.1.1.1,", "10.0.0.1:9", false),
        ] {
            let lines = [("Forwarded", line), ("X-Forwarded-For", "3.3.3.3")];
            let told = told(ForwardedHeader::Forwarded, "10.0.0.1:9", &lines);
            assert_eq!(told, (address.to_owned(), secure), "{line}");
        }
    }
}
