//! Clients of a proxy, which has authenticated them itself.

use std::collections::BTreeMap;

use crossbar_wire::{Abort, Text, Value};

use super::cryptosign::no_key;
use super::{Client, Step};
use crate::abort::abort;
use crate::{ChannelType, CryptosignPrincipal, Principal, uris};

/// The names of the methods on the wire (Crossbar.io).
pub(super) const CRYPTOSIGN: &str = "cryptosign-proxy";
/// See [`CRYPTOSIGN`].
pub(super) const ANONYMOUS: &str = "anonymous-proxy";

impl Client {
    /// Believes a proxy that has one of the keys, once it has shown that.
    pub(super) fn cryptosign_proxy(self, principals: &BTreeMap<Text, CryptosignPrincipal>) -> Step {
        let Some(key) = self.public_key() else {
            return no_key();
        };
        let known = principals
            .values()
            .any(|proxy| proxy.authorized_keys.contains(&key));
        match self.forwarded(CRYPTOSIGN) {
            Ok((client, principal)) => client.prove_cryptosign(CRYPTOSIGN, principal, key, known),
            Err(abort) => Step::Abort(*abort),
        }
    }

    /// Believes a proxy on this machine.
    pub(super) fn anonymous_proxy(self) -> Step {
        let transport = self.opening.transport.as_ref();
        if !transport.is_some_and(|transport| transport.channel == ChannelType::Unix) {
            return Step::Denied(*refused(
                "anonymous-proxy is for Unix sockets only".to_owned(),
            ));
        }
        match self.forwarded(ANONYMOUS) {
            Ok((client, principal)) => client.enter(principal),
            Err(abort) => Step::Abort(*abort),
        }
    }

    /// Reads who the proxy's client is.
    fn forwarded(self, method: &'static str) -> Result<(Self, Principal), Box<Abort>> {
        let text = |key| self.hello.authextra.get(key).and_then(Value::as_str);
        let needed = |key| {
            text(key)
                .filter(|text| !text.is_empty())
                .ok_or_else(|| refused(format!("missing required attribute authextra.{key}")))
        };
        let or = |key, default| text(key).map_or(Text::from_static(default), Text::from);
        let realm = needed("proxy_realm")?.to_owned();
        let extra = self.hello.authextra.get("proxy_authextra");
        let principal = Principal {
            authid: Text::from(needed("proxy_authid")?),
            authrole: Text::from(needed("proxy_authrole")?),
            authmethod: or("proxy_authmethod", method),
            authprovider: or("proxy_authprovider", "static"),
            authextra: extra
                .filter(|extra| extra.as_dict().is_some())
                .cloned()
                .unwrap_or_default(),
        };
        Ok((self.assign(&realm)?, principal))
    }
}

fn refused(message: String) -> Box<Abort> {
    Box::new(abort(uris::NOT_AUTHORIZED, message))
}
