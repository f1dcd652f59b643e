//! What must hold of all that goes into a realm and comes out of it, whatever the order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use crossbar_core::Statistics;
use crossbar_wire::{
    Call, Event, Features, Message, Publish, Register, Role, Roles, Subscribe, Text, Unregister,
    Unsubscribe,
};

use super::docket::Docket;
use super::naive::{is_reserved, is_uri, matches};
use super::peer::{Asked, Peer, Phase, Way, signature};

/// The tables of a realm, as its output tells them.
pub(super) struct Referee {
    /// Whether calls reach a callee in the order of their caller: none waits elsewhere meanwhile.
    ordered: bool,
    pub(super) peers: BTreeMap<u64, Peer>,
    /// What an authorizer decides.
    pub(super) docket: Docket,
    /// Events that came out since the last input: receiver, subscription, publisher and its number.
    events: Vec<(u64, u64, (u64, u64))>,
    /// Retained events that came out since the last input: topic, arguments.
    late_events: Vec<(String, Bytes)>,
    /// Every publication that was to be retained, oldest first.
    retained: Vec<Publish>,
}
impl Referee {
    pub(super) fn new(ordered: bool) -> Self {
        Self {
            ordered,
            docket: Docket::default(),
            peers: BTreeMap::new(),
            events: Vec::new(),
            late_events: Vec::new(),
            retained: Vec::new(),
        }
    }

    pub(super) fn join(&mut self, id: u64, authid: &str, authrole: &str, roles: Roles) {
        let peer = Peer {
            authid: authid.to_owned(),
            authrole: authrole.to_owned(),
            roles,
            phase: Phase::Open,
            asked: BTreeMap::new(),
            order: VecDeque::new(),
            calls: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            registrations: BTreeMap::new(),
            open: BTreeSet::new(),
            last_invocation: 0,
            last_stream: 0,
            newest: BTreeMap::new(),
        };
        assert!(self.peers.insert(id, peer).is_none());
    }

    /// Takes note of what a session sends.
    pub(super) fn sends(&mut self, from: u64, message: &Message) {
        self.events.clear();
        self.late_events.clear();
        let Some(peer) = self.peers.get_mut(&from) else {
            return;
        };
        if peer.phase != Phase::Open {
            return;
        }
        self.docket.sends(from, message);
        let request = request_of(message);
        match message {
            Message::Subscribe(subscribe) => {
                let pattern = (
                    subscribe.topic.as_str().to_owned(),
                    subscribe.policy.unwrap_or_default(),
                );
                peer.awaits(Subscribe::CODE, request, Asked::Subscription(pattern));
            }
            Message::Register(register) => {
                let pattern = (
                    register.procedure.as_str().to_owned(),
                    register.policy.unwrap_or_default(),
                );
                peer.awaits(Register::CODE, request, Asked::Registration(pattern));
            }
            Message::Unsubscribe(unsubscribe) => {
                let asked = Asked::Unsubscription(unsubscribe.subscription.value());
                peer.awaits(Unsubscribe::CODE, request, asked);
            }
            Message::Unregister(unregister) => {
                let asked = Asked::Unregistration(unregister.registration.value());
                peer.awaits(Unregister::CODE, request, asked);
            }
            Message::Publish(publish) if publish.acknowledge == Some(true) => {
                peer.awaits(Publish::CODE, request, Asked::Publication);
            }
            Message::Call(call) => peer.calls(call),
            Message::Yield(answer) if answer.progress != Some(true) => {
                peer.open.remove(&request);
            }
            Message::Error(_) => {
                peer.open.remove(&request);
            }
            _ => {}
        }
    }

    /// Checks what a session is sent, and takes note of it.
    pub(super) fn receives(&mut self, to: u64, message: &Message) {
        let peer = self.peers.get_mut(&to);
        let peer = peer.unwrap_or_else(|| panic!("to {to}, which is gone: {message:?}"));
        assert_eq!(
            peer.phase,
            Phase::Open,
            "to {to} after its end: {message:?}"
        );
        match message {
            Message::Goodbye(_) | Message::Abort(_) => {
                peer.phase = Phase::Closing;
                peer.subscriptions.clear();
                peer.registrations.clear();
                self.docket.end(to);
            }
            Message::Event(event) => self.note_event(to, event),
            Message::Result(_) | Message::Error(_) => peer.takes_answer(message),
            Message::Invocation(invocation) => {
                let signature = signature(&invocation.payload);
                if let Some(signature) = signature.filter(|_| self.ordered) {
                    peer.comes_in_order(Way::Calls, signature);
                }
                peer.takes_work(message);
            }
            Message::Interrupt(_) => peer.takes_work(message),
            _ => peer.takes_acknowledgement(message),
        }
        self.judge(to, message);
        if let Message::Registered(registered) = message {
            self.forget_evicted(to, registered.registration.value());
        }
    }

