use std::collections::{BTreeMap, HashMap};

use crossbar_wire::{
    Event as EventMessage, Message, RequestId, Subscribe, Subscribed, SubscriptionId, Unsubscribe,
};
use tracing::{info, warn};

use super::requests::{Line, Waiting};
use crate::inbox::Inbox;
use crate::input::{Answer, Key, NewSubscription};
use crate::{Content, Disclosure, Event, LinkError, RequestError};

/// The subscriptions of this side. Several may share one of the router's.
#[derive(Default)]
pub(super) struct Subscriber {
    entries: BTreeMap<Key, Entry>,
    by_id: HashMap<SubscriptionId, Vec<Key>>,
    /// UNSUBSCRIBEs under way.
    ending: HashMap<SubscriptionId, RequestId>,
}

struct Entry {
    subscribe: Subscribe,
    inbox: Inbox<Event>,
    /// What the router calls it on this connection.
    id: Option<SubscriptionId>,
    /// Whether the application has the handle.
    established: bool,
}

impl Subscriber {
    pub(super) fn subscribe(
        &mut self,
        key: Key,
        new: NewSubscription,
        answer: Answer<SubscriptionId>,
        line: &mut Line<'_>,
    ) {
        let mut entry = Entry {
            subscribe: new.subscribe,
            inbox: new.inbox,
            id: None,
            established: false,
        };
        if entry.send(key, Some(answer), line) {
            self.entries.insert(key, entry);
        }
    }

    pub(super) fn subscribed(
        &mut self,
        key: Key,
        message: &Subscribed,
        answer: Option<Answer<SubscriptionId>>,
        line: &mut Line<'_>,
    ) {
        let id = message.subscription;
        let Some(entry) = self.entries.get_mut(&key) else {
            return self.end_if_unused(id, None, line);
        };
        if self
            .ending
            .get(&id)
            .is_some_and(|end| message.request < *end)
        {
            // The UNSUBSCRIBE of another handle, sent after this request, takes the subscription away again.
            if !entry.send(key, answer, line) {
                self.entries.remove(&key);
            }
            return;
        }
        entry.id = Some(id);
        entry.established = true;
        self.by_id.entry(id).or_default().push(key);
        if answer.is_some_and(|answer| answer.send(Ok(id)).is_err()) {
            self.unsubscribe(key, None, line);
        }
    }

    pub(super) fn refused(
        &mut self,
        key: Key,
        answer: Option<Answer<SubscriptionId>>,
        error: RequestError,
    ) {
        if let Some(entry) = self.entries.remove(&key) {
            match answer {
                Some(answer) => drop(answer.send(Err(error))),
                None => {
                    warn!(topic = %entry.subscribe.topic, %error, "a subscription cannot be restored");
                }
            }
        }
    }

    pub(super) fn unsubscribe(
        &mut self,
        key: Key,
        answer: Option<Answer<()>>,
        line: &mut Line<'_>,
    ) {
        match self.entries.remove(&key).and_then(|entry| entry.id) {
            Some(id) => {
                if let Some(keys) = self.by_id.get_mut(&id) {
                    keys.retain(|&other| other != key);
                }
                self.end_if_unused(id, answer, line);
            }
            None => {
                if let Some(answer) = answer {
                    drop(answer.send(Ok(())));
                }
            }
        }
    }

    pub(super) fn unsubscribed(&mut self, id: SubscriptionId, request: RequestId) {
        if self.ending.get(&id) == Some(&request) {
            self.ending.remove(&id);
        }
    }

    /// Ends the event streams of a subscription that the router has taken away.
    pub(super) fn revoked(&mut self, id: SubscriptionId) {
        for key in self.by_id.remove(&id).unwrap_or_default() {
            if let Some(entry) = self.entries.remove(&key) {
                info!(topic = %entry.subscribe.topic, "subscription revoked by the router");
            }
        }
    }

    pub(super) fn event(&mut self, event: EventMessage, line: &mut Line<'_>) {
        // None: the UNSUBSCRIBE is under way.
        let Some(keys) = self.by_id.get(&event.subscription) else {
            return;
        };
        let event = Event {
            publication: event.publication,
            topic: event.topic,
            publisher: event.publisher.as_deref().map(Disclosure::from),
            retained: event.retained == Some(true),
            content: Content(event.payload),
        };
        let mut gone = Vec::new();
        for key in keys {
            if let Some(entry) = self.entries.get(key)
                && entry.inbox.push(event.clone()).is_err()
            {
                gone.push(*key);
            }
        }
        for key in gone {
            self.unsubscribe(key, None, line);
        }
    }

    pub(super) fn restore(&mut self, line: &mut Line<'_>) -> Result<(), LinkError> {
        self.entries.retain(|_, entry| !entry.inbox.is_closed());
        for (&key, entry) in &mut self.entries {
            let request = line.requests.next_id();
            entry.subscribe.request = request;
            line.link
                .put(&Message::Subscribe(entry.subscribe.clone()))?;
            line.requests.expect(request, Waiting::Subscribe(key, None));
        }
        Ok(())
    }

    /// Keeps what is to be restored: the entries that were subscribed.
    pub(super) fn lost(&mut self) {
        self.by_id.clear();
        self.ending.clear();
        self.entries.retain(|_, entry| entry.established);
        for entry in self.entries.values_mut() {
            entry.id = None;
        }
    }

    pub(super) fn forget(&mut self, key: Key) {
        self.entries.remove(&key);
    }

    fn end_if_unused(
        &mut self,
        id: SubscriptionId,
        answer: Option<Answer<()>>,
        line: &mut Line<'_>,
    ) {
        if self.by_id.get(&id).is_some_and(|keys| !keys.is_empty()) {
            if let Some(answer) = answer {
                drop(answer.send(Ok(())));
            }
            return;
        }
        self.by_id.remove(&id);
        let request = line.requests.next_id();
        self.ending.insert(id, request);
        let unsubscribe = Message::Unsubscribe(Unsubscribe {
            request,
            subscription: id,
            forward_for: Vec::new(),
        });
        line.send(request, &unsubscribe, Waiting::Unsubscribe(id, answer));
    }
}

impl Entry {
    fn send(
        &mut self,
        key: Key,
        answer: Option<Answer<SubscriptionId>>,
        line: &mut Line<'_>,
    ) -> bool {
        let request = line.requests.next_id();
        self.subscribe.request = request;
        let message = Message::Subscribe(self.subscribe.clone());
        line.send(request, &message, Waiting::Subscribe(key, answer))
    }
}
