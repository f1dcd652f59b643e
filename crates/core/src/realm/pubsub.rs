use crossbar_wire::{
    Audience, Event, Identity, MatchPolicy, Message, Passthru, Payload, PublicationId, Publish,
    Published, SessionId, Subscribe, Subscribed, SubscriptionId, Text, Unsubscribe, Unsubscribed,
};

use super::admission::admit_passthru;
use super::audience::Filter;
use super::{Realm, send};
use crate::refusal::{Refusal, RequestType};
use crate::role::Action;
use crate::session::identity;
use crate::{Command, Outbox, uris};

/// A publication that was let through.
#[derive(Clone)]
struct Publication {
    id: PublicationId,
    publisher: Option<Box<Identity>>,
    topic: Text,
    passthru: Option<Box<Passthru>>,
    payload: Payload,
}

/// Who gets a publication.
struct Receivers {
    /// The subscription to the topic as such.
    exact: Option<SubscriptionId>,
    /// The publisher, if it does not get its own event.
    but: Option<SessionId>,
    audience: Option<Box<Audience>>,
}

impl Publication {
    fn event(self, id: SubscriptionId, policy: MatchPolicy) -> Event {
        Event {
            subscription: id,
            publication: self.id,
            publisher: self.publisher,
            topic: (policy != MatchPolicy::Exact).then_some(self.topic),
            trustlevel: None,
            retained: None,
            acknowledged_delivery: None,
            passthru: self.passthru,
            payload: self.payload,
        }
    }
}

impl Realm {
    pub(super) fn subscribe(&mut self, from: SessionId, subscribe: &Subscribe, out: &mut Outbox) {
        let request = subscribe.request;
        let answer = match self.try_subscribe(from, subscribe) {
            Ok(subscription) => Message::Subscribed(Subscribed {
                request,
                subscription,
            }),
            Err(refusal) => refusal.answer(RequestType::Subscribe, request),
        };
        send(out, from, answer);
    }

    fn try_subscribe(
        &mut self,
        from: SessionId,
        subscribe: &Subscribe,
    ) -> Result<SubscriptionId, Refusal> {
        let topic = self.check_pattern(&subscribe.topic, subscribe.policy)?;
        if let Some(session) = self.sessions.get(from) {
            self.authorize(session, Action::Subscribe, topic.text(), topic.policy())?;
        }
        let id = self.broker.subscribe(from, topic, &mut self.ids);
        if let Some(session) = self.sessions.get_mut(from) {
            session.subscriptions.insert(id);
        }
        Ok(id)
    }

    pub(super) fn unsubscribe(
        &mut self,
        from: SessionId,
        unsubscribe: &Unsubscribe,
        out: &mut Outbox,
    ) {
        let request = unsubscribe.request;
        let id = unsubscribe.subscription;
        if let Some(session) = self.sessions.get_mut(from) {
            session.subscriptions.remove(&id);
        }
        let answer = if self.broker.unsubscribe(from, id) {
            Message::Unsubscribed(Unsubscribed {
                request,
                subscription: None,
                reason: None,
            })
        } else {
            let text = format!("this session has no subscription {id}");
            Refusal::new(uris::NO_SUCH_SUBSCRIPTION, text).answer(RequestType::Unsubscribe, request)
        };
        send(out, from, answer);
    }

    pub(super) fn publish(&mut self, from: SessionId, publish: Publish, out: &mut Outbox) {
        let request = publish.request;
        let acknowledge = publish.acknowledge == Some(true);
        match self.admit_publication(from, publish) {
            Ok((publication, receivers)) => {
                if acknowledge {
                    // Ahead of the events: a publisher that receives its own relies on it.
                    let published = Published {
                        request,
                        publication: publication.id,
                    };
                    send(out, from, Message::Published(published));
                }
                self.dispatch(publication, &receivers, out);
            }
            Err(refusal) if acknowledge => {
                send(out, from, refusal.answer(RequestType::Publish, request));
            }
            Err(_) => {}
        }
    }

    fn admit_publication(
        &mut self,
        from: SessionId,
        publish: Publish,
    ) -> Result<(Publication, Receivers), Refusal> {
        let exact = self.broker.exact(publish.topic.as_bytes());
        if exact.is_none() {
            self.check_uri(&publish.topic)?; // what was subscribed to has been checked
        }
        let mut publication = Publication {
            id: self.ids.publication(),
            publisher: None,
            topic: publish.topic,
            passthru: None,
            payload: publish.payload,
        };
        if let Some(session) = self.sessions.get(from) {
            let topic = &publication.topic;
            Self::check_namespace(session, topic)?;
            let rule = self.authorize(session, Action::Publish, topic, MatchPolicy::Exact)?;
            if self.is_disclosed(rule, publish.disclose_me, false)? {
                let role = self.roles.name(session.role);
                publication.publisher = Some(identity(from, session, role));
            }
            publication.passthru = admit_passthru(publish.passthru, session);
        }
        let receivers = Receivers {
            exact,
            but: (publish.exclude_me != Some(false)).then_some(from),
            audience: publish.audience,
        };
        Ok((publication, receivers))
    }

    /// Sends a publication to the subscribers of its topic, then to those of each pattern that matches it.
    fn dispatch(&self, publication: Publication, receivers: &Receivers, out: &mut Outbox) {
        let patterns = self.broker.patterns(publication.topic.as_bytes());
        let filter = receivers.audience.as_deref().map(Filter::new);
        let deliver = |publication: Publication, id, out: &mut Outbox| {
            let Some(subscription) = self.broker.get(id) else {
                return;
            };
            let event = publication.event(id, subscription.policy());
            let all = |id: &SessionId| Some(*id) != receivers.but;
            match &filter {
                None => push(subscription.iter().filter(all), event, out),
                Some(filter) => {
                    let some = filter.select(subscription, &self.sessions, &self.roles);
                    push(some.filter(all), event, out);
                }
            }
        };
        match receivers.exact {
            Some(id) if patterns.is_empty() => deliver(publication, id, out),
            Some(_) | None => {
                for id in receivers.exact.into_iter().chain(patterns) {
                    deliver(publication.clone(), id, out);
                }
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
