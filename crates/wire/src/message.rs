//! The messages, one a file: its elements, how it is read and how it is written.

use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{DecodeFault, EncodeError};

mod abort;
mod authenticate;
mod call;
mod call_result;
mod cancel;
mod challenge;
mod error;
mod event;
mod event_received;
mod goodbye;
mod hello;
mod identity;
mod interrupt;
mod invocation;
mod passthru;
mod publish;
mod published;
mod register;
mod registered;
mod subscribe;
mod subscribed;
mod unregister;
mod unregistered;
mod unsubscribe;
mod unsubscribed;
mod welcome;
mod r#yield;

pub use abort::*;
pub use authenticate::*;
pub use call::*;
pub use call_result::*;
pub use cancel::*;
pub use challenge::*;
pub use error::*;
pub use event::*;
pub use event_received::*;
pub use goodbye::*;
pub use hello::*;
pub use identity::*;
pub use interrupt::*;
pub use invocation::*;
pub use passthru::*;
pub use publish::*;
pub use published::*;
pub use register::*;
pub use registered::*;
pub use subscribe::*;
pub use subscribed::*;
pub use unregister::*;
pub use unregistered::*;
pub use unsubscribe::*;
pub use unsubscribed::*;
pub use welcome::*;
pub use r#yield::*;

/// A WAMP message (WAMP spec, "Messages"). The names are the specification's.
///
/// Options and details hold what this implementation understands; unknown keys are skipped. `None` means that the
/// key was absent (or null, which some clients send for "unset"). URIs are text as it came: the one who routes
/// checks them, since a bad URI is answered and not a fault of the frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// 1
    Hello(Box<Hello>),
    /// 2
    Welcome(Box<Welcome>),
    /// 3
    Abort(Box<Abort>),
    /// 4
    Challenge(Box<Challenge>),
    /// 5
    Authenticate(Box<Authenticate>),
    /// 6
    Goodbye(Box<Goodbye>),
    /// 8
    Error(Error),
    /// 16
    Publish(Publish),
    /// 17
    Published(Published),
    /// 32
    Subscribe(Subscribe),
    /// 33
    Subscribed(Subscribed),
    /// 34
    Unsubscribe(Unsubscribe),
    /// 35
    Unsubscribed(Unsubscribed),
    /// 36
    Event(Event),
    /// 337
    EventReceived(EventReceived),
    /// 48
    Call(Call),
    /// 49
    Cancel(Cancel),
    /// 50
    Result(CallResult),
    /// 64
    Register(Register),
    /// 65
    Registered(Registered),
    /// 66
    Unregister(Unregister),
    /// 67
    Unregistered(Unregistered),
    /// 68
    Invocation(Invocation),
    /// 69
    Interrupt(Interrupt),
    /// 70
    Yield(Yield),
}

impl Message {
    pub(crate) fn read<'f, R: Reader<'f>>(reader: R) -> Decoded<Self> {
        let fields = &mut Fields::new(reader);
        let code = fields.open()?;
        match u16::try_from(code).unwrap_or(0) {
            Hello::CODE => Hello::decode(fields),
            Welcome::CODE => Welcome::decode(fields),
            Abort::CODE => Abort::decode(fields),
            Challenge::CODE => Challenge::decode(fields),
            Authenticate::CODE => Authenticate::decode(fields),
            Goodbye::CODE => Goodbye::decode(fields),
            Error::CODE => Error::decode(fields),
            Publish::CODE => Publish::decode(fields),
            Published::CODE => Published::decode(fields),
            Subscribe::CODE => Subscribe::decode(fields),
            Subscribed::CODE => Subscribed::decode(fields),
            Unsubscribe::CODE => Unsubscribe::decode(fields),
            Unsubscribed::CODE => Unsubscribed::decode(fields),
            Event::CODE => Event::decode(fields),
            EventReceived::CODE => EventReceived::decode(fields),
            Call::CODE => Call::decode(fields),
            Cancel::CODE => Cancel::decode(fields),
            CallResult::CODE => CallResult::decode(fields),
            Register::CODE => Register::decode(fields),
            Registered::CODE => Registered::decode(fields),
            Unregister::CODE => Unregister::decode(fields),
            Unregistered::CODE => Unregistered::decode(fields),
            Invocation::CODE => Invocation::decode(fields),
            Interrupt::CODE => Interrupt::decode(fields),
            Yield::CODE => Yield::decode(fields),
            _ => Err(DecodeFault::UnknownType { code }.into()),
        }
    }

