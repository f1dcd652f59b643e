//! Whether a request may go on: its URI, the reserved namespace, the session's role, disclosure.

use crossbar_wire::{MatchPolicy, Pattern, SessionId, Text, Uri, UriError};

use super::Realm;
use crate::parking::Matter;
use crate::role::{Action, Grant, Verdict};
use crate::session::Session;
use crate::{Disclosure, refusal::Refusal, uris};

impl Realm {
    /// Checks the URI of a CALL or PUBLISH.
    pub(super) fn check_uri(&self, from: SessionId, uri: &Text) -> Result<(), Refusal> {
        self.check_length(from, uri)?;
        Uri::check(uri, self.options.uri_check).map_err(|fault| invalid(uri, &fault))
    }

    /// Checks the URI or pattern of a SUBSCRIBE or REGISTER.
    pub(super) fn check_pattern(
        &self,
        from: SessionId,
        uri: &Text,
        policy: Option<MatchPolicy>,
    ) -> Result<Pattern, Refusal> {
        self.check_length(from, uri)?;
        let policy = policy.unwrap_or_default();
        if policy == MatchPolicy::Wildcard && components(uri.as_bytes()) > MAX_COMPONENTS {
            let text = format!("a wildcard pattern has at most {MAX_COMPONENTS} components");
            return Err(Refusal::new(uris::INVALID_URI, text));
        }
        Pattern::new(uri, policy, self.options.uri_check).map_err(|fault| invalid(uri, &fault))
    }

    /// Refuses what only the node's own sessions may do below `wamp.`.
    pub(super) fn check_namespace(session: &Session, uri: &Text) -> Result<(), Refusal> {
        if uris::is_reserved(uri.as_bytes()) && !session.trusted {
            return Err(Refusal::new(
                uris::INVALID_URI,
                format!("the URI <{uri}> lies in the reserved namespace \"wamp.\""),
            ));
        }
        Ok(())
    }

    /// Asks the session's role. Gives what those whom it acts upon are told of it.
    pub(super) fn authorize(
        &self,
        session: &Session,
        action: Action,
        uri: &Text,
        policy: MatchPolicy,
    ) -> Result<Grant, Refusal> {
        let verdict = self
            .roles
            .decide(session.role, action, uri.as_bytes(), policy);
        match verdict {
            Verdict::Allowed(grant) if uris::is_own(uri.as_bytes()) => Ok(Grant {
                disclosure: Disclosure::Always,
                ..grant
            }),
            Verdict::Allowed(grant) => Ok(grant),
            Verdict::Denied => Err(self.denied(session, action, uri)),
            Verdict::Ask => self.ask_authorizer(session, action, uri, policy),
        }
    }

    /// Says whether an acting session is disclosed: `asked` is its own `disclose_me`, `wanted` a callee's
    /// `disclose_caller`.
    pub(super) fn is_disclosed(
        &self,
        rule: Disclosure,
        asked: Option<bool>,
        wanted: bool,
    ) -> Result<bool, Refusal> {
        let asked = asked == Some(true);
        if self.options.compat_crossbar {
            return Ok(rule == Disclosure::Always); // compat: both options are ignored
        }
        match rule {
            Disclosure::Always => Ok(true),
            Disclosure::OnOwnRequest => Ok(asked),
            Disclosure::OnRequest => Ok(asked || wanted),
            Disclosure::Never if asked => Err(Refusal::new(
                uris::DISCLOSE_ME,
                "the option \"disclose_me\" is not allowed here",
            )),
            Disclosure::Never => Ok(false),
        }
    }

    /// Gives what the role's authorizer has decided, or that it has to be asked.
    #[cold]
    fn ask_authorizer(
        &self,
        session: &Session,
        action: Action,
        uri: &Text,
        policy: MatchPolicy,
    ) -> Result<Grant, Refusal> {
        let matter = Matter {
            action,
            policy,
            uri: uri.clone(),
        };
        let grant = self.rule(session, matter)?;
        let disclosure = if uris::is_own(uri.as_bytes()) {
            Disclosure::Always
        } else {
            grant.disclosure
        };
        Ok(Grant {
            disclosure,
            trustlevel: self.roles.trustlevel(session.role),
            validation: grant.validation,
        })
    }

    #[cold]
    pub(super) fn denied(&self, session: &Session, action: Action, uri: &Text) -> Refusal {
        let what = match action {
            Action::Call => "call procedure",
            Action::Register => "register procedure",
            Action::Publish => "publish to topic",
            Action::Subscribe => "subscribe to topic",
        };
        let text = format!(
            "session (authid \"{}\", authrole \"{}\") is not authorized to {what} <{uri}> on realm \"{}\"",
            session.authid,
            self.roles.name(session.role),
            self.name
        );
        Refusal::new(uris::NOT_AUTHORIZED, text)
    }
}

/// How many components a wildcard pattern of a client may have: each takes a node of the index, which is a hundred times as
/// large as a component may be.
const MAX_COMPONENTS: usize = 32;

fn components(uri: &[u8]) -> usize {
    uri.split(|&octet| octet == b'.').count()
}

#[cold]
fn invalid(uri: &Text, fault: &UriError) -> Refusal {
    Refusal::new(uris::INVALID_URI, format!("invalid URI <{uri}>: {fault}"))
}
