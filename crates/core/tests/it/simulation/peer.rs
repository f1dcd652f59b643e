//! What one session was told, and what it waits for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crossbar_wire::{
    Call, Features, Message, Payload, Publish, Register, Role, Roles, Subscribe, Unregister,
    Unsubscribe, Value,
};

use super::naive::{Pattern, admits};

/// What a session was told.
pub(super) struct Peer {
    pub(super) authid: String,
    pub(super) authrole: String,
    pub(super) roles: Roles,
    pub(super) phase: Phase,
    /// Requests that are to be answered before the realm takes the next input, unless they wait for an authorizer.
    pub(super) asked: BTreeMap<(u16, u64), Asked>,
    /// The same in the order in which they are to be answered.
    pub(super) order: VecDeque<(u16, u64)>,
    /// Calls that wait for their final answer: how many have that request, and whether progress was asked for.
    pub(super) calls: BTreeMap<u64, Waiting>,
    pub(super) subscriptions: BTreeMap<u64, Pattern>,
    pub(super) registrations: BTreeMap<u64, Pattern>,
    /// Invocations that were not answered, taken back or given up.
    pub(super) open: BTreeSet<u64>,
    pub(super) last_invocation: u64,
    /// The greatest request id of a call whose arguments come step by step.
    pub(super) last_stream: u64,
    /// The newest request of each publisher and of each caller that came here.
    pub(super) newest: BTreeMap<(Way, u64), u64>,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Way {
    Events,
    Calls,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    Open,
    /// GOODBYE or ABORT was sent.
    Closing,
}

#[derive(Debug)]
pub(super) enum Asked {
    Subscription(Pattern),
    Registration(Pattern),
    Unsubscription(u64),
    Unregistration(u64),
    Publication,
}

#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) finals: usize,
    /// Answers that could not be delivered and are to be replaced.
    pub(super) owed: usize,
    pub(super) progress: bool,
    /// The number of the last part of the result.
    pub(super) part: u64,
}

impl Peer {
    pub(super) fn supports(&self, role: Role, features: Features) -> bool {
        self.roles.supports(role, features)
    }

    /// Says whether a publication is for this session, as far as the publisher says.
    pub(super) fn may_have(&self, id: u64, publish: &Publish) -> bool {
        admits(
            publish.audience.as_deref(),
            id,
            &self.authid,
            &self.authrole,
        )
    }

    pub(super) fn awaits(&mut self, code: u16, request: u64, asked: Asked) {
        let before = self.asked.insert((code, request), asked);
        assert!(before.is_none(), "request {request} was not answered");
        self.order.push_back((code, request));
    }

    /// Takes note of a call, unless it continues one or comes after its end.
    pub(super) fn calls(&mut self, call: &Call) {
        let request = call.request.value();
        if call.progress == Some(true) || request <= self.last_stream {
            let in_flight = self.calls.get(&request);
            if in_flight.is_some_and(|w| w.finals > w.owed) || request <= self.last_stream {
                return;
            }
            self.last_stream = request;
        }
        let waiting = self.calls.entry(request).or_default();
        waiting.finals += 1;
        waiting.progress |= call.receive_progress == Some(true);
    }

    /// Checks that what comes from one session comes in the order in which it was said.
    pub(super) fn comes_in_order(&mut self, way: Way, (from, said): (u64, u64)) {
        let newest = self.newest.entry((way, from)).or_default();
        assert!(*newest <= said, "{said} after {newest} of {from}");
        *newest = said;
    }

    /// Takes note that the answer to a request is to be replaced, by one that may come later than others.
    pub(super) fn loses_answer(&mut self, code: u16, request: u64) {
        self.order.retain(|it| *it != (code, request));
    }

    fn answered(&mut self, code: u16, request: u64, message: &Message) -> Asked {
        if self.order.contains(&(code, request)) {
            let first = self.order.pop_front();
            assert_eq!(first, Some((code, request)), "out of order: {message:?}");
        }
        let asked = self.asked.remove(&(code, request));
        asked.unwrap_or_else(|| panic!("nobody asked for {message:?}"))
    }
}

