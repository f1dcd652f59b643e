//! FlatBuffers as Autobahn speaks it: messages as tables of its schema (`wamp.fbs`), arguments as octets of another
//! serializer within.
//!
//! Two things differ from the schema, as Autobahn has it: the number beside the union is the message's type code and not
//! the union's own count (EVENT_RECEIVED has 37), and fields that the schema requires may be absent, HELLO's `roles` above
//! all. Each table's first field, `session`, says nothing here but in WELCOME.
//!
//! A reader follows only offsets that stay in the frame, opens no table within a table but those that a message has, and
//! looks at a bounded number of octets, wherever the offsets lead.
//!
//! What the schema has no field for is left out if it only informs (`agent`, `trustlevel`, the callee behind an ERROR,
//! `authextra` in WELCOME); a message that means something else without it is refused
//! ([`Unrepresentable::Attribute`]).

use bytes::Bytes;

use self::draft::Draft;
use self::table::{Frame, Slot, Table, Words, slot};
use crate::codec::write::lacks;
use crate::fields::Decoded;
use crate::{
    Abort, Authenticate, Call, CallResult, Cancel, Challenge, DecodeFault, EncodeError, Error,
    Event, EventReceived, Format, Goodbye, Hello, Interrupt, Invocation, Message, Publish,
    Published, Register, Registered, Subscribe, Subscribed, Unregister, Unregistered,
    Unrepresentable, Unsubscribe, Unsubscribed, Welcome, Yield,
};

mod answering;
mod calling;
mod contents;
mod draft;
mod peers;
mod publishing;
pub(crate) mod reflection;
mod registering;
mod roles;
mod session;
mod subscribing;
mod table;

/// Reads one whole message from a frame; payloads stay slices of it.
pub(crate) fn decode(octets: &Bytes) -> Decoded<Message> {
    if octets.is_empty() {
        return Err(DecodeFault::Empty.into());
    }
    let frame = Frame::new(octets);
    let root = frame.root(ROOT)?;
    let code = root.number8(KIND, 0)?;
    let table = root.table(MESSAGE)?;
    let table = table.ok_or_else(|| root.missing(MESSAGE))?;
    read(code, table)
}

/// Appends the message's octets to `out`.
pub(crate) fn encode(message: &Message, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let mut root = Draft::new();
    root.number8(KIND, code(message), 0);
    root.table(MESSAGE, draft(message)?);
    root.write(out)
}

const ROOT: &str = "Message";
const KIND: Slot = slot(0, "msg_type");
const MESSAGE: Slot = slot(1, "msg");

/// The code of EVENT_RECEIVED, whose own does not fit in an octet.
const EVENT_RECEIVED: u8 = 37;

/// A message as a table.
trait Tabled: Sized {
    fn read(table: &Table<'_>) -> Decoded<Self>;

    fn draft(&self) -> Result<Draft<'_>, EncodeError>;
}

fn code(message: &Message) -> u8 {
    u8::try_from(message.code()).unwrap_or(EVENT_RECEIVED)
}

fn read(code: u8, table: Table<'_>) -> Decoded<Message> {
    let table = |name| table.named(name);
    Ok(match code {
        1 => Message::Hello(Box::new(Hello::read(&table(Hello::NAME))?)),
        2 => Message::Welcome(Box::new(Welcome::read(&table(Welcome::NAME))?)),
        3 => Message::Abort(Box::new(Abort::read(&table(Abort::NAME))?)),
        4 => Message::Challenge(Box::new(Challenge::read(&table(Challenge::NAME))?)),
        5 => Message::Authenticate(Box::new(Authenticate::read(&table(Authenticate::NAME))?)),
        6 => Message::Goodbye(Box::new(Goodbye::read(&table(Goodbye::NAME))?)),
        8 => Message::Error(Error::read(&table(Error::NAME))?),
        16 => Message::Publish(Publish::read(&table(Publish::NAME))?),
        17 => Message::Published(Published::read(&table(Published::NAME))?),
        32 => Message::Subscribe(Subscribe::read(&table(Subscribe::NAME))?),
        33 => Message::Subscribed(Subscribed::read(&table(Subscribed::NAME))?),
        34 => Message::Unsubscribe(Unsubscribe::read(&table(Unsubscribe::NAME))?),
        35 => Message::Unsubscribed(Unsubscribed::read(&table(Unsubscribed::NAME))?),
        36 => Message::Event(Event::read(&table(Event::NAME))?),
        EVENT_RECEIVED => Message::EventReceived(EventReceived::read(&table(EventReceived::NAME))?),
        48 => Message::Call(Call::read(&table(Call::NAME))?),
        49 => Message::Cancel(Cancel::read(&table(Cancel::NAME))?),
        50 => Message::Result(CallResult::read(&table(CallResult::NAME))?),
        64 => Message::Register(Register::read(&table(Register::NAME))?),
        65 => Message::Registered(Registered::read(&table(Registered::NAME))?),
        66 => Message::Unregister(Unregister::read(&table(Unregister::NAME))?),
        67 => Message::Unregistered(Unregistered::read(&table(Unregistered::NAME))?),
        68 => Message::Invocation(Invocation::read(&table(Invocation::NAME))?),
        69 => Message::Interrupt(Interrupt::read(&table(Interrupt::NAME))?),
        70 => Message::Yield(Yield::read(&table(Yield::NAME))?),
        code => return Err(DecodeFault::UnknownType { code: code.into() }.into()),
    })
}

fn draft(message: &Message) -> Result<Draft<'_>, EncodeError> {
    match message {
        Message::Hello(message) => message.draft(),
        Message::Welcome(message) => message.draft(),
        Message::Abort(message) => message.draft(),
        Message::Challenge(message) => message.draft(),
        Message::Authenticate(message) => message.draft(),
        Message::Goodbye(message) => message.draft(),
        Message::Error(message) => message.draft(),
        Message::Publish(message) => message.draft(),
        Message::Published(message) => message.draft(),
        Message::Subscribe(message) => message.draft(),
        Message::Subscribed(message) => message.draft(),
        Message::Unsubscribe(message) => message.draft(),
        Message::Unsubscribed(message) => message.draft(),
        Message::Event(message) => message.draft(),
        Message::EventReceived(message) => message.draft(),
        Message::Call(message) => message.draft(),
        Message::Cancel(message) => message.draft(),
        Message::Result(message) => message.draft(),
        Message::Register(message) => message.draft(),
        Message::Registered(message) => message.draft(),
        Message::Unregister(message) => message.draft(),
        Message::Unregistered(message) => message.draft(),
        Message::Invocation(message) => message.draft(),
        Message::Interrupt(message) => message.draft(),
        Message::Yield(message) => message.draft(),
    }
}

/// Says that the schema has no place for an attribute.
#[cold]
fn lacking(what: &'static str) -> EncodeError {
    lacks(Format::FlatBuffers, Unrepresentable::Attribute(what))
}

/// Refuses a message with an attribute that the schema has no place for.
fn refuse(there: bool, what: &'static str) -> Result<(), EncodeError> {
    if there { Err(lacking(what)) } else { Ok(()) }
}

/// Gives the number of a word that must be there; the first of `words` stands for none.
fn word_number(attribute: &'static str, words: Words, word: &str) -> Result<u8, EncodeError> {
    let number = (0..).zip(words).skip(1).find(|(_, known)| **known == word);
    let (number, _) = number.ok_or_else(|| lacking(attribute))?;
    Ok(number)
}
