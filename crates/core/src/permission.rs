use std::sync::Arc;
use std::time::Duration;

use crossbar_wire::{MatchPolicy, Text};

use crate::{Limits, Validation};

/// What sessions of one role may do in a realm (Crossbar.io: `roles[]`).
#[derive(Clone, Debug)]
pub struct RoleConfig {
    /// The role's name, the `authrole` of its sessions.
    pub name: Text,
    /// How its requests are decided.
    pub authorization: Authorization,
    /// `trustlevel`: what callees and subscribers are told of its calls and publications (WAMP spec, "Call Trust
    /// Levels").
    pub trustlevel: Option<u32>,
    /// `limits`: how much each of its sessions may have and send.
    pub limits: Limits,
    /// `max_sessions`: how many of its sessions there may be at a time.
    pub max_sessions: Option<usize>,
}

/// How the requests of a role are decided.
#[derive(Clone, Debug)]
pub enum Authorization {
    /// By permissions, the most specific one that matches; none denies.
    Static(Vec<Permission>),
    /// By a procedure of the realm, which is asked about each request.
    Dynamic(Authorizer),
    /// Everything is allowed or denied (`allow-by-default`, and the built-in role `trusted`).
    Always(bool),
}

/// A procedure of the realm that decides requests (Crossbar.io: `authorizer`).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Authorizer {
    /// The procedure. It is called with details of the session, the URI, the action and the request's options.
    pub procedure: Text,
    /// How long it has to answer.
    pub timeout: Duration,
    /// How long its decisions are kept that say so, if they do not say how long.
    pub cache_ttl: Duration,
}

/// What one URI or pattern permits.
#[derive(Clone, Debug)]
pub struct Permission {
    /// The URI or pattern, stars already taken off.
    pub uri: Text,
    /// How requests' URIs are compared with it.
    pub policy: MatchPolicy,
    /// The actions that are allowed.
    pub allow: Actions,
    /// Whether callers are disclosed to callees.
    pub disclose_caller: Disclosure,
    /// Whether publishers are disclosed to subscribers.
    pub disclose_publisher: Disclosure,
    /// `trustlevel`: goes before the role's.
    pub trustlevel: Option<u32>,
    /// Whether the decision may be kept for the session.
    pub cache: bool,
    /// `validate`: what arguments must be, if that is checked.
    pub validation: Option<Arc<Validation>>,
}

/// The actions of a permission.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Actions {
    /// CALL
    pub call: bool,
    /// REGISTER
    pub register: bool,
    /// PUBLISH
    pub publish: bool,
    /// SUBSCRIBE
    pub subscribe: bool,
}

/// When an acting session is disclosed to those it acts upon (DESIGN, "Differences from Crossbar.io").
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Disclosure {
    /// `false`: only when the session itself asks with `disclose_me`.
    #[default]
    OnOwnRequest,
    /// `true`: always.
    Always,
    /// `"on_request"`: also when a callee asks with `disclose_caller`.
    OnRequest,
    /// `"never"`: a request for it is refused.
    Never,
}
