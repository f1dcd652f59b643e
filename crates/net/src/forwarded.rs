//! What trusted proxies say in HTTP headers of whom they speak for.
//!
//! Each proxy appends whom it was asked by, so that the list is believed from its end: as long as the proxy that wrote an
//! entry is trusted, the entry holds. The first that is no trusted proxy's is the client's.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use crossbar_config::{ForwardedHeader, Forwarding, Proxies};
use http::header::{CONNECTION, FORWARDED};
use http::{HeaderMap, HeaderName};

use crate::site::Peer;

/// What no proxy passes on that is set up right: whose the request is cannot be told.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Unclear {
    /// Proxies that heed this leave out their own entry as well.
    #[error("the Connection header names {0}, so that proxies do not pass it on")]
    Dropped(HeaderName),
    /// An entry that comes after what is broken could be part of it.
    #[error("the Forwarded header breaks the grammar of RFC 7239")]
    Malformed,
}

/// Gives whom a request comes from: who is connected, or whom that one speaks for. Whoever is trusted to speak for others never
/// speaks for itself.
///
/// # Errors
/// Says why that cannot be known.
pub(crate) fn client<'a>(
    forwarding: &Forwarding,
    headers: &HeaderMap,
    connected: &'a Peer,
) -> Result<Cow<'a, Peer>, Unclear> {
    let proxies = &forwarding.proxies;
    // Whom a proxy of octets did not name is nobody that was ever trusted.
    if connected.forwarded || !proxies.trust(connected.ip()) {
        return Ok(Cow::Borrowed(connected));
    }
    let hops = match forwarding.header {
        ForwardedHeader::XForwardedFor => {
            passed_on(headers, &[X_FORWARDED_FOR, X_FORWARDED_PROTO])?;
            listed(headers)
        }
        ForwardedHeader::Forwarded => {
            passed_on(headers, &[FORWARDED])?;
            forwarded(headers)?
        }
    };
    let (address, secure) = match first(proxies, hops) {
        Some((address, secure)) => (Some(address), secure),
        None => (connected.address, None),
    };
    Ok(Cow::Owned(Peer {
        address,
        via: connected.address,
        secure: secure.unwrap_or(connected.secure),
        // They are the proxy's: whoever comes through it must not join as the proxy, nor if it does not tell who that is.
        credentials: None,
        forwarded: true,
    }))
}

/// Follows a chain from its end to the first that is no trusted proxy, or to the last of whom anything is known. None if there is
/// none, or if there are too many to be followed.
fn first(proxies: &Proxies, hops: Vec<Hop>) -> Option<(SocketAddr, Option<bool>)> {
    let mut client = None;
    for (number, hop) in hops.into_iter().rev().enumerate() {
        let Some(address) = hop.address else {
            break;
        };
        if number == MOST_HOPS {
            return None;
        }
        client = Some((address, hop.secure));
        if !proxies.trust(Some(address.ip())) {
            break;
        }
    }
    client
}

/// Makes sure that a client has not asked proxies to leave out headers.
fn passed_on(headers: &HeaderMap, names: &[HeaderName]) -> Result<(), Unclear> {
    let dropped = items(headers, &CONNECTION).find_map(|item| {
        let named = |name: &&HeaderName| name.as_str().eq_ignore_ascii_case(item);
        names.iter().find(named)
    });
    dropped.map_or(Ok(()), |name| Err(Unclear::Dropped(name.clone())))
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

/// Reads `Forwarded`.
fn forwarded(headers: &HeaderMap) -> Result<Vec<Hop>, Unclear> {
    let mut hops = Vec::new();
    for line in headers.get_all(FORWARDED) {
        let elements = line.to_str().ok().and_then(elements);
        hops.extend(elements.ok_or(Unclear::Malformed)?);
    }
    Ok(hops)
}

impl Hop {
    const UNKNOWN: Self = Self {
        address: None,
        secure: None,
    };
}

/// Reads a line: elements between commas, each of pairs between semicolons, a value being a token or a quoted string. What is
/// empty between them does not count (RFC 9110, "Lists").
fn elements(line: &str) -> Option<Vec<Hop>> {
    let mut hops = Vec::new();
    let mut hop = None;
    let mut rest = line.trim_start();
    loop {
        if !rest.starts_with([',', ';']) && !rest.is_empty() {
            rest = pair(rest, hop.get_or_insert(Hop::UNKNOWN))?;
        }
        match rest.chars().next() {
            None => {
                hops.extend(hop);
                return Some(hops);
            }
            Some(';') => {}
            Some(',') => hops.extend(hop.take()),
            Some(_) => return None,
        }
        rest = rest[1..].trim_start();
    }
}

/// Takes a pair off the front, and notes what it tells; gives what follows it.
fn pair<'a>(text: &'a str, hop: &mut Hop) -> Option<&'a str> {
    let (name, after) = text.split_once('=')?;
    if !name.bytes().all(is_of_token) {
        return None;
    }
    let (value, after) = value(after)?;
    if name.eq_ignore_ascii_case("for") {
        hop.address = address(&value);
    } else if name.eq_ignore_ascii_case("proto") {
        hop.secure = is_secure(&value);
    }
    Some(after.trim_start())
}

