use std::cmp::Reverse;
use std::sync::Arc;

use crossbar_wire::{MatchPolicy, Text};
use indexmap::IndexMap;

use crate::index::PatternIndex;
use crate::{
    Authorization, Authorizer, Disclosure, Limits, OverRate, Permission, Rate, RoleConfig,
    Validation,
};

/// The role of the node's own sessions: everything is allowed. It cannot be configured.
pub(crate) const TRUSTED: &str = "trusted";

/// What a session wants to do.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Action {
    Call,
    Register,
    Publish,
    Subscribe,
}

impl Action {
    /// Gives the name by which authorizers know it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Register => "register",
            Self::Publish => "publish",
            Self::Subscribe => "subscribe",
        }
    }
}

/// What a role says to a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    Denied,
    /// The role's authorizer decides.
    Ask,
    /// The request goes on.
    Allowed(Grant),
}

/// What those whom an allowed request reaches are told of the one who acts, and what its arguments must be.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Grant {
    pub(crate) disclosure: Disclosure,
    /// `details.trustlevel` of an INVOCATION or EVENT.
    pub(crate) trustlevel: Option<u32>,
    pub(crate) validation: Option<Arc<Validation>>,
}

/// The place of a role in its realm. It stays valid for as long as the realm.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct RoleKey(usize);

/// The roles of a realm. A role that was removed keeps its place, so that its sessions are denied everything.
#[derive(Debug)]
pub(crate) struct Roles {
    by_name: IndexMap<Text, Option<Judge>, foldhash::fast::RandomState>,
}

impl Roles {
    pub(crate) fn new() -> Self {
        let mut by_name = IndexMap::default();
        let trusted = Judge {
            rule: Rule::Trusted,
            trustlevel: None,
            limits: Limits::default(),
            max_sessions: None,
        };
        by_name.insert(Text::from_static(TRUSTED), Some(trusted));
        Self { by_name }
    }

    /// Adds a role, or replaces the rule of the one of that name, and gives its place. The trusted one stays as it is.
    pub(crate) fn set(&mut self, role: RoleConfig) -> Option<RoleKey> {
        (role.name != TRUSTED).then(|| {
            let judge = Judge {
                rule: Rule::new(role.authorization),
                trustlevel: role.trustlevel,
                limits: role.limits,
                max_sessions: role.max_sessions,
            };
            let (key, _) = self.by_name.insert_full(role.name.compact(), Some(judge));
            RoleKey(key)
        })
    }

    /// Takes the rule of a role away, if there is one, and gives its place.
    pub(crate) fn remove(&mut self, name: &str) -> Option<RoleKey> {
        if name == TRUSTED {
            return None;
        }
        let (key, _, judge) = self.by_name.get_full_mut(name.as_bytes())?;
        judge.take().map(|_| RoleKey(key))
    }

    /// Gives the procedure that decides about the sessions of a role.
    pub(crate) fn authorizer(&self, key: RoleKey) -> Option<&Authorizer> {
        match &self.judge(key)?.rule {
            Rule::Dynamic(authorizer) => Some(authorizer),
            Rule::Trusted | Rule::Always(_) | Rule::Static(_) => None,
        }
    }

    /// Gives the trust level of a role.
    pub(crate) fn trustlevel(&self, key: RoleKey) -> Option<u32> {
        self.judge(key)?.trustlevel
    }

    /// Finds a role that has a rule.
    pub(crate) fn find(&self, name: &Text) -> Option<RoleKey> {
        let (key, _, judge) = self.by_name.get_full(name.as_bytes())?;
        judge.as_ref().map(|_| RoleKey(key))
    }

    /// Gives the name of a role.
    pub(crate) fn name(&self, key: RoleKey) -> &Text {
        let (name, _) = self.by_name.get_index(key.0).expect("roles are not moved");
        name
    }

    /// Gives what each session of a role may have and send; nothing is said of those of a role that was removed.
    pub(crate) fn limits(&self, key: RoleKey) -> &Limits {
        const NONE: &Limits = &Limits {
            subscriptions: None,
            registrations: None,
            wildcards: None,
            open_calls: None,
            uri_length: None,
            message_size: None,
            rate: Rate {
                messages: None,
                octets: None,
                burst: None,
                over: OverRate::Wait,
            },
        };
        self.judge(key).map_or(NONE, |judge| &judge.limits)
    }

    /// Gives how many sessions of a role there may be.
    pub(crate) fn max_sessions(&self, key: RoleKey) -> Option<usize> {
        self.judge(key)?.max_sessions
    }

    /// Decides a request: `uri` is the URI or, for a subscription or registration by pattern, the pattern.
    pub(crate) fn decide(
        &self,
        key: RoleKey,
        action: Action,
        uri: &[u8],
        policy: MatchPolicy,
    ) -> Verdict {
        match self.judge(key) {
            Some(judge) => judge.decide(action, uri, policy),
            None => Verdict::Denied,
        }
    }

    fn judge(&self, key: RoleKey) -> Option<&Judge> {
        self.by_name.get_index(key.0)?.1.as_ref()
    }
}

