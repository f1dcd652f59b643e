use crossbar_wire::{
    Call, Dict, Error, Format, Invocation, Message, Payload, Publish, Register, RequestId,
    Subscribe, Text, Unregister, Unsubscribe, Value,
};

use crate::Limit;
use crate::parking::Matter;
use crate::uris;

/// Why a request is refused: what its ERROR says.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    error: &'static str,
    text: String,
    /// The limit that is the reason, if one is.
    limit: Option<Limit>,
    /// Arguments that do not fit are the reason.
    is_unfit: bool,
    /// What an authorizer has to be asked about before the request is answered.
    pending: Option<Box<Matter>>,
}

impl Refusal {
    /// Refuses with an error URI and a sentence for people.
    pub(crate) fn new(error: &'static str, text: impl Into<String>) -> Self {
        Self {
            error,
            text: text.into(),
            limit: None,
            is_unfit: false,
            pending: None,
        }
    }

    /// The same, since a limit does not allow it.
    pub(crate) fn limited(error: &'static str, text: impl Into<String>, limit: Limit) -> Self {
        Self {
            limit: Some(limit),
            ..Self::new(error, text)
        }
    }

    /// The same, since arguments do not fit.
    pub(crate) fn unfit(error: &'static str, text: impl Into<String>) -> Self {
        Self {
            is_unfit: true,
            ..Self::new(error, text)
        }
    }

    /// Does not refuse yet: an authorizer has to be asked about `matter`.
    pub(crate) fn pending(matter: Matter) -> Self {
        Self {
            pending: Some(Box::new(matter)),
            ..Self::new(uris::AUTHORIZATION_FAILED, "nobody has decided")
        }
    }

    /// Gives what an authorizer has to be asked about.
    pub(crate) fn matter(&self) -> Option<&Matter> {
        self.pending.as_deref()
    }

    /// Gives the URI and the arguments of the ERROR.
    pub(crate) fn into_error(self) -> (Text, Payload) {
        (
            Text::from_static(self.error),
            said(&[Value::Text(self.text)]),
        )
    }

    /// Gives the limit that is the reason, if one is.
    pub(crate) const fn limit(&self) -> Option<Limit> {
        self.limit
    }

    /// Says what does not fit, if arguments are the reason.
    pub(crate) fn misfit(&self) -> Option<&str> {
        self.is_unfit.then_some(&*self.text)
    }

    /// Makes the answer to a request of the type `of`.
    pub(crate) fn answer(self, of: RequestType, request: RequestId) -> Message {
        let (error, payload) = self.into_error();
        Message::Error(Error {
            request_type: of.code(),
            request,
            passthru: None,
            callee: None,
            error,
            payload,
        })
    }
}

/// The messages that an ERROR can answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RequestType {
    Publish,
    Subscribe,
    Unsubscribe,
    Call,
    Register,
    Unregister,
    Invocation,
}

impl RequestType {
    /// Gives the type code on the wire.
    pub(crate) const fn code(self) -> u16 {
        match self {
            Self::Publish => Publish::CODE,
            Self::Subscribe => Subscribe::CODE,
            Self::Unsubscribe => Unsubscribe::CODE,
            Self::Call => Call::CODE,
            Self::Register => Register::CODE,
            Self::Unregister => Unregister::CODE,
            Self::Invocation => Invocation::CODE,
        }
    }
}

/// Encodes positional arguments of the realm itself. There may be something of a client's among them.
pub(crate) fn said(args: &[Value]) -> Payload {
    Payload::new(Format::Cbor, args, &Dict::new()).expect("CBOR expresses every value")
}
