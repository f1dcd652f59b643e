use std::collections::BTreeMap;

use crossbar_wire::auth::cryptosign::{Nonce, PublicKey, SignatureError, read_challenge};
use crossbar_wire::auth::hex;
use crossbar_wire::{Dict, Text, Value};

use super::{Client, EXPORTER, Proof, Step, principal};
use crate::abort::abort;
use crate::{CryptosignPrincipal, Principal, uris};

/// The method's name on the wire (WAMP spec, "Cryptosign-based Authentication").
pub(super) const METHOD: &str = "cryptosign";

/// What a client is told that has shown to have its key, if that does not count here.
pub(super) const UNAUTHORIZED: &str = "this key is not authorized, or not for this authid";

/// What a client is told that signs with a binding which CHALLENGE did not have.
const UNBOUND: &str = "the client signed with a channel binding that this connection does not have: \
    \"tls-exporter\" is to be had over TLS 1.3";

/// A challenge that a client has to sign with a private key.
#[derive(Debug)]
pub(super) struct Cryptosign {
    key: PublicKey,
    challenge: Nonce,
    channel: Option<[u8; 32]>,
    /// Whether the client has asked for a binding that it was not given.
    unbound: bool,
}

impl Cryptosign {
    /// Checks a signature.
    ///
    /// # Errors
    /// Says what the client is told if it is wrong.
    pub(super) fn verify(&self, signature: &str) -> Result<(), &'static str> {
        let verdict = self
            .key
            .verify(signature, &self.challenge, self.channel.as_ref());
        verdict.map_err(|error| match error {
            SignatureError::Form => "the signature is not 192 hexadecimal digits",
            SignatureError::Message if self.unbound => UNBOUND,
            SignatureError::Message => "another message was signed than the challenge",
            SignatureError::Signature => "signed message has invalid signature",
        })
    }
}

impl Client {
    pub(super) fn cryptosign(self, principals: &BTreeMap<Text, CryptosignPrincipal>) -> Step {
        let Some(key) = self.public_key() else {
            return no_key();
        };
        let Some((authid, found, known)) = self.find_by_key(principals, &key) else {
            return Step::Denied(abort(uris::NOT_AUTHORIZED, UNAUTHORIZED.to_owned()));
        };
        let principal = principal(&authid, &found.role, METHOD);
        let client = match &found.realm {
            Some(realm) => self.assign(realm),
            None => Ok(self),
        };
        match client {
            Ok(client) => client.prove_cryptosign(METHOD, principal, key, known),
            Err(abort) => Step::Abort(*abort),
        }
    }

    /// Challenges a client to show that it has the private key. If it is not known it is told so only after that.
    pub(super) fn prove_cryptosign(
        self,
        method: &'static str,
        principal: Principal,
        key: PublicKey,
        known: bool,
    ) -> Step {
        let text = |key| self.hello.authextra.get(key).and_then(Value::as_str);
        let channel = match text("channel_binding") {
            None | Some("tls-unique") => None, // Not to be had from TLS 1.3, nor from this TLS library.
            Some(EXPORTER) => self.channel().copied(),
            Some(_) => {
                return refused(
                    "authextra.channel_binding is not \"tls-exporter\" or \"tls-unique\"",
                );
            }
        };
        let proof = Cryptosign {
            key,
            challenge: self.opening.random,
            channel,
            unbound: channel.is_none() && text("channel_binding").is_some(),
        };
        let bound = channel.map_or(Value::Null, |_| Value::Text(EXPORTER.to_owned()));
        let mut extra = vec![
            ("challenge".to_owned(), Value::Text(hex(&proof.challenge))),
            ("channel_binding".to_owned(), bound),
        ];
        if let Some(digits) = text("challenge") {
            let Some(challenge) = read_challenge(digits) else {
                return refused("authextra.challenge is not 64 hexadecimal digits");
            };
            extra.extend(self.identify(&challenge, channel.as_ref()));
        }
        let proof = if known {
            Proof::Cryptosign(proof)
        } else {
            Proof::Never(Box::new(Proof::Cryptosign(proof)))
        };
        self.challenge_by(Text::from_static(method), extra, principal, proof)
    }

    /// Gives the key that the client says it has.
    pub(super) fn public_key(&self) -> Option<PublicKey> {
        let digits = self.hello.authextra.get("pubkey").and_then(Value::as_str)?;
        PublicKey::read(digits)
    }

    /// Shows that the router has its own key, if it has one.
    fn identify(&self, challenge: &Nonce, channel: Option<&[u8; 32]>) -> Dict {
        let Some(key) = &self.opening.identity else {
            return Dict::new();
        };
        let signature = key.sign(challenge, channel);
        vec![
            ("pubkey".to_owned(), Value::Text(key.public().to_string())),
            ("signature".to_owned(), Value::Text(signature)),
        ]
    }

    /// Finds the principal that has a key: of the client's authid, or without one the only one that has it. Otherwise it gives the likeness
    /// of one, and says so.
    fn find_by_key<'a>(
        &self,
        principals: &'a BTreeMap<Text, CryptosignPrincipal>,
        key: &PublicKey,
    ) -> Option<(Text, &'a CryptosignPrincipal, bool)> {
        let has = |principal: &CryptosignPrincipal| principal.authorized_keys.contains(key);
        let found = match self.authid() {
            Some(authid) => principals
                .get_key_value(authid)
                .filter(|(_, principal)| has(principal)),
            None => {
                let mut having = principals.iter().filter(|(_, principal)| has(principal));
                having.next().filter(|_| having.next().is_none())
            }
        };
        if let Some((authid, principal)) = found {
            return Some((authid.clone(), principal, true));
        }
        let authid = self
            .authid()
            .map_or_else(|| Text::from(key.to_string()), Text::compact);
        let (_, any) = principals.first_key_value()?;
        Some((authid, any, false))
    }
}

/// Refuses a client that does not say which key it has.
pub(super) fn no_key() -> Step {
    refused("cryptosign needs authextra.pubkey: an Ed25519 public key of 64 hexadecimal digits")
}

fn refused(message: &'static str) -> Step {
    Step::Denied(abort(uris::NOT_AUTHORIZED, message.to_owned()))
}
