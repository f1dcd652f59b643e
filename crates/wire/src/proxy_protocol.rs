//! The PROXY protocol (HAProxy, "The PROXY protocol", versions 1 and 2): what a proxy says of its client before anything else.
//!
//! The header ends where the client's own octets begin, and those may be TLS: [`step`] says how many octets may be read
//! at each moment, so that none too many is.

mod binary;
mod line;

use std::net::SocketAddr;

/// What a header says, or what is missing of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// At least so many octets follow; more must not be read.
    Read(usize),
    /// The header is complete.
    Done(Source),
}

/// Whom a proxy speaks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    /// A client at this address.
    Client(SocketAddr),
    /// Itself (it checks whether the router is well), or a client without an Internet address.
    Own,
}

/// Why a connection does not begin with a header.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProxyFault {
    /// Neither version's signature is there.
    #[error("the connection does not begin with a header of the PROXY protocol")]
    Signature,
    /// A line of version 1 breaks its grammar.
    #[error("a header of the PROXY protocol's version 1 is broken")]
    Line,
    /// The version is neither 1 nor 2, or the command is unknown.
    #[error("a header of the PROXY protocol has an unknown version or command")]
    Command,
    /// A header of version 2 names no stream, or is too short for its addresses.
    #[error("a header of the PROXY protocol has unknown or broken addresses")]
    Addresses,
    /// The header is longer than any proxy's.
    #[error("a header of the PROXY protocol is too long")]
    Length,
    /// The extensions do not fill the rest of the header.
    #[error("a header of the PROXY protocol has broken extensions")]
    Extensions,
    /// The checksum is not that of the header.
    #[error("a header of the PROXY protocol has a wrong checksum")]
    Checksum,
}

/// Looks at what has been read of a header, none of it beyond what an earlier step asked for.
///
/// # Errors
/// Says why the octets do not begin a header.
pub fn step(octets: &[u8]) -> Result<Step, ProxyFault> {
    if binary::SIGNATURE.starts_with(&octets[..octets.len().min(binary::SIGNATURE.len())]) {
        return if octets.len() < SHORTEST {
            Ok(Step::Read(SHORTEST - octets.len()))
        } else {
            binary::step(octets)
        };
    }
    line::step(octets)
}

/// The shortest header: `PROXY UNKNOWN` and the end of the line.
const SHORTEST: usize = 15;

#[cfg(test)]
mod tests;
