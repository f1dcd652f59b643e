//! `crossbar keygen`

use curve25519_dalek::montgomery::MontgomeryPoint;

use crate::failure::{Failure, Kind};
use crate::output;

/// Print a new key pair for end-to-end encrypted payloads (cryptobox)
///
/// The keys are for Curve25519, 32 octets each, in hexadecimal. Nothing is written to a file.
#[derive(clap::Args, Debug)]
pub(crate) struct KeygenArgs {}

/// Runs the command.
pub(crate) fn run(_args: &KeygenArgs) -> Result<(), Failure> {
    let mut private = [0; 32];
    getrandom::fill(&mut private).map_err(|error| {
        Failure::new(Kind::General, "the system gives no random numbers").caused_by(&error)
    })?;
    output::text(&format!(
        "  private: {}\n   public: {}\n",
        hex(&private),
        hex(&public_of(private))
    ))
}

/// Gives the public key of a private one (X25519, RFC 7748).
fn public_of(private: [u8; 32]) -> [u8; 32] {
    MontgomeryPoint::mul_base_clamped(private).to_bytes()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_key_is_that_of_rfc_7748() {
        // RFC 7748, section 6.1, Bob's keys.
        let private = [
            0x5d, 0xab, 0x08, 0x7e, 0x62, 0x4a, 0x8a, 0x4b, 0x79, 0xe1, 0x7f, 0x8b, 0x83, 0x80,
            0x0e, 0xe6, 0x6f, 0x3b, 0xb1, 0x29, 0x26, 0x18, 0xb6, 0xfd, 0x1c, 0x2f, 0x8b, 0x27,
            0xff, 0x88, 0xe0, 0xeb,
        ];
        assert_eq!(
            hex(&public_of(private)),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
        );
    }
}
