use crossbar_wire::{
    Audience, Event, Features, Identity, MatchPolicy, Message, Pattern, PublicationId, Publish,
    Published, RequestId, Role, SessionId, Subscribe, Subscribed, SubscriptionId, Text,
    Unsubscribe, Unsubscribed, Value,
};

use super::audience::Filter;
use super::meta::{Attached, Detached};
use super::passthru::admit_passthru;
use super::{Realm, send};
use crate::generator::Making;
use crate::refusal::{Refusal, RequestType, said};
use crate::role::Action;
use crate::session::identity;
use crate::validation::Checked;
use crate::{Command, Limit, Outbox, uris};

/// What is settled about a publication that goes on.
pub(super) struct Admission {
    pub(super) id: PublicationId,
    /// The subscription to the topic as such.
    exact: Option<SubscriptionId>,
    pub(super) publisher: Option<Box<Identity>>,
    pub(super) trustlevel: Option<u32>,
}

/// Who gets a publication, among the subscribers.
struct Receivers<'a> {
    /// The publisher, if it does not get its own event.
    but: Option<SessionId>,
    filter: Option<Filter<'a>>,
}

impl Realm {
    pub(super) fn subscribe(&mut self, from: SessionId, subscribe: &Subscribe, out: &mut Outbox) {
        let request = subscribe.request;
        match self.try_subscribe(from, subscribe) {
            Ok((attached, topic)) => {
                let subscribed = Subscribed {
                    request,
                    subscription: attached.id,
                };
                send(out, from, Message::Subscribed(subscribed));
                if subscribe.get_retained == Some(true) {
                    self.send_retained(from, attached.id, &topic, out);
                }
                let links = self.links(from, &subscribe.forward_for);
                self.announce_subscribed(from, attached, links, out);
            }
            Err(refusal) => self.refuse(from, refusal, (RequestType::Subscribe, request), out),
        }
    }

    fn try_subscribe(
        &mut self,
        from: SessionId,
        subscribe: &Subscribe,
    ) -> Result<(Attached<SubscriptionId>, Pattern), Refusal> {
        let topic = self.check_pattern(from, &subscribe.topic, subscribe.policy)?;
        if let Some(session) = self.sessions.get(from) {
            self.authorize(session, Action::Subscribe, topic.text(), topic.policy())?;
        }
        let there = self.broker.lookup(&topic);
        if let Some(session) = self.sessions.get(from)
            && there.is_none_or(|id| !session.subscriptions.contains(&id))
        {
            let count = session.subscriptions.len();
            self.check_count(session, count, Limit::Subscriptions)?;
            self.check_wildcards(session, topic.policy())?;
        }
        let created = there.is_none();
        let mut making = Making {
            time: self.time(),
            ids: &mut self.ids,
        };
        let id = self.broker.subscribe(from, topic.clone(), &mut making);
        let session = self.sessions.get_mut(from);
        let added = session.is_some_and(|session| {
            let added = session.subscriptions.insert(id);
            session.wildcards += u32::from(added && topic.policy() == MatchPolicy::Wildcard);
            added
        });
        Ok((Attached { id, created, added }, topic))
    }

    pub(super) fn unsubscribe(
        &mut self,
        from: SessionId,
        unsubscribe: &Unsubscribe,
        out: &mut Outbox,
    ) {
        let request = unsubscribe.request;
        let id = unsubscribe.subscription;
        let Some(detached) = self.detach_subscriber(from, id) else {
            let text = format!("this session has no subscription {id}");
            let refusal = Refusal::new(uris::NO_SUCH_SUBSCRIPTION, text);
            send(out, from, refusal.answer(RequestType::Unsubscribe, request));
            return;
        };
        let answer = Unsubscribed {
            request,
            subscription: None,
            reason: None,
        };
        send(out, from, Message::Unsubscribed(answer));
        let links = self.links(from, &unsubscribe.forward_for);
        self.announce_unsubscribed(from, detached, links, out);
    }

