//! Version 1: a line of text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{ProxyFault, SHORTEST, Source, Step};

/// The longest line with its end, in octets.
const LONGEST: usize = 107;
const PREFIX: &[u8] = b"PROXY ";

/// As [`super::step`].
pub(super) fn step(octets: &[u8]) -> Result<Step, ProxyFault> {
    if !PREFIX.starts_with(&octets[..octets.len().min(PREFIX.len())]) {
        return Err(ProxyFault::Signature);
    }
    if octets.len() < SHORTEST {
        return Ok(Step::Read(SHORTEST - octets.len()));
    }
    if let Some(line) = octets.strip_suffix(b"\r\n") {
        return source(line).map(Step::Done).ok_or(ProxyFault::Line);
    }
    if octets.contains(&b'\n') {
        return Err(ProxyFault::Line);
    }
    if octets.len() >= LONGEST {
        return Err(ProxyFault::Length);
    }
    // The line may end with the next octet but one.
    Ok(Step::Read(if octets.ends_with(b"\r") { 1 } else { 2 }))
}

fn source(line: &[u8]) -> Option<Source> {
    let text = std::str::from_utf8(line.strip_prefix(PREFIX)?).ok()?;
    let mut words = text.split(' ');
    let read: fn(&str) -> Option<IpAddr> = match words.next()? {
        "UNKNOWN" => return Some(Source::Own),
        "TCP4" => |word| word.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        "TCP6" => |word| word.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        _ => return None,
    };
    let client = read(words.next()?)?;
    read(words.next()?)?;
    let port = port(words.next()?)?;
    self::port(words.next()?)?;
    words
        .next()
        .is_none()
        .then(|| Source::Client(SocketAddr::new(client, port)))
}

/// Reads a port as the protocol writes it: without a sign and without zeros in front.
fn port(word: &str) -> Option<u16> {
    let plain =
        word.bytes().all(|octet| octet.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
    plain.then(|| word.parse().ok()).flatten()
}
