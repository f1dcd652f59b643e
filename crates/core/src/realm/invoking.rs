//! How an allowed call becomes an INVOCATION.

use std::collections::BTreeSet;
use std::time::Duration;

use crossbar_wire::{
    Features, Identity, Invocation, MatchPolicy, Message, Payload, RequestId, Role, SessionId, Text,
};

use super::authorizing::realm_itself;
use super::passthru::admit_passthru;
use super::{Realm, send};
use crate::calls::{Invoked, Kept, Order, Place, Rerouting, Stream};
use crate::dealer::{Endpoint, Registration};
use crate::refusal::Refusal;
use crate::role::TRUSTED;
use crate::session::{Session, identity};
use crate::{Outbox, uris};

/// The callee that was chosen for a call, with the place that the call takes there.
pub(super) type Chosen = (Endpoint, Option<Place>);

/// A callee's side of a call, and the time limit that the dealer watches.
pub(super) type Begun = (Invoked, Option<Duration>);

/// What becomes of a caller's options.
struct Wish {
    /// Whether the callee is told who calls.
    disclosed: bool,
    /// The time limit that the dealer watches.
    timeout: Option<Duration>,
    /// The time limit that the callee is told.
    forwarded_timeout: Option<u64>,
    receive_progress: bool,
}

impl Realm {
    /// Sends the INVOCATION to the callee that was chosen; what is to be entered comes back. If the callee cannot take the call,
    /// its place is given back.
    pub(super) fn invoke(
        &mut self,
        caller: SessionId,
        order: Order,
        (endpoint, place): Chosen,
        out: &mut Outbox,
    ) -> Result<Begun, Refusal> {
        let wish = match self.wish(caller, &order, &endpoint) {
            Ok(wish) => wish,
            Err(refusal) => {
                self.give_back(place);
                return Err(refusal);
            }
        };
        let callee = self.sessions.get_mut(endpoint.callee);
        let callee = callee.expect("sessions and registrations go together");
        let invocation = callee.next_invocation();
        let reroutes = callee.callee_supports(Features::CALL_REROUTE) && !order.is_stream();
        let mut kept = reroutes
            .then(|| self.keep_for_rerouting(caller, &order))
            .flatten();
        let procedure = order.is_stream().then(|| order.call.procedure.compact());
        let message = self.invocation(caller, invocation, order, &wish);
        if let Some(procedure) = procedure {
            kept = Some(Kept::Stream(Stream::new(template(&message), procedure)));
        }
        send(out, endpoint.callee, Message::Invocation(message));
        let invoked = Invoked {
            callee: endpoint.callee,
            invocation,
            place,
            kept: kept.map(Box::new),
        };
        Ok((invoked, wish.timeout))
    }

    /// Settles which of the caller's options the callee is told, and which the dealer sees to.
    fn wish(&self, caller: SessionId, order: &Order, endpoint: &Endpoint) -> Result<Wish, Refusal> {
        let call = &order.call;
        let compat = self.options.compat_crossbar;
        let callee = self.sessions.get(endpoint.callee);
        let supports =
            |features| callee.is_some_and(|callee: &Session| callee.callee_supports(features));
        self.check_receiver(endpoint.callee, Role::Callee, call.passthru.as_deref())?;
        if order.is_stream() && !supports(STREAMING) {
            let text = "the callee does not support progressive call invocations";
            return Err(Refusal::new(uris::FEATURE_NOT_SUPPORTED, text));
        }
        if order.is_stream() && !self.calls.has_room(caller, order.octets()) {
            let text = "too many calls have their arguments step by step";
            return Err(Refusal::new(uris::MAX_CONCURRENCY_REACHED, text));
        }
        let rule = order.grant.disclosure;
        let limit = self.limit(call.timeout);
        let forward =
            limit.is_some() && endpoint.forward_timeout && supports(Features::CALL_TIMEOUT);
        Ok(Wish {
            disclosed: self.is_disclosed(rule, call.disclose_me, endpoint.disclose_caller)?,
            timeout: limit.filter(|_| !forward),
            forwarded_timeout: limit
                .filter(|_| forward || compat) // compat: always forwarded
                .map(|limit| self.left(limit, order)),
            // compat: forwarded whatever the callee announced
            receive_progress: call.receive_progress == Some(true)
                && (compat || supports(PROGRESSIVE)),
        })
    }