    /// Checks that what comes out was allowed, and takes note of what the authorizer is asked.
    fn judge(&mut self, to: u64, message: &Message) {
        let docket = &mut self.docket;
        match message {
            Message::Invocation(invocation) => {
                docket.asks(to, invocation.request.value(), &invocation.payload);
                let caller = invocation.caller.as_ref().and_then(|it| it.session);
                if let (Some(caller), Some(procedure)) = (caller, &invocation.procedure) {
                    docket.begins(caller.value(), procedure);
                }
                if let Some(signature) = signature(&invocation.payload) {
                    docket.check(signature);
                }
            }
            Message::Interrupt(interrupt) => docket.withdraws(to, interrupt.request.value()),
            Message::Result(result) if result.progress != Some(true) => {
                docket.ends_call(to, result.request.value());
            }
            Message::Error(error) if error.request_type == Call::CODE => {
                docket.ends_call(to, error.request.value());
            }
            Message::Subscribed(subscribed) => {
                let got = &self.peers[&to].subscriptions[&subscribed.subscription.value()];
                docket.check_own(to, subscribed.request.value(), got, "subscribe");
            }
            Message::Registered(registered) => {
                let got = &self.peers[&to].registrations[&registered.registration.value()];
                docket.check_own(to, registered.request.value(), got, "register");
            }
            _ => {}
        }
    }

    /// Takes a registration away from those who lost it to another: not all are told.
    fn forget_evicted(&mut self, to: u64, id: u64) {
        let pattern = self.peers[&to].registrations[&id].clone();
        for peer in self.peers.values_mut() {
            peer.registrations
                .retain(|&other, theirs| other == id || *theirs != pattern);
        }
    }

    /// Takes note of a message that was sent and cannot be delivered.
    pub(super) fn loses(&mut self, to: u64, message: &Message) {
        let Some(peer) = self.peers.get_mut(&to) else {
            return;
        };
        match message {
            Message::Event(event) => self.note_event(to, event),
            Message::Invocation(_) => {
                peer.takes_work(message);
                self.judge(to, message);
            }
            Message::Result(result) if result.progress != Some(true) => {
                let waiting = peer.calls.get_mut(&result.request.value()).unwrap();
                waiting.owed += 1;
                self.judge(to, message);
            }
            Message::Error(error) if error.request_type == Call::CODE => {
                let waiting = peer.calls.get_mut(&error.request.value()).unwrap();
                waiting.owed += 1;
                self.judge(to, message);
            }
            Message::Error(error) => {
                peer.loses_answer(error.request_type, error.request.value());
            }
            _ => {}
        }
    }

    /// Takes note that the realm hears of a message that cannot be delivered.
    pub(super) fn returns(&mut self, to: u64, message: &Message) {
        let Some(peer) = self.peers.get_mut(&to) else {
            return;
        };
        let answered = match message {
            Message::Result(result) if result.progress != Some(true) => result.request,
            Message::Error(error) if error.request_type == Call::CODE => error.request,
            Message::Invocation(invocation) => {
                self.docket.withdraws(to, invocation.request.value());
                return;
            }
            _ => return,
        };
        peer.calls.get_mut(&answered.value()).unwrap().owed -= 1;
    }

    /// Takes note that a session is over.
    pub(super) fn end(&mut self, session: u64) {
        self.peers.remove(&session);
        self.docket.end(session);
    }

    fn note_event(&mut self, to: u64, event: &Event) {
        let id = event.subscription.value();
        let subscription = self.peers[&to].subscriptions.get(&id);
        let (pattern, _) = subscription.expect("an event before SUBSCRIBED");
        let topic = event.topic.as_ref().map_or(pattern.as_str(), Text::as_str);
        if event.retained == Some(true) {
            self.late_events
                .push((topic.to_owned(), event.payload.args.clone()));
        } else if !is_reserved(topic) {
            let Some(signature) = signature(&event.payload) else {
                return; // what a session left when it ended
            };
            self.docket.check(signature);
            self.events.push((to, id, signature));
            let peer = self.peers.get_mut(&to).unwrap();
            peer.comes_in_order(Way::Events, signature);
        }
    }

