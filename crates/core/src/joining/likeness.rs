//! Who claims to be somebody unknown is challenged like somebody known, so that nobody finds out who is known.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::ops::Deref;

use crossbar_wire::Text;
use crossbar_wire::auth::hmac_sha256;

use super::{Client, Proof};

/// A principal, or for an unknown authid the likeness of one.
pub(super) struct Found<'a, P> {
    /// The client's authid.
    pub(super) authid: Text,
    principal: &'a P,
    /// What stands for the principal's own salt; none if this is no likeness.
    likeness: Option<[u8; 32]>,
}

impl Client {
    /// Finds the principal of the client's authid, or the likeness of one, always the same for the same authid; none if there
    /// is no authid, or nobody to be like.
    pub(super) fn find<'a, P>(&self, principals: &'a BTreeMap<Text, P>) -> Option<Found<'a, P>> {
        self.find_among(principals, |_| true)
    }

    /// The same among some principals only.
    pub(super) fn find_among<'a, P>(
        &self,
        principals: &'a BTreeMap<Text, P>,
        among: impl Fn(&P) -> bool,
    ) -> Option<Found<'a, P>> {
        let authid = self.authid()?;
        let known = principals.get(authid).filter(|principal| among(principal));
        let seed = hmac_sha256(&self.opening.disguise, authid.as_bytes());
        // Chosen for those who are known, too, so that it takes as long.
        let alike = black_box(like(principals, among, seed))?;
        let (principal, likeness) = match known {
            Some(principal) => (principal, None),
            None => (alike, Some(seed)),
        };
        Some(Found {
            authid: authid.compact(),
            principal,
            likeness,
        })
    }
}

impl<P> Found<'_, P> {
    /// Makes a proof that nobody can give, unless the principal is known.
    pub(super) fn only_if_known(&self, proof: Proof) -> Proof {
        match self.likeness {
            None => proof,
            Some(_) => Proof::Never(Box::new(proof)),
        }
    }

    /// Gives the salt, or one like it.
    pub(super) fn salt(&self, salt: &[u8]) -> Vec<u8> {
        match self.likeness {
            None => salt.to_vec(),
            Some(seed) => octets(seed).take(salt.len()).collect(),
        }
    }

    /// Gives the salt, or one of the same characters.
    pub(super) fn salt_text(&self, salt: Text) -> Text {
        let Some(seed) = self.likeness else {
            return salt;
        };
        let hexadecimal = salt.bytes().all(|octet| octet.is_ascii_hexdigit());
        let letters = if hexadecimal { 6 } else { 26 };
        let alike = |(old, random): (char, u8)| match old {
            'a'..='z' => char::from(b'a' + random % letters),
            'A'..='Z' => char::from(b'A' + random % letters),
            '0'..='9' => char::from(b'0' + random % 10),
            other => other,
        };
        Text::from(
            salt.chars()
                .zip(octets(seed))
                .map(alike)
                .collect::<String>(),
        )
    }
}

impl<P> Deref for Found<'_, P> {
    type Target = P;

    fn deref(&self) -> &P {
        self.principal
    }
}

/// Chooses the principal that a client is treated like.
fn like<P>(
    principals: &BTreeMap<Text, P>,
    among: impl Fn(&P) -> bool,
    seed: [u8; 32],
) -> Option<&P> {
    let candidates = || principals.values().filter(|principal| among(principal));
    let chance = u64::from_le_bytes(*seed.first_chunk()?);
    let count = u64::try_from(candidates().count()).ok()?;
    let place = usize::try_from(chance.checked_rem(count)?).ok()?;
    candidates().nth(place)
}

/// Gives octets without end.
fn octets(seed: [u8; 32]) -> impl Iterator<Item = u8> {
    (0_u64..).flat_map(move |block| hmac_sha256(&seed, &block.to_le_bytes()))
}