    /// Reads the option `timeout` (WAMP spec, "Call Timeouts").
    pub(super) fn limit(&self, timeout: Option<u64>) -> Option<Duration> {
        let timeout = timeout.filter(|&timeout| timeout > 0)?;
        Some(if self.options.compat_crossbar {
            Duration::from_secs(timeout) // compat: the unit is the second
        } else {
            Duration::from_millis(timeout)
        })
    }

    /// Gives what is left of a time limit, in the unit of the option: part of it may have gone by in a queue.
    fn left(&self, limit: Duration, order: &Order) -> u64 {
        let left = limit.saturating_sub(self.now.duration_since(order.received));
        let unit = if self.options.compat_crossbar {
            Duration::from_secs(1)
        } else {
            Duration::from_millis(1)
        };
        let units = left.as_nanos().div_ceil(unit.as_nanos());
        u64::try_from(units).unwrap_or(u64::MAX).max(1)
    }

    /// Keeps a call that its callee may hand back, if there is another one to give it to.
    fn keep_for_rerouting(&self, caller: SessionId, order: &Order) -> Option<Kept> {
        let registration = self.dealer.get(order.registration)?;
        let wanted = registration.is_shared() && self.calls.has_room(caller, order.octets());
        wanted.then(|| {
            Kept::Rerouting(Rerouting {
                order: order.compact(),
                tried: BTreeSet::new(),
            })
        })
    }

    fn invocation(
        &self,
        from: SessionId,
        request: RequestId,
        order: Order,
        wish: &Wish,
    ) -> Invocation {
        let call = order.call;
        let caller = self.sessions.get(from);
        let registration = self.dealer.get(order.registration);
        let policy = registration.map(Registration::policy);
        let identity = match call.caller {
            // A link speaks for a caller elsewhere.
            Some(identity) if caller.is_some_and(|caller| caller.trusted) => Some(identity),
            Some(_) | None if from == realm_itself() => Some(Box::new(the_router())),
            Some(_) | None if wish.disclosed => self.identify(from),
            Some(_) | None => None,
        };
        Invocation {
            request,
            registration: order.registration,
            receive_progress: wish.receive_progress.then_some(true),
            progress: call.progress.filter(|&progress| progress),
            timeout: wish.forwarded_timeout,
            caller: identity,
            procedure: (policy != Some(MatchPolicy::Exact)).then_some(call.procedure),
            trustlevel: order.grant.trustlevel,
            passthru: caller.and_then(|caller| admit_passthru(call.passthru, caller)),
            payload: call.payload,
        }
    }

    pub(super) fn identify(&self, id: SessionId) -> Option<Box<Identity>> {
        let session = self.sessions.get(id)?;
        Some(identity(id, session, self.roles.name(session.role)))
    }
}

/// Copies what every chunk of a call says, so that it shares no memory with the frame that the first came in.
fn template(first: &Invocation) -> Invocation {
    Invocation {
        caller: first.caller.as_ref().map(|it| Box::new(it.compact())),
        procedure: first.procedure.as_ref().map(Text::compact),
        passthru: first.passthru.as_ref().map(|it| Box::new(it.compact())),
        payload: Payload::EMPTY,
        ..*first
    }
}

/// Tells callees that nobody but the realm asks, as no client can have that role. There is no session to name.
fn the_router() -> Identity {
    Identity {
        session: None,
        authid: Some(Text::from_static("authorizer")),
        authrole: Some(Text::from_static(TRUSTED)),
    }
}

/// What a callee must have announced to be asked for progress. The specification also asks for `call_canceling`, which
/// AutobahnJS does not announce although it yields progress.
const PROGRESSIVE: Features = Features::PROGRESSIVE_CALL_RESULTS;

/// What a callee must have announced to get arguments step by step. One that cannot be interrupted would wait for ever for
/// the rest of a call that was cancelled.
const STREAMING: Features = Features::PROGRESSIVE_CALL_INVOCATIONS.union(Features::CALL_CANCELING);