/// Says whether an octet may stand in a token (RFC 9110, "Tokens").
fn is_of_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
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
        match client(&forwarding(header), &headers, &peer) {
            Ok(client) => {
                let address = client.address.map(|address| address.to_string());
                (address.unwrap_or_default(), client.secure)
            }
            Err(unclear) => (unclear.to_string(), false),
        }
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
            (ForwardedHeader::XForwardedFor, "other", "192.0.2.7"),
            (ForwardedHeader::Forwarded, FOR, "192.0.2.7"),
            (ForwardedHeader::Forwarded, "forwarded", "for=_hidden"),
        ] {
            for connected in ["10.0.0.1:9", ""] {
                let peer = Peer {
                    address: connected.parse().ok(),
                    credentials: Some(Arc::new(Credentials {
                        channel: None,
                        certificate: None,
                    })),
                    ..Peer::default()
                };
                let mut headers = HeaderMap::new();
                let name = HeaderName::from_bytes(&name.to_lowercase().into_bytes()).unwrap();
                headers.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
                let client = client(&forwarding(header), &headers, &peer).unwrap();
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
            (", for=1.1.1.1;;,, ;for=192.0.2.7; ,", "192.0.2.7:0", false),
        ] {
            let lines = [("Forwarded", line), ("X-Forwarded-For", "3.3.3.3")];
            let told = told(ForwardedHeader::Forwarded, "10.0.0.1:9", &lines);
            assert_eq!(told, (address.to_owned(), secure), "{line}");
        }
    }

    #[test]
    fn what_a_client_breaks_hides_nobody() {
        for lines in [
            &["for=\"1.1.1.1"][..],
            &["for=\", for=192.0.2.7"],
            &["for=\"\\", "for=192.0.2.7"],
            &["host=\", for=192.0.2.7;by=\"10.0.0.1\""],
            &["nonsense", "for=192.0.2.7"],
            &["nonsense, for=192.0.2.7"],
            &["non sense=1, for=192.0.2.7"],
            &["=1, for=192.0.2.7 by=2"],
            &["\u{ff}, for=192.0.2.7"],
        ] {
            let lines: Vec<_> = lines.iter().map(|line| ("Forwarded", *line)).collect();
            let (what, _) = told(ForwardedHeader::Forwarded, "10.0.0.1:9", &lines);
            assert_eq!(what, Unclear::Malformed.to_string(), "{lines:?}");
            let (elsewhere, _) = told(ForwardedHeader::Forwarded, "11.0.0.1:9", &lines);
            assert_eq!(elsewhere, "11.0.0.1:9");
        }
    }

    #[test]
    fn what_proxies_are_told_to_leave_out_is_missed() {
        use ForwardedHeader::{Forwarded, XForwardedFor};
        for (header, connection, is_missed) in [
            (XForwardedFor, "close, X-FORWARDED-for", true),
            (XForwardedFor, "x-forwarded-proto", true),
            (XForwardedFor, "Upgrade, Forwarded", false),
            (Forwarded, "forwarded", true),
            (Forwarded, "close, X-Forwarded-For", false),
        ] {
            let lines = [("Connection", connection)];
            let (address, _) = told(header, "10.0.0.1:9", &lines);
            assert_eq!(address != "10.0.0.1:9", is_missed, "{address}");
            assert_eq!(told(header, "11.0.0.1:9", &lines).0, "11.0.0.1:9");
        }
    }

    #[test]
    fn a_chain_without_end_leads_to_nobody() {
        for (count, address) in [(32, "10.0.0.3:0"), (33, "10.0.0.1:9")] {
            let chain = vec!["10.0.0.3"; count].join(", ");
            let told = told(
                ForwardedHeader::XForwardedFor,
                "10.0.0.1:9",
                &[(FOR, &chain)],
            );
            assert_eq!(told.0, address);
        }
    }
}
