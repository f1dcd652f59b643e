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
        // RFC 7748, section 6.1, Alice's keys.
        let private = [
            0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1, 0x72, 0x51, 0xb2,
            0x66, 0x45, 0xdf, 0x4c, 0x2f, 0x92, 0xeb, 0xc0, 0x99, 0x2a, 0xc1, 0x77, 0xfb, 0xa5,
            0x1d, 0xb9, 0x2c, 0x2a,
        ];
        assert_eq!(
            hex(&public_of(private)),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
        );
    }
}
