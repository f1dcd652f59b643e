//! What stays of a publication (WAMP spec, "Event Retention").
//!
//! Whom an event was for is asked again of each session that wants it later. `exclude_me` keeps the live event from its publisher
//! only: a session that asks for what a topic has gets it, even if it comes from itself.

use std::sync::Arc;

use crossbar_wire::{Event, Message, Pattern, Publish, SessionId, SubscriptionId};

use super::audience::is_among;
use super::pubsub::Admission;
use super::{Realm, send};
use crate::{KeptEvent, Outbox};

impl Realm {
    /// Keeps a publication that is not over with its dispatch.
    pub(super) fn keep(&mut self, publish: &Publish, admission: &Admission) {
        if publish.retain == Some(true) {
            self.retained.keep(kept(publish, admission));
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
