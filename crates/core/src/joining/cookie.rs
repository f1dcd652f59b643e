//! Clients that are known again by a cookie.

use std::collections::BTreeMap;

use crossbar_wire::Text;

use super::method::dialect;
use super::{Client, Join, Step, cryptosign, ticket, wampcra};
use crate::{CookieLogin, DynamicMethod, MethodConfig, Principal};

/// The method's name on the wire (Crossbar.io).
pub(super) const METHOD: &str = "cookie";

impl Client {
    /// Gives the login that lets the client in without a further proof: it is for the realm and for the authid that the client
    /// names, and the transport's methods still stand for it.
    pub(super) fn cookie_login(&self, methods: &[MethodConfig]) -> Option<&CookieLogin> {
        let login = self.opening.cookie.as_deref()?;
        let fits = |named: Option<&Text>, own: &Text| named.is_none_or(|named| named == own);
        let expired = login
            .expires
            .is_some_and(|expires| expires <= self.opening.time);
        (fits(self.realm.as_ref(), &login.realm)
            && fits(self.authid(), &login.principal.authid)
            && !expired
            && methods
                .iter()
                .any(|method| method.vouches_for(&login.principal)))
        .then_some(login)
    }

    /// Lets a client in that has proven who it is before.
    pub(super) fn cookie(mut self, methods: &[MethodConfig]) -> Step {
        let Some(login) = self.cookie_login(methods).cloned() else {
            return self.no_method();
        };
        self.realm = Some(login.realm);
        let principal = Principal {
            authprovider: Text::from_static(METHOD),
            ..login.principal
        };
        match self.admit(principal) {
            Ok(mut join) => {
                join.expires = login.expires;
                Step::Join(join)
            }
            Err(abort) => Step::Abort(*abort),
        }
    }
}

impl MethodConfig {
    /// Says whether who has proven by this method who it is may be known again without. A certificate is shown with each
    /// connection, and a proxy speaks for many.
    pub(super) fn is_remembered(&self) -> bool {
        match self {
            Self::Ticket(_)
            | Self::WampCra(_)
            | Self::Scram(_)
            | Self::Cryptosign(_)
            | Self::Jwt(_) => true,
            Self::Dynamic(dynamic) => match dynamic.method {
                DynamicMethod::Ticket
                | DynamicMethod::WampCra
                | DynamicMethod::Scram
                | DynamicMethod::Cryptosign => true,
                DynamicMethod::Anonymous | DynamicMethod::Tls => false,
            },
            Self::Anonymous { .. }
            | Self::CryptosignProxy(_)
            | Self::AnonymousProxy
            | Self::Tls(_)
            | Self::Cookie => false,
        }
    }

    /// Says whether this method has let such a principal in: a static one is still there with its role, and what procedures and
    /// tokens vouched for does not come from elsewhere.
    fn vouches_for(&self, principal: &Principal) -> bool {
        fn has<P>(known: &BTreeMap<Text, P>, of: &Principal, role: impl Fn(&P) -> &Text) -> bool {
            known
                .get(&of.authid)
                .is_some_and(|it| *role(it) == of.authrole)
        }
        let method = principal.authmethod.as_str();
        // Stores of Crossbar.io do not say whose word it was.
        let by = |own| [own, METHOD].contains(&principal.authprovider.as_str());
        let is_static = by("static");
        match self {
            Self::Ticket(known) => {
                is_static && method == ticket::METHOD && has(known, principal, |it| &it.role)
            }
            Self::WampCra(known) => {
                is_static && method == wampcra::METHOD && has(known, principal, |it| &it.role)
            }
            Self::Scram(known) => {
                let is_scram = method == dialect(method).method();
                is_static && is_scram && has(known, principal, |it| &it.role)
            }
            Self::Cryptosign(known) => {
                is_static && method == cryptosign::METHOD && has(known, principal, |it| &it.role)
            }
            Self::Jwt(_) => principal.authprovider.as_str() == "jwt" && self.is_called(method),
            Self::Dynamic(_) => by("dynamic") && self.is_remembered() && self.is_called(method),
            Self::Anonymous { .. }
            | Self::CryptosignProxy(_)
            | Self::AnonymousProxy
            | Self::Tls(_)
            | Self::Cookie => false,
        }
    }
}

impl Join {
    /// Gives what a cookie is to stand for, if it may. What only this proof was about is left out.
    #[must_use]
    pub fn cookie_login(&self) -> Option<CookieLogin> {
        if !self.remembered {
            return None;
        }
        let mut principal = self.principal.clone();
        principal.authextra = principal.lasting_extra();
        Some(CookieLogin {
            realm: self.realm.clone(),
            principal,
            expires: self.expires,
        })
    }
}