    /// Says who must get a publication: receiver and subscription.
    pub(super) fn receivers(&mut self, from: u64, publish: &Publish) -> BTreeSet<(u64, u64)> {
        let mut receivers = BTreeSet::new();
        let topic = publish.topic.as_str();
        if !self.is_admitted(from, publish) {
            return receivers;
        }
        if publish.retain == Some(true) {
            self.retained.push(publish.clone());
        }
        for (&id, peer) in &self.peers {
            let own = id == from && publish.exclude_me != Some(false);
            if own || peer.phase != Phase::Open || !peer.may_have(id, publish) {
                continue;
            }
            let fitting = peer.subscriptions.iter().filter(|(_, p)| matches(p, topic));
            receivers.extend(fitting.map(|(&subscription, _)| (id, subscription)));
        }
        receivers
    }

    fn is_admitted(&self, from: u64, publish: &Publish) -> bool {
        let topic = publish.topic.as_str();
        let passthru = publish.passthru.as_ref();
        let passthru = passthru.is_some_and(|p| p.ppt_scheme.is_some());
        self.peers.get(&from).is_some_and(|publisher| {
            publisher.phase == Phase::Open
                && is_uri(topic)
                && !is_reserved(topic)
                && (!passthru
                    || publisher.supports(Role::Publisher, Features::PAYLOAD_PASSTHRU_MODE))
        })
    }

    /// Checks that exactly these events came out.
    pub(super) fn check_events(&self, expected: &BTreeSet<(u64, u64)>) {
        let pair = |&(to, subscription, _): &(u64, u64, _)| (to, subscription);
        let got: BTreeSet<(u64, u64)> = self.events.iter().map(pair).collect();
        assert_eq!((&got, self.events.len()), (expected, expected.len()));
    }

    /// Checks that exactly these events of one publication came out, among others.
    pub(super) fn check_events_of(&self, said: (u64, u64), expected: &BTreeSet<(u64, u64)>) {
        let theirs = self.events.iter().filter(|(_, _, by)| *by == said);
        let got: Vec<(u64, u64)> = theirs.map(|&(to, id, _)| (to, id)).collect();
        let unique: BTreeSet<(u64, u64)> = got.iter().copied().collect();
        assert_eq!((&unique, got.len()), (expected, expected.len()));
    }

    /// Checks that a subscriber that asked for it got the latest event of each topic that was for it.
    pub(super) fn check_retained(&self, to: u64, subscribe: &Subscribe) {
        let mut expected = Vec::new();
        let pattern = (
            subscribe.topic.as_str().to_owned(),
            subscribe.policy.unwrap_or_default(),
        );
        let peer = self.peers.get(&to);
        let asked = subscribe.get_retained == Some(true);
        if let Some(peer) =
            peer.filter(|p| asked && p.subscriptions.values().any(|p| *p == pattern))
        {
            let mut seen = BTreeSet::new();
            for publish in self.retained.iter().rev() {
                let topic = publish.topic.as_str();
                if matches(&pattern, topic) && peer.may_have(to, publish) && seen.insert(topic) {
                    expected.push((topic.to_owned(), publish.payload.args.clone()));
                }
            }
        }
        expected.reverse();
        assert_eq!(self.late_events, expected);
    }

    /// Checks what must hold between two inputs.
    pub(super) fn settle(&mut self, statistics: &Statistics) {
        let mut subscriptions = BTreeSet::<u64>::new();
        let mut registrations = BTreeSet::<u64>::new();
        let mut calls = self.docket.open_questions();
        for (id, peer) in &self.peers {
            if peer.phase == Phase::Open {
                calls = calls.wrapping_sub(self.docket.settle(*id));
                for (&(code, request), asked) in &peer.asked {
                    let waits = self.docket.holds(*id, code, request);
                    assert!(waits, "{id} waits: {asked:?}");
                }
                subscriptions.extend(peer.subscriptions.keys());
                registrations.extend(peer.registrations.keys());
                let theirs = peer.calls.values().map(|c| c.finals - c.owed);
                calls = calls.wrapping_add(theirs.sum());
            }
        }
        assert_eq!(statistics.sessions, self.peers.len());
        assert_eq!(statistics.subscriptions, subscriptions.len());
        assert_eq!(statistics.registrations, registrations.len());
        assert_eq!(statistics.calls, calls);
    }
}

pub(super) fn request_of(message: &Message) -> u64 {
    let id = match message {
        Message::Subscribe(m) => m.request,
        Message::Unsubscribe(m) => m.request,
        Message::Register(m) => m.request,
        Message::Unregister(m) => m.request,
        Message::Publish(m) => m.request,
        Message::Call(m) => m.request,
        Message::Cancel(m) => m.request,
        Message::Yield(m) => m.request,
        Message::Error(m) => m.request,
        _ => return 0,
    };
    id.value()
}
