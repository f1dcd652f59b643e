use std::collections::BTreeMap;
use std::fmt::Write;

use crossbar_wire::auth::{constant_time_eq, wampcra};
use crossbar_wire::{Dict, Text, Value};

use super::{Client, Proof, Step, principal};
use crate::{Principal, Salting, Secret, WampCraPrincipal};

/// The method's name on the wire (WAMP spec, "Challenge Response Authentication").
pub(super) const METHOD: &str = "wampcra";

/// What a client is told whose signature is wrong.
pub(super) const REFUSAL: &str = "WAMP-CRA client signature is invalid";

/// A challenge that a client has to sign; no signature is right if its key is not set.
#[derive(Debug)]
pub(super) struct WampCra {
    key: Option<Secret>,
    salting: Option<Salting>,
    challenge: String,
}

impl WampCra {
    /// Checks a signature.
    pub(super) fn verify(&self, signature: &[u8]) -> bool {
        self.sign()
            .is_some_and(|right| constant_time_eq(right.as_bytes(), signature))
    }

    fn sign(&self) -> Option<String> {
        let key = self.key.as_ref()?.expose();
        if key.is_empty() {
            return None;
        }
        Some(wampcra::sign(key, self.challenge.as_bytes()))
    }

    /// Gives the dictionary that CHALLENGE carries.
    fn extra(&self) -> Dict {
        let mut extra = vec![("challenge".into(), Value::Text(self.challenge.clone()))];
        if let Some(salting) = &self.salting {
            let iterations = Value::Integer(salting.iterations.into());
            let length = Value::Integer(salting.keylen.into());
            extra.push(("salt".into(), Value::Text(salting.salt.to_string())));
            extra.push(("iterations".into(), iterations));
            extra.push(("keylen".into(), length));
        }
        extra
    }
}

impl Client {
    pub(super) fn wampcra(self, users: &BTreeMap<Text, WampCraPrincipal>) -> Step {
        let Some(found) = self.find(users) else {
            return self.no_principal();
        };
        let principal = principal(&found.authid, &found.role, METHOD);
        let salting = found.salting.clone().map(|salting| Salting {
            salt: found.salt_text(salting.salt),
            ..salting
        });
        let key = found.key.clone();
        self.prove_wampcra(principal, key, salting, |proof| found.only_if_known(proof))
    }

    /// Challenges a client to show that it has a principal's key.
    pub(super) fn prove_wampcra(
        self,
        principal: Principal,
        key: Option<Secret>,
        salting: Option<Salting>,
        conceal: impl FnOnce(Proof) -> Proof,
    ) -> Step {
        let wampcra = WampCra {
            key,
            salting,
            challenge: self.challenge_text(&principal),
        };
        let extra = wampcra.extra();
        self.challenge(extra, principal, conceal(Proof::WampCra(wampcra)))
    }

    /// Makes the JSON text to sign. Who signs takes it as it is.
    fn challenge_text(&self, principal: &Principal) -> String {
        let mut nonce = String::with_capacity(64);
        for octet in self.opening.random {
            write!(nonce, "{octet:02x}").expect("a string takes everything");
        }
        format!(
            "{{\"authid\": {}, \"authrole\": {}, \"authmethod\": \"{METHOD}\", \"authprovider\": {}, \
             \"session\": {}, \"nonce\": \"{nonce}\", \"timestamp\": {}}}",
            quoted(&principal.authid),
            quoted(&principal.authrole),
            quoted(&principal.authprovider),
            self.opening.session,
            quoted(&self.opening.time.to_string()),
        )
    }
}

/// Writes a JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\0'..='\x1f' => {
                write!(quoted, "\\u{:04x}", u32::from(character))
                    .expect("a string takes everything");
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