/// What decides about the sessions of one role.
#[derive(Debug)]
struct Judge {
    rule: Rule,
    trustlevel: Option<u32>,
    limits: Limits,
    max_sessions: Option<usize>,
}

impl Judge {
    fn decide(&self, action: Action, uri: &[u8], policy: MatchPolicy) -> Verdict {
        match self.rule.decide(action, uri, policy) {
            Verdict::Allowed(grant) => Verdict::Allowed(Grant {
                trustlevel: grant.trustlevel.or(self.trustlevel),
                ..grant
            }),
            Verdict::Denied => Verdict::Denied,
            Verdict::Ask => Verdict::Ask,
        }
    }
}

#[derive(Debug)]
enum Rule {
    Trusted,
    Always(bool),
    Static(Permissions),
    Dynamic(Authorizer),
}

impl Rule {
    fn new(authorization: Authorization) -> Self {
        match authorization {
            Authorization::Always(allow) => Self::Always(allow),
            Authorization::Static(permissions) => Self::Static(Permissions::new(permissions)),
            Authorization::Dynamic(authorizer) => Self::Dynamic(authorizer),
        }
    }

    fn decide(&self, action: Action, uri: &[u8], policy: MatchPolicy) -> Verdict {
        match self {
            Self::Trusted => Verdict::Allowed(Grant {
                disclosure: Disclosure::Always,
                ..Grant::default()
            }),
            Self::Always(true) => Verdict::Allowed(Grant::default()),
            Self::Always(false) => Verdict::Denied,
            Self::Static(permissions) => permissions.decide(action, uri, policy),
            Self::Dynamic(_) => Verdict::Ask,
        }
    }
}

impl Permission {
    const fn allows(&self, action: Action) -> bool {
        match action {
            Action::Call => self.allow.call,
            Action::Register => self.allow.register,
            Action::Publish => self.allow.publish,
            Action::Subscribe => self.allow.subscribe,
        }
    }

    fn decide(&self, action: Action) -> Verdict {
        let disclosure = match action {
            Action::Call => self.disclose_caller,
            Action::Publish => self.disclose_publisher,
            Action::Register | Action::Subscribe => Disclosure::default(),
        };
        if self.allows(action) {
            Verdict::Allowed(Grant {
                disclosure,
                trustlevel: self.trustlevel,
                validation: self.validation.clone(),
            })
        } else {
            Verdict::Denied
        }
    }
}

/// The permissions of one role. The most specific one that covers a request decides: an equal URI, else the best
/// wildcard, else the longest prefix (Crossbar.io's order). A pattern is denied as well if a more specific one denies part of
/// what it matches, so that no pattern reaches what its URIs do not.
#[derive(Debug, Default)]
pub(crate) struct Permissions {
    list: Vec<Permission>,
    index: PatternIndex<usize>,
}

impl Permissions {
    /// Makes a table; of two entries for the same URI or pattern the later counts.
    pub(crate) fn new(entries: Vec<Permission>) -> Self {
        let mut list: IndexMap<(Text, &'static str), Permission> = IndexMap::new();
        for entry in entries {
            list.insert((entry.uri.clone(), entry.policy.name()), entry);
        }
        let list: Vec<Permission> = list.into_values().collect();
        let mut index = PatternIndex::default();
        for (place, permission) in list.iter().enumerate() {
            index.insert(permission.uri.compact(), permission.policy, place);
        }
        Self { list, index }
    }

    /// Decides about a URI or a pattern.
    pub(crate) fn decide(&self, action: Action, uri: &[u8], policy: MatchPolicy) -> Verdict {
        match self.find(uri, policy) {
            Some(found) if policy == MatchPolicy::Exact => found.decide(action),
            Some(found) if found.allows(action) && self.cuts(found, action, uri, policy) => {
                Verdict::Denied
            }
            Some(found) => found.decide(action),
            None => Verdict::Denied,
        }
    }

    /// Says whether a permission that goes before `found`, which covers a pattern, denies part of it.
    fn cuts(&self, found: &Permission, action: Action, uri: &[u8], policy: MatchPolicy) -> bool {
        let asked = (uri, policy);
        self.list.iter().any(|other| {
            !other.allows(action)
                && overlap((other.uri.as_bytes(), other.policy), asked)
                && (found.policy == MatchPolicy::Exact || precedence(other) < precedence(found))
        })
    }

    /// Finds the permission that decides about a URI or a pattern.
    pub(crate) fn find(&self, uri: &[u8], policy: MatchPolicy) -> Option<&Permission> {
        match policy {
            MatchPolicy::Exact => {
                let place = self
                    .index
                    .exact(uri)
                    .or_else(|| self.index.best_wildcard(uri))
                    .or_else(|| self.index.longest_prefix(uri))?;
                self.list.get(place)
            }
            MatchPolicy::Prefix => self.find_for_prefix(uri),
            MatchPolicy::Wildcard => self.find_for_wildcard(uri),
        }
    }

    /// A prefix takes in infinitely many URIs: only a prefix of its own text covers them all.
    fn find_for_prefix(&self, prefix: &[u8]) -> Option<&Permission> {
        self.written_so(prefix)
            .or_else(|| self.list.get(self.index.longest_prefix(prefix)?))
    }

    fn find_for_wildcard(&self, pattern: &[u8]) -> Option<&Permission> {
        self.written_so(pattern)
            .or_else(|| self.best_covering(pattern))
            .or_else(|| {
                let lead = literal_lead(pattern);
                self.list.get(self.index.longest_prefix(lead)?)
            })
    }

    /// Finds an exact permission with the text of a pattern. Since no URI has an empty component, one with an empty
    /// component can only mean the pattern. Another stands for its one URI, which does not cover a pattern.
    fn written_so(&self, pattern: &[u8]) -> Option<&Permission> {
        if pattern.is_empty() || !has_empty_component(pattern) {
            return None;
        }
        self.list.get(self.index.exact(pattern)?)
    }

    /// Finds the wildcard permission with the best precedence among those that match all that `pattern` matches.
    fn best_covering(&self, pattern: &[u8]) -> Option<&Permission> {
        self.list
            .iter()
            .filter(|permission| {
                permission.policy == MatchPolicy::Wildcard
                    && covers(permission.uri.as_bytes(), pattern)
            })
            .min_by_key(|permission| openness(permission.uri.as_bytes()))
    }
}

/// A pattern with its match policy.
type Shape<'a> = (&'a [u8], MatchPolicy);