    /// Takes a session out of a subscription, if it is in it.
    pub(super) fn detach_subscriber(
        &mut self,
        session: SessionId,
        id: SubscriptionId,
    ) -> Option<Detached<SubscriptionId>> {
        let topic = self.broker.get(id)?.topic();
        let quiet = uris::is_reserved(topic.as_bytes());
        if let Some(session) = self.sessions.get_mut(session)
            && session.subscriptions.remove(&id)
        {
            session.wildcards -= u32::from(topic.policy() == MatchPolicy::Wildcard);
        }
        self.broker.unsubscribe(session, id).then(|| Detached {
            id,
            deleted: self.broker.get(id).is_none(),
            quiet,
        })
    }

    /// Takes a subscription away from a session, and tells it if it announced that it wants to know (WAMP spec, "Subscription
    /// Revocation"). Says whether it had it.
    pub(super) fn revoke_subscription(
        &mut self,
        subscriber: SessionId,
        id: SubscriptionId,
        reason: Option<Text>,
        out: &mut Outbox,
    ) -> bool {
        let Some(detached) = self.detach_subscriber(subscriber, id) else {
            return false;
        };
        let session = self.sessions.open(subscriber);
        if session.is_some_and(|s| s.supports(Role::Subscriber, Features::SUBSCRIPTION_REVOCATION))
        {
            let revoked = Unsubscribed {
                request: RequestId::new(0).expect("0 stands in revocations"),
                subscription: Some(id),
                reason,
            };
            send(out, subscriber, Message::Unsubscribed(revoked));
        }
        self.announce_unsubscribed(subscriber, detached, &[], out);
        true
    }

