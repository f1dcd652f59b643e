mod audit;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

use crossbar_wire::{
    Features, Identity, Message, Payload, RegistrationId, RequestId, Role, Roles, SessionId,
    SubscriptionId, Text, Value,
};
use foldhash::fast::RandomState;
use indexmap::IndexMap;

use crate::calls::CallKey;
use crate::parking::Parking;
use crate::refusal::said;
use crate::request_ids::RequestIds;
use crate::role::RoleKey;
use crate::testaments::Testaments;
use crate::{Join, Limits, Principal, TransportDetails};

/// A session of the realm, with the inverse of every table that names it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) authid: Text,
    pub(crate) role: RoleKey,
    pub(crate) details: Box<Details>,
    /// One of the node's own: it may use the reserved namespace and speak for others.
    pub(crate) trusted: bool,
    pub(crate) phase: Phase,
    pub(crate) subscriptions: BTreeSet<SubscriptionId>,
    pub(crate) registrations: BTreeSet<RegistrationId>,
    /// How many of both are wildcard patterns.
    pub(crate) wildcards: u32,
    /// The calls that this session waits for; the newest of those with one request id.
    pub(crate) calls: HashMap<RequestId, CallKey, RandomState>,
    /// The invocations that this session works on.
    pub(crate) invocations: HashMap<RequestId, CallKey, RandomState>,
    /// The last invocation id that this session was given; ids count up from 1 (WAMP spec, "IDs").
    last_invocation: u64,
    /// The highest request id of a progressive call that this session has begun; 0 if it never has.
    last_stream: u64,
    /// Checks the request ids, if the transport asks for it.
    request_ids: Option<Box<RequestIds>>,
    roles: Roles,
    /// What its transport allows it, if that says something.
    pub(crate) limits: Option<Arc<Limits>>,
    /// How many calls of this session are in flight.
    pub(crate) open_calls: usize,
    /// What waits until its role's authorizer has decided; it is there if the role has one.
    pub(crate) parking: Option<Box<Parking>>,
}

/// What is told about a session if somebody asks.
#[derive(Debug)]
pub(crate) struct Details {
    pub(crate) authmethod: Text,
    pub(crate) authprovider: Text,
    /// `authextra` as the one positional argument; empty if it is too long to be kept.
    authextra: Payload,
    pub(crate) transport: Option<TransportDetails>,
    /// When the session is to end at the latest.
    pub(crate) expires: Option<Instant>,
    /// What is published when the session ends.
    pub(crate) testaments: Option<Box<Testaments>>,
}

/// How many octets of `authextra` are kept; clients of some authentication methods choose it freely.
const AUTHEXTRA: usize = 2048;

impl Details {
    pub(crate) fn new(principal: &Principal, transport: Option<TransportDetails>) -> Self {
        let authextra = said(&[principal.lasting_extra()]);
        Self {
            authmethod: principal.authmethod.compact(),
            authprovider: principal.authprovider.compact(),
            authextra: if authextra.args.len() > AUTHEXTRA {
                Payload::EMPTY
            } else {
                authextra
            },
            transport,
            expires: None,
            testaments: None,
        }
    }

    /// Gives `authextra`: a dictionary, empty if the session has none, since clients of Crossbar.io look into it unasked.
    pub(crate) fn authextra(&self) -> Value {
        let args = self.authextra.args().unwrap_or_default();
        let extra = args.into_iter().next();
        extra
            .filter(|extra| extra.as_dict().is_some())
            .unwrap_or_else(|| Value::Dict(Vec::new()))
    }
}

/// Where in its life a session is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    Open,
    /// The router said GOODBYE; all but the answer is ignored, and it has until then to come.
    Closing {
        until: Option<Instant>,
    },
}

impl Session {
    pub(crate) fn new(join: &Join, role: RoleKey, trusted: bool) -> Self {
        let principal = &join.principal;
        Self {
            authid: principal.authid.compact(),
            role,
            details: Box::new(Details::new(principal, join.transport.clone())),
            trusted,
            phase: Phase::Open,
            subscriptions: BTreeSet::new(),
            registrations: BTreeSet::new(),
            wildcards: 0,
            calls: HashMap::default(),
            invocations: HashMap::default(),
            last_invocation: 0,
            last_stream: 0,
            request_ids: join.strict_request_ids.then(Box::default),
            roles: join.hello.roles,
            limits: join.limits.clone(),
            open_calls: 0,
            parking: None,
        }
    }

    /// Says whether the session announced features for a role.
    pub(crate) fn supports(&self, role: Role, features: Features) -> bool {
        self.roles.supports(role, features)
    }

    /// Says whether the session announced a feature as a callee.
    pub(crate) fn callee_supports(&self, features: Features) -> bool {
        self.roles.supports(Role::Callee, features)
    }

    /// Gives the next invocation id.
    pub(crate) fn next_invocation(&mut self) -> RequestId {
        self.last_invocation = if self.last_invocation == crossbar_wire::MAX_ID {
            1
        } else {
            self.last_invocation + 1
        };
        RequestId::new(self.last_invocation).expect("the counter wraps at the greatest id")
    }

    /// Says whether the session was ever given this invocation.
    pub(crate) fn was_invoked(&self, invocation: RequestId) -> bool {
        (1..=self.last_invocation).contains(&invocation.value())
    }