    pub(crate) fn write_to<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        match self {
            Self::Hello(message) => message.encode(out),
            Self::Welcome(message) => message.encode(out),
            Self::Abort(message) => message.encode(out),
            Self::Challenge(message) => message.encode(out),
            Self::Authenticate(message) => message.encode(out),
            Self::Goodbye(message) => message.encode(out),
            Self::Error(message) => message.encode(out),
            Self::Publish(message) => message.encode(out),
            Self::Published(message) => message.encode(out),
            Self::Subscribe(message) => message.encode(out),
            Self::Subscribed(message) => message.encode(out),
            Self::Unsubscribe(message) => message.encode(out),
            Self::Unsubscribed(message) => message.encode(out),
            Self::Event(message) => message.encode(out),
            Self::EventReceived(message) => message.encode(out),
            Self::Call(message) => message.encode(out),
            Self::Cancel(message) => message.encode(out),
            Self::Result(message) => message.encode(out),
            Self::Register(message) => message.encode(out),
            Self::Registered(message) => message.encode(out),
            Self::Unregister(message) => message.encode(out),
            Self::Unregistered(message) => message.encode(out),
            Self::Invocation(message) => message.encode(out),
            Self::Interrupt(message) => message.encode(out),
            Self::Yield(message) => message.encode(out),
        }
    }

    /// Gives the type code.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::Hello(_) => Hello::CODE,
            Self::Welcome(_) => Welcome::CODE,
            Self::Abort(_) => Abort::CODE,
            Self::Challenge(_) => Challenge::CODE,
            Self::Authenticate(_) => Authenticate::CODE,
            Self::Goodbye(_) => Goodbye::CODE,
            Self::Error(_) => Error::CODE,
            Self::Publish(_) => Publish::CODE,
            Self::Published(_) => Published::CODE,
            Self::Subscribe(_) => Subscribe::CODE,
            Self::Subscribed(_) => Subscribed::CODE,
            Self::Unsubscribe(_) => Unsubscribe::CODE,
            Self::Unsubscribed(_) => Unsubscribed::CODE,
            Self::Event(_) => Event::CODE,
            Self::EventReceived(_) => EventReceived::CODE,
            Self::Call(_) => Call::CODE,
            Self::Cancel(_) => Cancel::CODE,
            Self::Result(_) => CallResult::CODE,
            Self::Register(_) => Register::CODE,
            Self::Registered(_) => Registered::CODE,
            Self::Unregister(_) => Unregister::CODE,
            Self::Unregistered(_) => Unregistered::CODE,
            Self::Invocation(_) => Invocation::CODE,
            Self::Interrupt(_) => Interrupt::CODE,
            Self::Yield(_) => Yield::CODE,
        }
    }

    /// Gives the name, as the specification writes it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Hello(_) => Hello::NAME,
            Self::Welcome(_) => Welcome::NAME,
            Self::Abort(_) => Abort::NAME,
            Self::Challenge(_) => Challenge::NAME,
            Self::Authenticate(_) => Authenticate::NAME,
            Self::Goodbye(_) => Goodbye::NAME,
            Self::Error(_) => Error::NAME,
            Self::Publish(_) => Publish::NAME,
            Self::Published(_) => Published::NAME,
            Self::Subscribe(_) => Subscribe::NAME,
            Self::Subscribed(_) => Subscribed::NAME,
            Self::Unsubscribe(_) => Unsubscribe::NAME,
            Self::Unsubscribed(_) => Unsubscribed::NAME,
            Self::Event(_) => Event::NAME,
            Self::EventReceived(_) => EventReceived::NAME,
            Self::Call(_) => Call::NAME,
            Self::Cancel(_) => Cancel::NAME,
            Self::Result(_) => CallResult::NAME,
            Self::Register(_) => Register::NAME,
            Self::Registered(_) => Registered::NAME,
            Self::Unregister(_) => Unregister::NAME,
            Self::Unregistered(_) => Unregistered::NAME,
            Self::Invocation(_) => Invocation::NAME,
            Self::Interrupt(_) => Interrupt::NAME,
            Self::Yield(_) => Yield::NAME,
        }
    }

    /// Gives the payload, if messages of this type have one.
    #[must_use]
    pub const fn payload(&self) -> Option<&crate::Payload> {
        match self {
            Self::Abort(message) => Some(&message.payload),
            Self::Error(message) => Some(&message.payload),
            Self::Publish(message) => Some(&message.payload),
            Self::Event(message) => Some(&message.payload),
            Self::Call(message) => Some(&message.payload),
            Self::Result(message) => Some(&message.payload),
            Self::Invocation(message) => Some(&message.payload),
            Self::Yield(message) => Some(&message.payload),
            Self::Hello(_)
            | Self::Welcome(_)
            | Self::Challenge(_)
            | Self::Authenticate(_)
            | Self::Goodbye(_)
            | Self::Published(_)
            | Self::Subscribe(_)
            | Self::Subscribed(_)
            | Self::Unsubscribe(_)
            | Self::Unsubscribed(_)
            | Self::EventReceived(_)
            | Self::Cancel(_)
            | Self::Register(_)
            | Self::Registered(_)
            | Self::Unregister(_)
            | Self::Unregistered(_)
            | Self::Interrupt(_) => None,
        }
    }
}
