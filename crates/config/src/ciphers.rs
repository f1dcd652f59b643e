//! Cipher suites by the names and rules of OpenSSL.

use crate::place::Place;
use crate::reading::Reading;
use crate::{Hint, Problem, TlsVersions};

/// A cipher suite that can be agreed on; each encrypts and authenticates in one (AEAD) with keys that no later leak of
/// the server's key reveals.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CipherSuite {
    /// `TLS_AES_256_GCM_SHA384` (TLS 1.3)
    Aes256GcmSha384,
    /// `TLS_AES_128_GCM_SHA256` (TLS 1.3)
    Aes128GcmSha256,
    /// `TLS_CHACHA20_POLY1305_SHA256` (TLS 1.3)
    ChaCha20Poly1305Sha256,
    /// `ECDHE-ECDSA-AES256-GCM-SHA384` (TLS 1.2)
    EcdheEcdsaAes256GcmSha384,
    /// `ECDHE-ECDSA-AES128-GCM-SHA256` (TLS 1.2)
    EcdheEcdsaAes128GcmSha256,
    /// `ECDHE-ECDSA-CHACHA20-POLY1305` (TLS 1.2)
    EcdheEcdsaChaCha20Poly1305,
    /// `ECDHE-RSA-AES256-GCM-SHA384` (TLS 1.2)
    EcdheRsaAes256GcmSha384,
    /// `ECDHE-RSA-AES128-GCM-SHA256` (TLS 1.2)
    EcdheRsaAes128GcmSha256,
    /// `ECDHE-RSA-CHACHA20-POLY1305` (TLS 1.2)
    EcdheRsaChaCha20Poly1305,
}

impl CipherSuite {
    /// Says whether it is of TLS 1.3.
    #[must_use]
    pub const fn is_v1_3(self) -> bool {
        matches!(
            self,
            Self::Aes256GcmSha384 | Self::Aes128GcmSha256 | Self::ChaCha20Poly1305Sha256
        )
    }

    /// Reads a list of OpenSSL. Words that name nothing here are told and left out: Crossbar.io ignores the whole value.
    pub(crate) fn read_list(
        reading: &mut Reading,
        text: &str,
        versions: TlsVersions,
        at: &Place,
    ) -> Vec<Self> {
        let mut list = List::default();
        for word in text.split([':', ',', ' ']).filter(|word| !word.is_empty()) {
            list.take(word);
        }
        if !list.unknown.is_empty() {
            let names = list.unknown.join(", ");
            let text = format!("left out, as no such cipher suites are here: {names}");
            reading.notice(at, text);
        }
        let mut suites = list.suites;
        // As with OpenSSL, rules are about TLS 1.2; suites of TLS 1.3 are chosen by their names only.
        if !suites.iter().any(|suite| suite.is_v1_3()) {
            let all = TABLE.iter().map(|(suite, ..)| *suite);
            suites.splice(0..0, all.filter(|suite| suite.is_v1_3()));
        }
        suites.retain(|suite| versions.speaks(*suite));
        if versions.v1_2 && !suites.iter().any(|suite| !suite.is_v1_3()) {
            if versions.v1_3 {
                reading.notice(
                    at,
                    "leaves no cipher suite for TLS 1.2: only TLS 1.3 is spoken",
                );
            } else {
                let problem = Problem::Rule("leaves no cipher suite");
                let hint = Hint::Advice("as in \"ECDHE+AESGCM:ECDHE+CHACHA20\"");
                reading.fault_with(at, problem, Some(text.into()), Some(hint));
            }
        }
        suites
    }
}

impl TlsVersions {
    const fn speaks(self, suite: CipherSuite) -> bool {
        if suite.is_v1_3() {
            self.v1_3
        } else {
            self.v1_2
        }
    }
}

/// What the words of a list have chosen so far.
#[derive(Default)]
struct List<'a> {
    suites: Vec<CipherSuite>,
    /// What `!` has excluded for good.
    banned: Vec<CipherSuite>,
    unknown: Vec<&'a str>,
}

impl<'a> List<'a> {
    fn take(&mut self, word: &'a str) {
        // `@STRENGTH` and `@SECLEVEL=2`: all suites here are strong.
        if word.starts_with('@') {
            return;
        }
        let (sign, name) = match word.as_bytes().first() {
            Some(b'!' | b'-' | b'+') => word.split_at(1),
            _ => ("", word),
        };
        let found = matching(name);
        match sign {
            "!" => {
                self.suites.retain(|suite| !found.contains(suite));
                self.banned.extend(found);
            }
            "-" => self.suites.retain(|suite| !found.contains(suite)),
            "+" => {
                let (last, first): (Vec<_>, Vec<_>) = self
                    .suites
                    .iter()
                    .copied()
                    .partition(|suite| found.contains(suite));
                self.suites = [first, last].concat();
            }
            _ => {
                if found.is_empty() {
                    self.unknown.push(word);
                }
                for suite in found {
                    if !self.suites.contains(&suite) && !self.banned.contains(&suite) {
                        self.suites.push(suite);
                    }
                }
            }
        }
    }
}