    /// Checks the request id of a message, if the transport asks for it. Gives the one that was expected in its place.
    pub(crate) fn take_request_id(&mut self, message: &Message) -> Result<(), u64> {
        let Some(ids) = &mut self.request_ids else {
            return Ok(());
        };
        let taken = ids.take(message);
        if let Message::Call(call) = message
            && self.may_continue(call.request)
            && self.calls.contains_key(&call.request)
        {
            return Ok(()); // a chunk of a call in flight, or else found out as none
        }
        taken
    }

    /// Says whether a CALL with this id may continue a progressive call: ids count up, so no call that is begun later has
    /// one that low (WAMP spec, "Verification of CALL Request IDs").
    pub(crate) fn may_continue(&self, request: RequestId) -> bool {
        (1..=self.last_stream).contains(&request.value())
    }

    /// Notes that a progressive call begins. Says whether one with this id can.
    pub(crate) fn begin_stream(&mut self, request: RequestId) -> bool {
        let begins = request.value() > self.last_stream;
        self.last_stream = self.last_stream.max(request.value());
        begins
    }

    /// Says whether a message is a CALL that begins or continues a progressive call.
    pub(crate) fn is_chunk(&self, message: &Message) -> bool {
        matches!(message, Message::Call(call)
            if call.progress == Some(true) || self.may_continue(call.request))
    }

    pub(crate) const fn last_stream(&self) -> u64 {
        self.last_stream
    }

    /// Forgets that a progressive call has begun, since it begins later.
    pub(crate) const fn set_last_stream(&mut self, last: u64) {
        self.last_stream = last;
    }

    pub(crate) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }
}

/// The sessions of a realm.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_id: IndexMap<SessionId, Session, RandomState>,
    /// The time limits of sessions that are closing.
    limits: BTreeSet<(Instant, SessionId)>,
    /// When sessions end that do not last for ever.
    expiries: BTreeSet<(Instant, SessionId)>,
    /// How many sessions there are of each role.
    by_role: BTreeMap<RoleKey, usize>,
}

impl Sessions {
    /// Adds a session, if its id is free.
    pub(crate) fn insert(&mut self, id: SessionId, session: Session) -> bool {
        match self.by_id.entry(id) {
            indexmap::map::Entry::Occupied(_) => false,
            indexmap::map::Entry::Vacant(place) => {
                *self.by_role.entry(session.role).or_default() += 1;
                self.expiries
                    .extend(session.details.expires.map(|until| (until, id)));
                place.insert(session);
                true
            }
        }
    }

    pub(crate) fn get(&self, id: SessionId) -> Option<&Session> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.by_id.get_mut(&id)
    }

    /// Gives a session if it may still be sent something.
    pub(crate) fn open(&self, id: SessionId) -> Option<&Session> {
        self.get(id).filter(|session| session.is_open())
    }

    /// Marks a session as closing, with a time limit if there is one.
    pub(crate) fn close(&mut self, id: SessionId, until: Option<Instant>) {
        if let Some(session) = self.by_id.get_mut(&id) {
            session.phase = Phase::Closing { until };
            if let Some(expires) = session.details.expires.take() {
                self.expiries.remove(&(expires, id));
            }
            self.limits.extend(until.map(|until| (until, id)));
        }
    }

    /// Forgets a session.
    pub(crate) fn remove(&mut self, id: SessionId) -> Option<Session> {
        let session = self.by_id.swap_remove(&id)?;
        if let Phase::Closing { until: Some(until) } = session.phase {
            self.limits.remove(&(until, id));
        }
        if let Some(expires) = session.details.expires {
            self.expiries.remove(&(expires, id));
        }
        if let Entry::Occupied(mut count) = self.by_role.entry(session.role) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        Some(session)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (SessionId, &Session)> {
        self.by_id.iter().map(|(&id, session)| (id, session))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.by_id.values_mut()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Counts the sessions of a role.
    pub(crate) fn count_of(&self, role: RoleKey) -> usize {
        self.by_role.get(&role).copied().unwrap_or(0)
    }

    /// Gives the first time limit.
    pub(crate) fn next_limit(&self) -> Option<Instant> {
        let first = |times: &BTreeSet<(Instant, _)>| times.first().map(|&(until, _)| until);
        let times = [first(&self.limits), first(&self.expiries)];
        times.into_iter().flatten().min()
    }

    /// Gives the first session whose time is up.
    pub(crate) fn expired(&self, now: Instant) -> Option<SessionId> {
        let &(until, id) = self.expiries.first()?;
        (until <= now).then_some(id)
    }

    /// Gives the first session whose time limit is over.
    pub(crate) fn overdue(&self, now: Instant) -> Option<SessionId> {
        let &(until, id) = self.limits.first()?;
        (until <= now).then_some(id)
    }

    pub(crate) fn limits(&self) -> usize {
        self.limits.len() + self.expiries.len()
    }
}

/// Makes the identity of a session, as it is disclosed to others.
pub(crate) fn identity(id: SessionId, session: &Session, role: &Text) -> Box<Identity> {
    Box::new(Identity {
        session: Some(id),
        authid: Some(session.authid.clone()),
        authrole: Some(role.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_session_is_small() {
        // With the key and the place in the table, and the table half full: well under 1 KiB.
        let entry = size_of::<(SessionId, Session)>() + 2 * size_of::<u64>();
        assert!(2 * entry <= 640, "{entry} octets an entry");
        let details = size_of::<Details>();
        assert!(details <= 256, "{details} octets of details");
    }
}
