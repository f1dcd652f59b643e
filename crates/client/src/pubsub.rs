use std::sync::Arc;

use crossbar_wire::{Audience, MatchPolicy, PublicationId, SessionId, SubscriptionId, Text};
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

use crate::error::ContentError;
use crate::inbox::Outlet;
use crate::input::{Input, Key};
use crate::session::Shared;
use crate::{Content, RequestError};

/// How to publish.
#[derive(Clone, Debug, Default)]
pub struct PublishOptions {
    /// Whether to wait until the router has taken the event, or says why not.
    pub acknowledge: bool,
    /// Whether this session receives the event too, if it subscribes to the topic.
    pub include_me: bool,
    /// Whether subscribers are to know who publishes; none leaves it to the router.
    pub disclose_me: Option<bool>,
    /// Whether the router keeps the event for later subscribers.
    pub retain: bool,
    /// Whom the event may reach; none for all subscribers.
    pub audience: Option<Audience>,
}

/// How to subscribe.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SubscribeOptions {
    /// How the topic is compared.
    pub policy: MatchPolicy,
    /// Whether an event that the router keeps is wanted at once.
    pub get_retained: bool,
    /// How many events may wait for [`Subscription::next`] before more are dropped; 0 means 16,384.
    pub capacity: usize,
}

/// Who did something, as far as the router tells.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Disclosure {
    /// The session.
    pub session: Option<SessionId>,
    /// Its authid.
    pub authid: Option<String>,
    /// Its authrole.
    pub authrole: Option<String>,
}

impl From<&crossbar_wire::Identity> for Disclosure {
    fn from(identity: &crossbar_wire::Identity) -> Self {
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.as_str().to_owned());
        Self {
            session: identity.session,
            authid: text(&identity.authid),
            authrole: text(&identity.authrole),
        }
    }
}

/// An event that was received.
#[derive(Clone, Debug)]
pub struct Event {
    /// The publication.
    pub publication: PublicationId,
    /// The topic, if the subscription is for a pattern.
    pub topic: Option<Text>,
    /// Who published it, if the router tells.
    pub publisher: Option<Disclosure>,
    /// Whether the event is an old one that the router kept.
    pub retained: bool,
    /// The arguments.
    pub content: Content,
}

impl Event {
    /// Decodes the positional arguments into a tuple or list.
    ///
    /// # Errors
    /// When they are malformed or others than `T` takes.
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        self.content.args()
    }

    /// Decodes the named arguments into a map or a struct.
    ///
    /// # Errors
    /// When they are malformed or others than `T` takes.
    pub fn kwargs<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        self.content.kwargs()
    }
}

/// The events of a topic, oldest first. Dropping it unsubscribes.
#[derive(Debug)]
pub struct Subscription {
    pub(crate) shared: Arc<Shared>,
    pub(crate) key: Key,
    pub(crate) id: SubscriptionId,
    pub(crate) events: Outlet<Event>,
}

impl Subscription {
    /// Waits for the next event; `None` when the session is over or the router revoked the subscription. After a
    /// reconnect events go on, less those published meanwhile.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.next().await
    }

    /// Tells how many events were dropped because they were not taken fast enough.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.events.missed()
    }

    /// Gives the id that the router gave; after a reconnect it has another.
    #[must_use]
    pub const fn id(&self) -> SubscriptionId {
        self.id
    }

    /// Unsubscribes and waits for the router's answer.
    ///
    /// # Errors
    /// When the router refuses or there is no session any more.
    pub async fn unsubscribe(self) -> Result<(), RequestError> {
        let (answer, answered) = oneshot::channel();
        self.shared
            .send(Input::Unsubscribe(self.key, Some(answer)))
            .await?;
        answered.await.unwrap_or(Err(RequestError::Lost))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // With a full queue the next event finds nobody and unsubscribes.
        self.shared.try_send(Input::Unsubscribe(self.key, None));
    }
}