impl Peer {
    pub(super) fn takes_answer(&mut self, message: &Message) {
        let (request, last) = match message {
            Message::Error(error) if error.request_type == Call::CODE => (error.request, true),
            Message::Error(error) => {
                if error.request_type == crossbar_wire::Invocation::CODE {
                    self.open.remove(&error.request.value());
                    return;
                }
                self.answered(error.request_type, error.request.value(), message);
                return;
            }
            Message::Result(result) => (result.request, result.progress != Some(true)),
            _ => panic!("no answer: {message:?}"),
        };
        let request = request.value();
        let waiting = self.calls.get_mut(&request);
        let waiting = waiting.unwrap_or_else(|| panic!("a second answer: {message:?}"));
        if !last {
            assert!(waiting.progress, "nobody asked for progress: {message:?}");
            let args = message.payload().map(Payload::args);
            if let Some(Ok([_, Value::Integer(part)])) = args.as_ref().map(|a| a.as_deref()) {
                let part = u64::try_from(*part).unwrap();
                assert!(waiting.part < part, "out of order: {message:?}");
                waiting.part = part;
            }
            return;
        }
        waiting.finals -= 1;
        if waiting.finals == 0 {
            self.calls.remove(&request);
        }
    }

    pub(super) fn takes_work(&mut self, message: &Message) {
        match message {
            Message::Invocation(invocation) => {
                let id = invocation.request.value();
                if self.open.contains(&id) && id <= self.last_invocation {
                    return; // more arguments of a progressive call
                }
                assert_eq!(id, self.last_invocation + 1, "{message:?}");
                self.last_invocation = id;
                self.open.insert(id);
                let registration = invocation.registration.value();
                assert!(
                    self.registrations.contains_key(&registration),
                    "not registered: {message:?}"
                );
            }
            Message::Interrupt(interrupt) => {
                assert!(self.supports(Role::Callee, Features::CALL_CANCELING));
                let id = interrupt.request.value();
                assert!(self.open.remove(&id), "over already: {message:?}");
            }
            _ => panic!("no work: {message:?}"),
        }
    }

    pub(super) fn takes_acknowledgement(&mut self, message: &Message) {
        match message {
            Message::Welcome(_) => assert_eq!(self.last_invocation, 0),
            Message::Published(published) => {
                self.answered(Publish::CODE, published.request.value(), message);
            }
            Message::Subscribed(subscribed) => {
                let asked = self.answered(Subscribe::CODE, subscribed.request.value(), message);
                let Asked::Subscription(pattern) = asked else {
                    panic!("{message:?} for {asked:?}")
                };
                let id = subscribed.subscription.value();
                let before = self.subscriptions.insert(id, pattern.clone());
                assert!(before.is_none_or(|before| before == pattern));
            }
            Message::Registered(registered) => {
                let asked = self.answered(Register::CODE, registered.request.value(), message);
                let Asked::Registration(pattern) = asked else {
                    panic!("{message:?} for {asked:?}")
                };
                let id = registered.registration.value();
                let before = self.registrations.insert(id, pattern.clone());
                assert!(before.is_none_or(|before| before == pattern));
            }
            Message::Unsubscribed(unsubscribed) => match unsubscribed.subscription {
                Some(id) => assert!(self.subscriptions.remove(&id.value()).is_some()),
                None => {
                    let request = unsubscribed.request.value();
                    let asked = self.answered(Unsubscribe::CODE, request, message);
                    let Asked::Unsubscription(id) = asked else {
                        panic!("{message:?} for {asked:?}")
                    };
                    assert!(self.subscriptions.remove(&id).is_some());
                }
            },
            Message::Unregistered(unregistered) => match unregistered.registration {
                Some(id) => assert!(self.registrations.remove(&id.value()).is_some()),
                None => {
                    let request = unregistered.request.value();
                    let asked = self.answered(Unregister::CODE, request, message);
                    let Asked::Unregistration(id) = asked else {
                        panic!("{message:?} for {asked:?}")
                    };
                    assert!(self.registrations.remove(&id).is_some());
                }
            },
            _ => panic!("a router does not send {message:?}"),
        }
    }
}

/// Tells who said what has this payload, and what number it has.
pub(super) fn signature(payload: &Payload) -> Option<(u64, u64)> {
    let args = payload.args().unwrap();
    let [Value::Integer(from), Value::Integer(said)] = args[..] else {
        return None;
    };
    Some((u64::try_from(from).unwrap(), u64::try_from(said).unwrap()))
}
