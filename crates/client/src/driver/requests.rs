use std::collections::HashMap;

use crossbar_wire::{
    Call, CallResult, Cancel, CancelMode, MAX_ID, Message, PublicationId, Publish, Published,
    RegistrationId, RequestId, SubscriptionId,
};
use tracing::{debug, warn};

use super::state::unsendable;
use crate::input::{Answer, CallWaiter, Key};
use crate::link::Link;
use crate::{Content, Refused, RequestError};

/// The requests of this side that have no answer yet.
#[derive(Default)]
pub(super) struct Requests {
    last: u64,
    calls: HashMap<RequestId, (Key, CallWaiter)>,
    by_key: HashMap<Key, RequestId>,
    others: HashMap<RequestId, Waiting>,
}

/// What waits for an answer of the router itself. Nobody waits for what is restored.
pub(super) enum Waiting {
    Publish(Answer<PublicationId>),
    Subscribe(Key, Option<Answer<SubscriptionId>>),
    Unsubscribe(SubscriptionId, Option<Answer<()>>),
    Register(Key, Option<Answer<RegistrationId>>),
    Unregister(Key, Option<Answer<()>>),
}

/// A connection, with who waits for answers on it.
pub(super) struct Line<'a> {
    pub(super) requests: &'a mut Requests,
    pub(super) link: &'a mut Link,
}

impl Line<'_> {
    /// Sends a request and notes who waits; `false` if it cannot be sent, which whoever waits is told.
    pub(super) fn send(&mut self, request: RequestId, message: &Message, waiting: Waiting) -> bool {
        match self.link.put(message) {
            Ok(()) => {
                self.requests.expect(request, waiting);
                true
            }
            Err(error) => {
                waiting.fail(unsendable(error));
                false
            }
        }
    }
}

impl Waiting {
    pub(super) fn fail(self, error: RequestError) {
        match self {
            Self::Publish(answer) => drop(answer.send(Err(error))),
            Self::Subscribe(_, Some(answer)) => drop(answer.send(Err(error))),
            Self::Register(_, Some(answer)) => drop(answer.send(Err(error))),
            Self::Unsubscribe(_, Some(answer)) | Self::Unregister(_, Some(answer)) => {
                drop(answer.send(Err(error)));
            }
            Self::Subscribe(_, None)
            | Self::Register(_, None)
            | Self::Unsubscribe(_, None)
            | Self::Unregister(_, None) => debug!(%error, "the router refused"),
        }
    }
}

impl Requests {
    /// Counts from 1 again, for a new session (WAMP spec, "IDs").
    pub(super) const fn restart(&mut self) {
        self.last = 0;
    }

    /// Gives the id of the next request.
    pub(super) fn next_id(&mut self) -> RequestId {
        self.last = if self.last == MAX_ID {
            1
        } else {
            self.last + 1
        };
        RequestId::new(self.last).expect("the count stays within ids")
    }

    /// Notes who waits for the answer to a request that was sent.
    pub(super) fn expect(&mut self, request: RequestId, waiting: Waiting) {
        self.others.insert(request, waiting);
    }

    pub(super) fn take(&mut self, request: RequestId) -> Option<Waiting> {
        self.others.remove(&request)
    }

    pub(super) fn call(&mut self, key: Key, mut call: Call, waiter: CallWaiter, link: &mut Link) {
        call.request = self.next_id();
        let request = call.request;
        match link.put(&Message::Call(call)) {
            Ok(()) => {
                self.calls.insert(request, (key, waiter));
                self.by_key.insert(key, request);
            }
            // Whoever has stopped waiting needs no answer, here and below.
            Err(error) => drop(waiter.result.send(Err(unsendable(error)))),
        }
    }

    pub(super) fn cancel(&mut self, key: Key, mode: CancelMode, link: &mut Link) {
        let Some(&request) = self.by_key.get(&key) else {
            return;
        };
        let cancel = Cancel {
            request,
            mode: Some(mode),
            forward_for: Vec::new(),
        };
        if let Err(error) = link.put(&Message::Cancel(cancel)) {
            warn!(%error, "a call cannot be cancelled");
        }
    }

    pub(super) fn publish(
        &mut self,
        mut publish: Publish,
        answer: Option<Answer<PublicationId>>,
        link: &mut Link,
    ) {
        publish.request = self.next_id();
        let request = publish.request;
        let message = Message::Publish(publish);
        match answer {
            Some(answer) => {
                let mut line = Line {
                    requests: self,
                    link,
                };
                line.send(request, &message, Waiting::Publish(answer));
            }
            None => {
                if let Err(error) = link.put(&message) {
                    warn!(%error, "an event cannot be published");
                }
            }
        }
    }

    pub(super) fn published(&mut self, message: &Published) {
        // An answer to an event that is not acknowledged is more than was asked for.
        if let Some(Waiting::Publish(answer)) = self.take(message.request) {
            drop(answer.send(Ok(message.publication)));
        }
    }

    pub(super) fn result(&mut self, result: CallResult) {
        let content = Content(result.payload);
        if result.progress == Some(true) {
            if let Some((_, waiter)) = self.calls.get(&result.request)
                && let Some(progress) = &waiter.progress
            {
                // A caller that has stopped listening still gets the final result.
                let _ = progress.push(content);
            }
        } else if let Some(waiter) = self.take_call(result.request) {
            drop(waiter.result.send(Ok(content)));
        }
    }

    /// Answers a call, or gives what else has failed.
    pub(super) fn error(&mut self, error: crossbar_wire::Error) -> Option<(Waiting, RequestError)> {
        let refused = RequestError::Refused(Box::new(Refused {
            uri: error.error,
            content: Content(error.payload),
        }));
        if error.request_type == Call::CODE {
            if let Some(waiter) = self.take_call(error.request) {
                drop(waiter.result.send(Err(refused)));
            }
            return None;
        }
        Some((self.take(error.request)?, refused))
    }

    /// Answers all: the connection is no more.
    pub(super) fn lost(&mut self) {
        self.by_key.clear();
        for (_, (_, waiter)) in self.calls.drain() {
            drop(waiter.result.send(Err(RequestError::Lost)));
        }
        for (_, waiting) in self.others.drain() {
            waiting.fail(RequestError::Lost);
        }
    }

    fn take_call(&mut self, request: RequestId) -> Option<CallWaiter> {
        let (key, waiter) = self.calls.remove(&request)?;
        self.by_key.remove(&key);
        Some(waiter)
    }
}
