use std::sync::Arc;
use std::time::Duration;

use crossbar_wire::jwt::{KeySet, Token};
use crossbar_wire::{Dict, Text, Value};

use super::{Client, Join, Joining, KeyRequest, Stage, Step, ticket};
use crate::abort::abort;
use crate::{Jwt, JwtKeys, Principal, Timestamp, uris};

/// A client whose token waits for the keys to verify it with.
#[derive(Debug)]
pub(super) struct Unkeyed {
    client: Client,
    jwt: Arc<Jwt>,
    token: Token,
}

impl Client {
    /// Takes a token.
    pub(super) fn token(self, jwt: &Arc<Jwt>, text: &[u8]) -> Step {
        let token = match Token::parse(text) {
            Ok(token) => token,
            Err(error) => return refused(&error.to_string()),
        };
        match &jwt.keys {
            JwtKeys::Fixed(keys) => self.believe(jwt, &token, keys),
            JwtKeys::Source(source) => {
                let request = KeyRequest {
                    source: Arc::clone(source),
                    kid: token.kid().map(Text::from),
                };
                let session = self.opening.session;
                let unkeyed = Unkeyed {
                    client: self,
                    jwt: Arc::clone(jwt),
                    token,
                };
                let stage = Stage::Unkeyed(Box::new(unkeyed));
                Step::Keys(request, Joining { session, stage })
            }
        }
    }

    fn believe(self, jwt: &Jwt, token: &Token, keys: &KeySet) -> Step {
        let claims = match token.verify(keys, &jwt.algorithms) {
            Ok(claims) => claims,
            Err(error) => return refused(&error.to_string()),
        };
        match self.enter_by(jwt, &claims) {
            Ok(join) => Step::Join(join),
            Err(step) => *step,
        }
    }

    /// Lets a client in by claims that were borne out. `Err` carries what follows else.
    fn enter_by(mut self, jwt: &Jwt, claims: &Value) -> Result<Box<Join>, Box<Step>> {
        let expires = jwt.check_times(claims, self.opening.time).map_err(no)?;
        jwt.check_parties(claims).map_err(no)?;
        let authid = claim(claims, &jwt.authid).and_then(Value::as_str);
        let Some(authid) = authid.filter(|authid| !authid.is_empty()) else {
            return Err(no("the token names no authid"));
        };
        if self.authid().is_some_and(|asked| asked.as_str() != authid) {
            return Err(no("the token is for another authid"));
        }
        let Some(authrole) = jwt.role(claims) else {
            return Err(no("the token gives no role"));
        };
        self.realm = Some(self.realm_by(jwt, claims)?);
        let principal = Principal {
            authid: Text::from(authid),
            authrole,
            authmethod: Text::from_static(ticket::METHOD),
            authprovider: Text::from_static("jwt"),
            authextra: jwt.extra(claims),
        };
        let mut join = match self.admit(principal) {
            Ok(join) => join,
            Err(abort) => return Err(Box::new(Step::Abort(*abort))),
        };
        join.expires = expires;
        Ok(join)
    }

    /// Finds the realm: the client asks for one that the token has, or the token has one alone.
    fn realm_by(&self, jwt: &Jwt, claims: &Value) -> Result<Text, Box<Step>> {
        let Some(name) = &jwt.realm else {
            let asked = self.realm.clone();
            return asked.ok_or_else(|| Box::new(Step::Abort(super::no_realm())));
        };
        let realms = words(claim(claims, name));
        match (&self.realm, realms.as_slice()) {
            (Some(asked), realms) if realms.contains(&asked.as_str()) => Ok(asked.clone()),
            (None, [realm]) => {
                super::check_realm(&Text::from(*realm)).map_err(|it| Box::new(Step::Abort(*it)))
            }
            (Some(_), _) => Err(no("the token is not for this realm")),
            (None, _) => Err(Box::new(Step::Abort(super::no_realm()))),
        }
    }
}

