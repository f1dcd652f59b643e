//! What stays of a publication (WAMP spec, "Event Retention", "Event History").
//!
//! Whom an event was for is asked again of each session that wants it later. `exclude_me` keeps the live event from its publisher
//! only: a session that asks for what a topic has gets it, even if it comes from itself.

use std::sync::Arc;

use crossbar_wire::{Event, Message, Pattern, Publish, SessionId, SubscriptionId};

use super::audience::is_among;
use super::pubsub::Admission;
use super::{Realm, send};
use crate::generator::Making;
use crate::history::History;
use crate::{KeptEvent, Outbox, PastEvent};

impl Realm {
    /// Prepares the history that the realm's options ask for. Its subscriptions are there from then on, without subscribers
    /// too, so that clients can look them up.
    pub(super) fn open_history(&mut self) {
        let rules = &self.options.history;
        if rules.is_empty() {
            return;
        }
        let mut history = History::new(rules);
        for (place, rule) in rules.iter().enumerate() {
            let topic = Pattern::new(&rule.uri, rule.policy, self.options.uri_check);
            // Nobody can publish to what is no topic, and of two rules for one topic the first counts.
            let Ok(topic) = topic else { continue };
            if self.broker.lookup(&topic).is_none() {
                let mut making = Making {
                    time: self.clock.at(self.now),
                    ids: &mut self.ids,
                };
                let subscription = self.broker.keep(topic.clone(), &mut making);
                history.add(place, &topic, subscription);
            }
        }
        self.history = Some(history);
    }

    /// Keeps a publication that is not over with its dispatch.
    pub(super) fn keep(&mut self, publish: &Publish, admission: &Admission) {
        let retain = publish.retain == Some(true);
        let rules = match &self.history {
            Some(history) if !names_sessions(publish) => {
                history.rules_of_topic(publish.topic.as_bytes())
            }
            Some(_) | None => Vec::new(),
        };
        if !retain && rules.is_empty() {
            return;
        }
        let event = kept(publish, admission);
        let time = self.time();
        if let Some(history) = &mut self.history {
            for rule in rules {
                let event = Arc::clone(&event);
                history.append(rule, PastEvent { time, event });
            }
        }
        if retain {
            self.retained.keep(event);
        }
    }

    /// Sends a subscriber that asks for it what its topic, or each topic of its pattern, has retained.
    pub(super) fn send_retained(
        &self,
        to: SessionId,
        subscription: SubscriptionId,
        topic: &Pattern,
        out: &mut Outbox,
    ) {
        let Some(session) = self.sessions.get(to) else {
            return;
        };
        let role = self.roles.name(session.role);
        let events = self
            .retained
            .latest(topic, |audience| is_among(audience, to, session, role));
        let by_pattern = topic.policy() != crossbar_wire::MatchPolicy::Exact;
        for kept in events {
            let event = Event {
                retained: Some(true),
                ..kept.event(subscription, by_pattern)
            };
            send(out, to, Message::Event(event));
        }
    }
}

/// Says whether sessions are listed by their ids, which mean nothing to those that ask later.
fn names_sessions(publish: &Publish) -> bool {
    let audience = publish.audience.as_deref();
    audience.is_some_and(|it| it.eligible.is_some() || it.exclude.is_some())
}

fn kept(publish: &Publish, admission: &Admission) -> Arc<KeptEvent> {
    let audience = publish.audience.as_deref();
    let audience = audience.filter(|audience| !audience.is_everybody());
    let passthru = publish.passthru.as_deref();
    Arc::new(KeptEvent {
        publication: admission.id,
        topic: publish.topic.compact(),
        publisher: admission.publisher.clone(),
        trustlevel: admission.trustlevel,
        passthru: passthru.map(|passthru| Box::new(passthru.compact())),
        audience: audience.map(|audience| Box::new(audience.compact())),
        payload: publish.payload.compact(),
    })
}