/// Finds the suites of a name, of a class, or of several classes joined by `+`.
fn matching(name: &str) -> Vec<CipherSuite> {
    let fits = |(suite, own, classes): &(CipherSuite, &str, &[&str])| {
        let exact = own.eq_ignore_ascii_case(name);
        let all = !suite.is_v1_3()
            && name
                .split('+')
                .all(|class| classes.contains(&class) || GENERAL.contains(&class));
        (exact || all).then_some(*suite)
    };
    TABLE.iter().filter_map(fits).collect()
}

/// Classes that all suites here belong to.
const GENERAL: [&str; 11] = [
    "ALL", "DEFAULT", "HIGH", "ECDH", "EECDH", "ECDHE", "kECDHE", "kEECDH", "TLSv1.2", "AEAD",
    "FIPS",
];

type Row = (CipherSuite, &'static str, &'static [&'static str]);

/// Each suite, its name, and the classes of OpenSSL that it belongs to, the preferred first.
const TABLE: [Row; 9] = [
    (CipherSuite::Aes256GcmSha384, "TLS_AES_256_GCM_SHA384", &[]),
    (CipherSuite::Aes128GcmSha256, "TLS_AES_128_GCM_SHA256", &[]),
    (
        CipherSuite::ChaCha20Poly1305Sha256,
        "TLS_CHACHA20_POLY1305_SHA256",
        &[],
    ),
    (
        CipherSuite::EcdheEcdsaAes256GcmSha384,
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        &[
            "ECDSA",
            "aECDSA",
            "AES",
            "AES256",
            "AESGCM",
            "SHA384",
            "SUITEB128",
            "SUITEB192",
        ],
    ),
    (
        CipherSuite::EcdheEcdsaAes128GcmSha256,
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        &[
            "ECDSA",
            "aECDSA",
            "AES",
            "AES128",
            "AESGCM",
            "SHA256",
            "SUITEB128",
        ],
    ),
    (
        CipherSuite::EcdheEcdsaChaCha20Poly1305,
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        &["ECDSA", "aECDSA", "CHACHA20"],
    ),
    (
        CipherSuite::EcdheRsaAes256GcmSha384,
        "ECDHE-RSA-AES256-GCM-SHA384",
        &["aRSA", "AES", "AES256", "AESGCM", "SHA384"],
    ),
    (
        CipherSuite::EcdheRsaAes128GcmSha256,
        "ECDHE-RSA-AES128-GCM-SHA256",
        &["aRSA", "AES", "AES128", "AESGCM", "SHA256"],
    ),
    (
        CipherSuite::EcdheRsaChaCha20Poly1305,
        "ECDHE-RSA-CHACHA20-POLY1305",
        &["aRSA", "CHACHA20"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Surroundings;

    /// Reads a list for both versions: the names of TLS 1.2's suites, and how many notices there were.
    fn read(text: &str) -> (Vec<&'static str>, usize) {
        let surroundings = Surroundings::default();
        let mut reading = Reading::new(&surroundings);
        let suites = CipherSuite::read_list(&mut reading, text, TlsVersions::ALL, &Place::root());
        let name = |suite: &CipherSuite| TABLE.iter().find(|(it, ..)| it == suite).map(|it| it.1);
        let names = suites.iter().filter(|suite| !suite.is_v1_3());
        let (_, notices) = reading.finish(Some(())).unwrap();
        (names.filter_map(name).collect(), notices.len())
    }

    #[test]
    fn lists_of_openssl_are_read() {
        let rsa = "ECDHE-RSA-AES128-GCM-SHA256";
        assert_eq!(read(rsa), (vec![rsa], 0));
        assert_eq!(
            read("ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256"),
            (vec![rsa], 1)
        );
        let documented = "ECDH+AESGCM:DH+AESGCM:ECDH+AES256:DH+AES256:ECDH+AES128:DH+AES:ECDH+3DES:DH+3DES:RSA+AES:RSA+3DES:!ADH:!AECDH:!MD5:!DSS";
        assert_eq!(read(documented).0.len(), 4);
        assert_eq!(read("HIGH:!aRSA:-AES").0, ["ECDHE-ECDSA-CHACHA20-POLY1305"]);
        assert_eq!(read("SUITEB192").0, ["ECDHE-ECDSA-AES256-GCM-SHA384"]);
        assert_eq!(read("SUITEB128").0.len(), 2);
        assert_eq!(read("DEFAULT:!COMPLEMENTOFDEFAULT").0.len(), 6);
        let last = read("ECDHE:+AES128").0;
        assert_eq!(last.len(), 6);
        assert_eq!(last.last(), Some(&rsa));
        assert_eq!(read("!ALL:ALL").0, [""; 0]);
        assert_eq!(read("TLS_AES_128_GCM_SHA256").0, [""; 0]);
    }
}