    /// Gives whom a router link acts for; other sessions act for nobody else.
    pub(super) fn links<'a>(&self, from: SessionId, links: &'a [Identity]) -> &'a [Identity] {
        let trusted = self.sessions.get(from).is_some_and(|it| it.trusted);
        if trusted { links } else { &[] }
    }

    pub(super) fn publish(&mut self, from: SessionId, mut publish: Publish, out: &mut Outbox) {
        if !self.may_pass(from, Role::Publisher, publish.passthru.as_deref(), out) {
            return;
        }
        let request = publish.request;
        let acknowledge = publish.acknowledge == Some(true);
        match self.admit_publication(from, &mut publish) {
            Ok(admission) => {
                if acknowledge {
                    // Ahead of the events: a publisher that receives its own relies on it.
                    let published = Published {
                        request,
                        publication: admission.id,
                    };
                    send(out, from, Message::Published(published));
                }
                let but = (publish.exclude_me != Some(false)).then_some(from);
                self.keep(&publish, &admission);
                self.dispatch(but, publish, admission, out);
            }
            Err(refusal) if acknowledge => {
                self.refuse(from, refusal, (RequestType::Publish, request), out);
            }
            Err(refusal) => self.note(from, &refusal, out),
        }
    }

    /// Publishes for a session that ends, which is not answered.
    pub(super) fn publish_last(
        &mut self,
        from: SessionId,
        mut publish: Publish,
        id: PublicationId,
        out: &mut Outbox,
    ) {
        if let Ok(admission) = self.admit_publication(from, &mut publish) {
            let admission = Admission { id, ..admission };
            self.keep(&publish, &admission);
            self.dispatch(Some(from), publish, admission, out);
        }
    }

    fn admit_publication(
        &mut self,
        from: SessionId,
        publish: &mut Publish,
    ) -> Result<Admission, Refusal> {
        let exact = self.broker.exact(publish.topic.as_bytes());
        if exact.is_none() {
            self.check_uri(from, &publish.topic)?; // what was subscribed to has been checked
        }
        let mut publisher = None;
        let mut trustlevel = None;
        if let Some(session) = self.sessions.get(from) {
            let topic = &publish.topic;
            Self::check_namespace(session, topic)?;
            let grant = self.authorize(session, Action::Publish, topic, MatchPolicy::Exact)?;
            let passthru = publish.passthru.as_deref();
            let validation = grant.validation.as_ref();
            Self::validate(validation, Checked::Event, &publish.payload, passthru)?;
            trustlevel = grant.trustlevel;
            if self.is_disclosed(grant.disclosure, publish.disclose_me, false)? {
                let role = self.roles.name(session.role);
                publisher = Some(identity(from, session, role));
            }
            publish.passthru = admit_passthru(publish.passthru.take(), session);
        }
        Ok(Admission {
            id: self.ids.publication(),
            exact,
            publisher,
            trustlevel,
        })
    }

    /// Publishes an event of the realm itself. `args` is asked for if anyone is subscribed.
    pub(super) fn publish_own(
        &mut self,
        topic: &'static str,
        args: impl FnOnce(&Self) -> Vec<Value>,
        out: &mut Outbox,
    ) {
        self.publish_own_for(topic, &None, args, out);
    }

    /// Publishes an event of the realm itself for some, or for all.
    pub(super) fn publish_own_for(
        &mut self,
        topic: &'static str,
        whom: &Option<Box<Audience>>,
        args: impl FnOnce(&Self) -> Vec<Value>,
        out: &mut Outbox,
    ) {
        if !self.options.meta_api {
            return;
        }
        let exact = self.broker.exact(topic.as_bytes());
        if exact.is_none() && self.broker.patterns(topic.as_bytes()).is_empty() {
            return;
        }
        let publish = Publish {
            request: RequestId::new(0).expect("0 is an id that no client uses"),
            acknowledge: None,
            exclude_me: None,
            disclose_me: None,
            retain: None,
            audience: whom.clone(),
            passthru: None,
            topic: Text::from_static(topic),
            payload: said(&args(self)),
        };
        let admission = Admission {
            id: self.ids.publication(),
            exact,
            publisher: None,
            trustlevel: None,
        };
        self.keep(&publish, &admission);
        self.dispatch(None, publish, admission, out);
    }

    /// Sends a publication to the subscribers of its topic, then to those of each pattern that matches it; `but` is left out.
    fn dispatch(
        &self,
        but: Option<SessionId>,
        publish: Publish,
        admission: Admission,
        out: &mut Outbox,
    ) {
        let patterns = self.broker.patterns(publish.topic.as_bytes());
        let receivers = Receivers {
            but,
            filter: publish.audience.as_deref().map(Filter::new),
        };
        let Some(first) = admission.exact.or_else(|| patterns.first().copied()) else {
            return;
        };
        let event = Event {
            subscription: first,
            publication: admission.id,
            publisher: admission.publisher,
            topic: None,
            trustlevel: admission.trustlevel,
            retained: None,
            acknowledged_delivery: None,
            passthru: publish.passthru,
            payload: publish.payload,
        };
        if patterns.is_empty() {
            self.deliver(event, &receivers, out);
            return;
        }
        if admission.exact.is_some() {
            self.deliver(event.clone(), &receivers, out);
        }
        for subscription in patterns {
            let event = Event {
                subscription,
                topic: Some(publish.topic.clone()),
                ..event.clone()
            };
            self.deliver(event, &receivers, out);
        }
    }

    /// Sends an event to those of its subscription who get it.
    fn deliver(&self, event: Event, receivers: &Receivers<'_>, out: &mut Outbox) {
        let Some(subscription) = self.broker.get(event.subscription) else {
            return;
        };
        let all = |id: &SessionId| Some(*id) != receivers.but;
        match &receivers.filter {
            None => push(subscription.iter().filter(all), event, out),
            Some(filter) => {
                let some = filter.select(subscription, &self.sessions, &self.roles);
                push(some.filter(all), event, out);
            }
        }
    }
}

/// Puts one event for several sessions into the outbox.
fn push(mut to: impl Iterator<Item = SessionId>, event: Event, out: &mut Outbox) {
    let Some(first) = to.next() else { return };
    let Some(second) = to.next() else {
        send(out, first, Message::Event(event));
        return;
    };
    let to: Vec<SessionId> = [first, second].into_iter().chain(to).collect();
    out.push_back(Command::Publish { to, event });
}
