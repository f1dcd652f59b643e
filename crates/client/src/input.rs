use crossbar_wire::{
    Call, CancelMode, Payload, PublicationId, Publish, Register, RegistrationId, RequestId,
    Subscribe, SubscriptionId,
};
use tokio::sync::oneshot;

use crate::callee::{Handler, Interrupts};
use crate::inbox::Inbox;
use crate::{Content, Event, RequestError};

/// Names a call, subscription or registration of this side for as long as it lives, over reconnects.
pub(crate) type Key = u64;

/// Where an answer goes.
pub(crate) type Answer<T> = oneshot::Sender<Result<T, RequestError>>;

/// What can be asked of a connection's task. Request ids in messages are filled in there.
pub(crate) enum Input {
    Call(Key, Box<Call>, CallWaiter),
    Cancel(Key, CancelMode),
    Publish(Box<Publish>, Option<Answer<PublicationId>>),
    Subscribe(Key, NewSubscription, Answer<SubscriptionId>),
    /// The subscription's handle is gone, or says so.
    Unsubscribe(Key, Option<Answer<()>>),
    Register(Key, NewRegistration, Answer<RegistrationId>),
    Unregister(Key, Answer<()>),
    Progress(Running, Payload),
    Leave(oneshot::Sender<()>),
}

/// Who waits for the results of a call.
pub(crate) struct CallWaiter {
    pub(crate) result: Answer<Content>,
    pub(crate) progress: Option<Inbox<Content>>,
}

pub(crate) struct NewSubscription {
    pub(crate) subscribe: Subscribe,
    pub(crate) inbox: Inbox<Event>,
}

pub(crate) struct NewRegistration {
    pub(crate) register: Register,
    pub(crate) handler: Handler,
    pub(crate) interrupts: Interrupts,
}

/// An invocation that runs, on the connection of that number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Running {
    pub(crate) connection: u64,
    pub(crate) request: RequestId,
}

impl Input {
    /// Answers that there is no session.
    pub(crate) fn refuse(self) {
        let error = || RequestError::NotConnected;
        // Whoever has stopped waiting needs no answer.
        match self {
            Self::Call(_, _, waiter) => drop(waiter.result.send(Err(error()))),
            Self::Publish(_, Some(answer)) => drop(answer.send(Err(error()))),
            Self::Subscribe(_, _, answer) => drop(answer.send(Err(error()))),
            Self::Unsubscribe(_, Some(answer)) | Self::Unregister(_, answer) => {
                drop(answer.send(Err(error())));
            }
            Self::Register(_, _, answer) => drop(answer.send(Err(error()))),
            Self::Leave(done) => {
                let _ = done.send(());
            }
            Self::Publish(_, None)
            | Self::Unsubscribe(_, None)
            | Self::Cancel(..)
            | Self::Progress(..) => {}
        }
    }
}