/// Orders the permissions that match one URI: the first decides.
fn precedence(permission: &Permission) -> (u8, Vec<bool>, Reverse<usize>) {
    let uri = permission.uri.as_bytes();
    match permission.policy {
        MatchPolicy::Exact => (0, Vec::new(), Reverse(0)),
        MatchPolicy::Wildcard => (1, openness(uri), Reverse(0)),
        MatchPolicy::Prefix => (2, Vec::new(), Reverse(uri.len())),
    }
}

/// Says whether some URI is matched by both.
fn overlap((one, policy): Shape<'_>, (other, other_policy): Shape<'_>) -> bool {
    match (policy, other_policy) {
        (MatchPolicy::Exact, MatchPolicy::Exact) => one == other,
        (MatchPolicy::Exact, MatchPolicy::Prefix) => one.starts_with(other),
        (MatchPolicy::Prefix, MatchPolicy::Exact) => other.starts_with(one),
        (MatchPolicy::Exact, MatchPolicy::Wildcard)
        | (MatchPolicy::Wildcard, MatchPolicy::Exact | MatchPolicy::Wildcard) => {
            wildcards_overlap(one, other)
        }
        (MatchPolicy::Prefix, MatchPolicy::Prefix) => {
            one.starts_with(other) || other.starts_with(one)
        }
        (MatchPolicy::Prefix, MatchPolicy::Wildcard) => prefix_overlaps(one, other),
        (MatchPolicy::Wildcard, MatchPolicy::Prefix) => prefix_overlaps(other, one),
    }
}

/// Says whether some URI is matched by both wildcards; a URI is a wildcard without open components.
fn wildcards_overlap(one: &[u8], other: &[u8]) -> bool {
    let (mut one, mut other) = (components(one), components(other));
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one.is_empty() || other.is_empty() || one == other => {}
            (Some(_), _) | (None, Some(_)) => return false,
        }
    }
}

/// Says whether some URI that the wildcard matches begins with `prefix`.
fn prefix_overlaps(prefix: &[u8], wildcard: &[u8]) -> bool {
    let mut prefix = components(prefix).peekable();
    let mut wildcard = components(wildcard);
    while let Some(begun) = prefix.next() {
        let Some(component) = wildcard.next() else {
            return false;
        };
        let fits = if prefix.peek().is_some() {
            component == begun || component.is_empty() // it is whole in the prefix
        } else {
            component.is_empty() || component.starts_with(begun)
        };
        if !fits {
            return false;
        }
    }
    true
}

/// Says whether the wildcard `wide` matches everything that the wildcard `pattern` matches.
fn covers(wide: &[u8], pattern: &[u8]) -> bool {
    let mut wide = components(wide);
    let mut pattern = components(pattern);
    loop {
        match (wide.next(), pattern.next()) {
            (None, None) => return true,
            (Some(wide), Some(narrow)) if wide.is_empty() || wide == narrow => {}
            (Some(_) | None, Some(_)) | (Some(_), None) => return false,
        }
    }
}

/// Orders wildcards of one number of components: literal components come first.
fn openness(pattern: &[u8]) -> Vec<bool> {
    components(pattern).map(<[u8]>::is_empty).collect()
}

/// Gives what every URI that the wildcard matches begins with.
pub(crate) fn literal_lead(pattern: &[u8]) -> &[u8] {
    let mut end = 0;
    for component in components(pattern) {
        if component.is_empty() {
            return &pattern[..end];
        }
        end += component.len() + 1; // the full stop belongs to the lead
    }
    pattern
}

fn has_empty_component(uri: &[u8]) -> bool {
    components(uri).any(<[u8]>::is_empty)
}

fn components(uri: &[u8]) -> impl Iterator<Item = &[u8]> {
    uri.split(|&octet| octet == b'.')
}

#[cfg(test)]
mod tests;
