use std::collections::BTreeMap;

use crossbar_wire::auth::constant_time_eq;
use crossbar_wire::auth::scram::{self, Dialect, Exchange, Keys, Said};
use crossbar_wire::{Authenticate, Dict, Text, Value};

use super::proof::Wrong;
use super::{Client, EXPORTER, Proof, Step, principal};
use crate::{Principal, ScramPrincipal};

/// What RFC 5802 calls a wrong proof.
pub(super) const INVALID_PROOF: &str = "invalid-proof";

/// A challenge to prove that one knows a password.
#[derive(Debug)]
pub(super) struct Scram {
    dialect: Dialect,
    exchange: Exchange,
    nonce: String,
    keys: Keys,
    binding: Option<[u8; 32]>,
}

impl Scram {
    /// Checks a proof, and adds the router's own to the principal.
    pub(super) fn verify(
        &self,
        answer: &Authenticate,
        principal: &mut Principal,
    ) -> Result<(), Wrong> {
        let proven = self.exchange.is_proof(&self.keys, &answer.signature);
        match self.dialect {
            Dialect::Specification => self.check_extra(&answer.extra)?,
            Dialect::Autobahn => {}
        }
        if !proven {
            return Err(self.wrong(INVALID_PROOF));
        }
        let signature = self.exchange.signature(&self.keys);
        let verifier = self.dialect.verifier().to_owned();
        let verifier = (verifier, Value::Text(signature));
        if let Value::Dict(extra) = &mut principal.authextra {
            extra.push(verifier);
        } else {
            principal.authextra = Value::Dict(vec![verifier]);
        }
        Ok(())
    }

    /// Says what is wrong, with RFC 5802's name for it where the dialect has a place for that.
    pub(super) const fn wrong(&self, error: &'static str) -> Wrong {
        match self.dialect {
            Dialect::Specification => Wrong::scram(REFUSAL, Some(error)),
            Dialect::Autobahn => Wrong::scram(REFUSAL, None),
        }
    }

    /// Checks what stands beside the proof.
    fn check_extra(&self, extra: &Value) -> Result<(), Wrong> {
        let text = |key| extra.get(key).and_then(Value::as_str);
        if !text("nonce").is_some_and(|n| constant_time_eq(n.as_bytes(), self.nonce.as_bytes())) {
            return Err(self.wrong("other-error"));
        }
        let bound = match (text("channel_binding"), text("cbind_data"), &self.binding) {
            (None, None, None) => true,
            (Some(EXPORTER), Some(data), Some(channel)) => {
                scram::from_base64(data).is_some_and(|data| constant_time_eq(&data, channel))
            }
            (_, _, None | Some(_)) => false,
        };
        if bound {
            Ok(())
        } else {
            Err(self.wrong("channel-bindings-dont-match"))
        }
    }
}

impl Principal {
    /// Gives `authextra` without the router's own proof, which is for the client that has logged in, and for that login.
    pub(crate) fn lasting_extra(&self) -> Value {
        let mut extra = self.authextra.clone();
        if let Value::Dict(extra) = &mut extra {
            let dialects = [Dialect::Specification, Dialect::Autobahn];
            extra.retain(|(key, _)| dialects.iter().all(|dialect| dialect.verifier() != key));
        }
        extra
    }
}

impl Client {
    pub(super) fn scram(
        self,
        principals: &BTreeMap<Text, ScramPrincipal>,
        dialect: Dialect,
    ) -> Step {
        let Some(found) = self.find_among(principals, |principal| principal.serves(dialect)) else {
            return self.no_principal();
        };
        let salted = ScramPrincipal {
            salt: found.salt(&found.salt),
            ..ScramPrincipal::clone(&found)
        };
        let principal = principal(&found.authid, &found.role, dialect.method());
        self.prove_scram(dialect, principal, &salted, |proof| {
            found.only_if_known(proof)
        })
    }

