//! Version 2: binary, with addresses of known length and extensions behind them.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{ProxyFault, Source, Step};

/// What a header begins with.
pub(super) const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// The octets up to the addresses: signature, version and command, family and transport, length.
const HEAD: usize = 16;
/// The most that may follow the head, in octets: certificates stand in extensions, but not whole chains.
const LONGEST: usize = 4096;
/// The extension that holds a checksum.
const CHECKSUM: u8 = 0x03;

/// As [`super::step`], once the signature is there.
pub(super) fn step(octets: &[u8]) -> Result<Step, ProxyFault> {
    let Some((head, rest)) = octets.split_at_checked(HEAD) else {
        return Ok(Step::Read(HEAD - octets.len()));
    };
    let length = usize::from(u16::from_be_bytes([head[14], head[15]]));
    if length > LONGEST {
        return Err(ProxyFault::Length);
    }
    let is_local = match head[12] {
        0x20 => true,
        0x21 => false,
        _ => return Err(ProxyFault::Command),
    };
    if rest.len() < length {
        return Ok(Step::Read(length - rest.len()));
    }
    if is_local {
        // Whatever it has of addresses is to be ignored.
        return Ok(Step::Done(Source::Own));
    }
    let (source, taken) = addresses(head[13], rest)?;
    check_extensions(octets, HEAD + taken)?;
    Ok(Step::Done(source))
}

/// Reads the client's address; gives the octets that all addresses take, too.
fn addresses(family: u8, rest: &[u8]) -> Result<(Source, usize), ProxyFault> {
    let (source, taken) = match family {
        0x00 => (Some(Source::Own), 0),
        0x11 => (
            internet::<4>(rest).map(|(ip, port)| client(Ipv4Addr::from(ip), port)),
            12,
        ),
        0x21 => (
            internet::<16>(rest).map(|(ip, port)| client(Ipv6Addr::from(ip), port)),
            36,
        ),
        0x31 => ((rest.len() >= 216).then_some(Source::Own), 216),
        _ => (None, 0),
    };
    source
        .map(|source| (source, taken))
        .ok_or(ProxyFault::Addresses)
}

/// Reads source and destination address, source and destination port; gives the source's.
fn internet<const N: usize>(rest: &[u8]) -> Option<([u8; N], u16)> {
    let (source, rest) = rest.split_first_chunk::<N>()?;
    let (_, rest) = rest.split_first_chunk::<N>()?;
    let (port, rest) = rest.split_first_chunk::<2>()?;
    rest.first_chunk::<2>()?;
    Some((*source, u16::from_be_bytes(*port)))
}

fn client(ip: impl Into<std::net::IpAddr>, port: u16) -> Source {
    Source::Client(SocketAddr::new(ip.into(), port))
}

/// Walks over the extensions, and compares the checksum if there is one.
fn check_extensions(header: &[u8], start: usize) -> Result<(), ProxyFault> {
    let mut at = start;
    while at < header.len() {
        let Some(&[kind, high, low]) = header[at..].first_chunk::<3>() else {
            return Err(ProxyFault::Extensions);
        };
        let value = at + 3;
        let end = value + usize::from(u16::from_be_bytes([high, low]));
        let octets = header.get(value..end).ok_or(ProxyFault::Extensions)?;
        if kind == CHECKSUM && *octets != checksum(header, value..end).to_be_bytes() {
            return Err(ProxyFault::Checksum);
        }
        at = end;
    }
    Ok(())
}

/// CRC-32C of a header, in which the checksum itself counts as zeros.
pub(super) fn checksum(header: &[u8], own: std::ops::Range<usize>) -> u32 {
    let mut sum = !0_u32;
    for (at, &octet) in header.iter().enumerate() {
        sum ^= u32::from(if own.contains(&at) { 0 } else { octet });
        for _ in 0..8 {
            let carry = sum & 1;
            sum = (sum >> 1) ^ (CASTAGNOLI & carry.wrapping_neg());
        }
    }
    !sum
}

/// The polynomial of CRC-32C, lowest bit first.
const CASTAGNOLI: u32 = 0x82F6_3B78;
