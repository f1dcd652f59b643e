//! Which proxies are believed when they say whom they speak for.

use std::net::IpAddr;

use serde::Deserialize;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::written::{Written, given};
use crate::{Hint, Problem};

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    first: IpAddr,
    bits: u32,
}

/// Whose word on their clients' addresses counts.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Proxies {
    networks: Vec<Network>,
    unix: bool,
}

/// `trusted_proxies`, `forwarded_header`: where a request's client is told by proxies.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Forwarding {
    /// `trusted_proxies`: addresses, networks such as `10.0.0.0/8`, and `unix` for whoever connects to a Unix socket. None
    /// by default: the header of everybody else is ignored.
    pub proxies: Proxies,
    /// `forwarded_header`
    pub header: ForwardedHeader,
}

/// `forwarded_header`: which one the proxies write. Others are ignored, since a proxy passes on what it does not know.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ForwardedHeader {
    /// `x-forwarded-for`, and `X-Forwarded-Proto` with it.
    #[default]
    XForwardedFor,
    /// `forwarded` (RFC 7239).
    Forwarded,
}

impl Network {
    /// Reads an address, or one with the number of leading bits that count: `10.0.0.0/8`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().ok()?;
        let most = width(first);
        let plain = |bits: &str| bits.bytes().all(|octet| octet.is_ascii_digit());
        let bits = match bits {
            Some(bits) if plain(bits) => bits.parse().ok().filter(|bits| *bits <= most)?,
            Some(_) => return None,
            None => most,
        };
        // What is IPv4 in IPv6's clothes is compared as IPv4.
        let (first, bits) = match (first.to_canonical(), bits.checked_sub(96)) {
            (v4 @ IpAddr::V4(_), Some(bits)) if first.is_ipv6() => (v4, bits),
            (_, _) => (first, bits),
        };
        let network = Self { first, bits };
        (network.host_part(first) == 0).then_some(network)
    }

    /// Says whether an address is among them. An IPv4 address that is written as IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        width(address) == width(self.first)
            && number(address) ^ self.host_part(address) == number(self.first)
    }

    /// Gives the bits of an address that do not count.
    fn host_part(self, address: IpAddr) -> u128 {
        let free = width(self.first) - self.bits;
        let mask = 1_u128.checked_shl(free).map_or(u128::MAX, |bit| bit - 1);
        number(address) & mask
    }
}

fn width(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

impl Proxies {
    /// Makes a set of networks, with Unix sockets or without.
    #[must_use]
    pub const fn new(networks: Vec<Network>, unix: bool) -> Self {
        Self { networks, unix }
    }

    /// Says whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.networks.is_empty() && !self.unix
    }

    /// Says whether whoever connects from an address (none on a Unix socket) is one of them.
    #[must_use]
    pub fn trust(&self, address: Option<IpAddr>) -> bool {
        match address {
            Some(address) => self
                .networks
                .iter()
                .any(|network| network.contains(address)),
            None => self.unix,
        }
    }

    /// Reads a list of networks, and of `unix` where that has a meaning.
    fn read(reading: &mut Reading, value: Option<Value>, at: &Place, may_be_unix: bool) -> Self {
        let mut proxies = Self::default();
        for (item, at) in reading.items(value, at) {
            match item.as_str() {
                Some("unix") if may_be_unix => proxies.unix = true,
                Some(text) if let Some(network) = Network::parse(text) => {
                    proxies.networks.push(network);
                }
                Some(_) | None => {
                    let problem = Problem::Rule(NETWORK);
                    let hint = Hint::Advice("no bits may be set beyond the length");
                    reading.fault_with(&at, problem, Some(item), Some(hint));
                }
            }
        }
        proxies
    }
}

/// `proxy_protocol` of a TCP endpoint as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProxyProtocolAsWritten {
    #[serde(default, deserialize_with = "given")]
    from: Option<Value>,
}

impl Written for ProxyProtocolAsWritten {
    const REQUIRED: &'static [&'static str] = &["from"];
}

/// Reads `proxy_protocol` of a TCP endpoint.
pub(crate) fn read_protocol(reading: &mut Reading, value: Option<Value>, at: &Place) -> Proxies {
    let Some(value) = value else {
        return Proxies::default();
    };
    let Some(written) = reading.read::<ProxyProtocolAsWritten>(value, at) else {
        return Proxies::default();
    };
    let is_there = written.from.is_some();
    let proxies = Proxies::read(reading, written.from, &at.key("from"), false);
    if is_there && proxies.is_empty() {
        reading.notice(at, "has no effect: \"from\" names no proxies");
    }
    proxies
}

impl Forwarding {
    /// Reads what a transport says about proxies.
    pub(crate) fn read(
        reading: &mut Reading,
        proxies: Option<Value>,
        header: Option<&str>,
        at: &Place,
    ) -> Self {
        let meanings = [
            ("x-forwarded-for", ForwardedHeader::XForwardedFor),
            ("forwarded", ForwardedHeader::Forwarded),
        ];
        let at_header = at.key("forwarded_header");
        let header = header.and_then(|word| {
            reading.one_of(&word.to_ascii_lowercase(), "header", &meanings, &at_header)
        });
        let proxies = Proxies::read(reading, proxies, &at.key("trusted_proxies"), true);
        if header.is_some() && proxies.is_empty() {
            reading.notice(&at_header, "has no effect without \"trusted_proxies\"");
        }
        Self {
            proxies,
            header: header.unwrap_or_default(),
        }
    }
}

const NETWORK: &str = "not an address, and not a network such as 10.0.0.0/8 or fd00::/8";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("10.0.0.0/8", "::ffff:10.0.0.1", "a00::"),
            ("::ffff:10.0.0.0/104", "10.255.0.1", "11.0.0.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.6/31", "192.0.2.7", "192.0.2.8"),
            ("0.0.0.0/0", "203.0.113.1", "::1"),
            ("::/0", "fe80::1", "127.0.0.1"),
            ("::1", "::1", "::2"),
            ("fd00::/8", "fdff::1", "fe00::"),
        ] {
            let contains = |address: &str| {
                let address = address.parse().unwrap();
                Network::parse(network).unwrap().contains(address)
            };
            assert!(contains(inside), "{network} {inside}");
            assert!(!contains(outside), "{network} {outside}");
        }
        for text in [
            "",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.1/8",
            "::1/64",
            "::ffff:10.0.0.1/104",
            "host",
            "10.0.0/8",
            "::/129",
            "10.0.0.0/8/8",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