    /// Challenges a client to prove that it knows a principal's password.
    pub(super) fn prove_scram(
        self,
        dialect: Dialect,
        principal: Principal,
        found: &ScramPrincipal,
        conceal: impl FnOnce(Proof) -> Proof,
    ) -> Step {
        let (scram, extra) = match self.begin_scram(dialect, &principal.authid, found) {
            Ok(begun) => begun,
            Err(wrong) => return Step::Denied(wrong.abort()),
        };
        self.challenge(extra, principal, conceal(Proof::Scram(Box::new(scram))))
    }

    fn begin_scram(
        &self,
        dialect: Dialect,
        authid: &Text,
        found: &ScramPrincipal,
    ) -> Result<(Scram, Dict), Wrong> {
        let text = |key| self.hello.authextra.get(key).and_then(Value::as_str);
        let client_nonce = text("nonce")
            .filter(|nonce| (1..=LONGEST_NONCE).contains(&nonce.len()))
            .ok_or(Wrong::new(NONCE))?;
        let nonce = dialect
            .nonce(client_nonce, &self.opening.random[..24])
            .ok_or(Wrong::new(NONCE))?;
        let binding = match (dialect, text("channel_binding")) {
            (Dialect::Autobahn, _) | (Dialect::Specification, None) => None,
            (Dialect::Specification, Some(kind)) => {
                let channel = self.channel().filter(|_| kind == EXPORTER);
                Some(*channel.ok_or(Wrong::scram(UNBOUND, Some(UNSUPPORTED_BINDING)))?)
            }
        };
        let authid = scram::normalize(authid).ok_or(Wrong::scram(
            "this authid has characters that are not allowed",
            Some("invalid-username-encoding"),
        ))?;
        let salt = scram::base64(&found.salt);
        let said = Said {
            authid: &authid,
            client_nonce,
            nonce: &nonce,
            salt: &salt,
            iterations: found.kdf.iterations(),
            binding: binding.as_ref().map(|channel| (EXPORTER, &channel[..])),
        };
        let exchange = Exchange::new(dialect, &said);
        let extra = extra(dialect, found, &nonce, &salt);
        let keys = found.keys.clone();
        let scram = Scram {
            dialect,
            exchange,
            nonce,
            keys,
            binding,
        };
        Ok((scram, extra))
    }
}

/// Makes the dictionary that CHALLENGE carries. Autobahn takes no other keys, and no null.
fn extra(dialect: Dialect, found: &ScramPrincipal, nonce: &str, salt: &str) -> Dict {
    let mut extra = vec![
        ("nonce".to_owned(), Value::Text(nonce.to_owned())),
        ("salt".to_owned(), Value::Text(salt.to_owned())),
        (
            "kdf".to_owned(),
            Value::Text(dialect.kdf(found.kdf).to_owned()),
        ),
        (
            "iterations".to_owned(),
            Value::Integer(found.kdf.iterations().into()),
        ),
    ];
    match (found.kdf.memory(), dialect) {
        (Some(memory), _) => extra.push(("memory".to_owned(), Value::Integer(memory.into()))),
        (None, Dialect::Specification) => extra.push(("memory".to_owned(), Value::Null)),
        (None, Dialect::Autobahn) => {}
    }
    extra
}

const REFUSAL: &str = "SCRAM authentication failed";
const NONCE: &str = "SCRAM authentication needs authextra.nonce, at most 256 characters of base64";
const UNBOUND: &str = "this connection cannot be bound as authextra.channel_binding asks";
const UNSUPPORTED_BINDING: &str = "unsupported-channel-binding-type";
const LONGEST_NONCE: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a04_the_routers_proof_is_for_the_client_that_has_logged_in() {
        let told = ["verifier", "scram_server_signature", "team"]
            .map(|key| (key.to_owned(), Value::Text("x".to_owned())));
        let principal = Principal {
            authextra: Value::Dict(told.to_vec()),
            ..Principal::default()
        };
        let kept = vec![("team".to_owned(), Value::Text("x".to_owned()))];
        assert_eq!(principal.lasting_extra(), Value::Dict(kept));
    }
}