impl Joining {
    /// Takes the keys that a token is verified with; none if there are none.
    #[must_use]
    pub fn keyed(self, keys: Option<&KeySet>) -> Step {
        let Stage::Unkeyed(unkeyed) = self.stage else {
            return refused("no token was shown");
        };
        match keys {
            Some(keys) => unkeyed.client.believe(&unkeyed.jwt, &unkeyed.token, keys),
            None => {
                let message = "the keys for tokens are not available".to_owned();
                Step::Abort(abort(uris::AUTHENTICATION_FAILED, message))
            }
        }
    }
}

impl Jwt {
    /// Checks `exp`, `nbf` and `iat`; gives when the token expires.
    fn check_times(
        &self,
        claims: &Value,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, &'static str> {
        let now = now.as_duration();
        let soon = now.saturating_add(self.leeway);
        let expires = moment(claims, "exp")?.map(|exp| exp.saturating_add(self.leeway));
        match expires {
            Some(expires) if expires <= now => return Err("the token has expired"),
            None if self.needs_expiry => return Err("the token does not say when it expires"),
            Some(_) | None => {}
        }
        for name in ["nbf", "iat"] {
            if moment(claims, name)?.is_some_and(|begin| begin > soon) {
                return Err("the token is not valid yet");
            }
        }
        Ok(expires.map(Timestamp::since_1970))
    }

    /// Checks `iss` and `aud`. A token that is for somebody is for nobody else (RFC 7519, "aud").
    fn check_parties(&self, claims: &Value) -> Result<(), &'static str> {
        let issuer = claims.get("iss").and_then(Value::as_str);
        let known = |issuer: &str| self.issuers.iter().any(|it| it.as_str() == issuer);
        if !self.issuers.is_empty() && !issuer.is_some_and(known) {
            return Err("the token is of another issuer");
        }
        let meant = words(claims.get("aud"));
        let is_us = |it: &&str| self.audiences.iter().any(|us| us.as_str() == *it);
        let fits = match claims.get("aud") {
            None => self.audiences.is_empty(),
            Some(_) => meant.iter().any(is_us),
        };
        fits.then_some(())
            .ok_or("the token is for another audience")
    }

    fn role(&self, claims: &Value) -> Option<Text> {
        let name = self.role.claim.as_ref();
        let values = words(name.and_then(|name| claim(claims, name)));
        let claimed = match &self.role.allowed {
            Some(allowed) => {
                let mut allowed = allowed.iter();
                let found = allowed.find(|(value, _)| values.contains(&value.as_str()));
                found.map(|(_, role)| role.clone())
            }
            None => match values.as_slice() {
                [role] => Some(Text::from(*role)),
                _ => None,
            },
        };
        claimed.or_else(|| self.role.default.clone())
    }

    fn extra(&self, claims: &Value) -> Value {
        if self.extra.is_empty() {
            return Value::Null;
        }
        let names = self.extra.iter();
        let found = names.filter_map(|name| Some((name.to_string(), claim(claims, name)?.clone())));
        Value::Dict(found.collect::<Dict>())
    }
}

/// Finds a claim: of this name, or below objects by names with dots between (`realm_access.roles`).
fn claim<'a>(claims: &'a Value, name: &str) -> Option<&'a Value> {
    if let Some(found) = claims.get(name) {
        return Some(found);
    }
    let (outer, inner) = name.split_once('.')?;
    claim(claims.get(outer)?, inner)
}

/// Gives the words of a claim: one, or a list of them.
fn words(claim: Option<&Value>) -> Vec<&str> {
    match claim {
        Some(Value::Text(word)) => vec![word],
        Some(Value::List(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Binary(_)
            | Value::Dict(_),
        )
        | None => Vec::new(),
    }
}

/// Reads a moment: seconds since 1970, perhaps with a fraction (RFC 7519, "NumericDate").
fn moment(claims: &Value, name: &str) -> Result<Option<Duration>, &'static str> {
    let seconds = match claims.get(name) {
        None => return Ok(None),
        Some(Value::Float(seconds)) => Duration::try_from_secs_f64(*seconds).ok(),
        Some(other) => other.as_u64().map(Duration::from_secs),
    };
    seconds.map(Some).ok_or("the token has a time that is none")
}

fn no(message: &str) -> Box<Step> {
    Box::new(refused(message))
}

fn refused(message: &str) -> Step {
    Step::Denied(abort(uris::NOT_AUTHORIZED, message.to_owned()))
}
