//! Questions of the router itself to procedures of a realm.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crossbar_core::{AuthenticatorFailure, Inquiry, Join, Principal};
use crossbar_wire::{
    Call, Cancel, CancelMode, Dict, Features, Format, Hello, Message, Payload, RequestId, Role,
    Roles, SessionId, Text, Value,
};
use foldhash::fast::RandomState;
use tokio::sync::oneshot;
use tracing::warn;

use crate::driver::{Driver, wake};
use crate::router::Router;

/// What a procedure answered: its RESULT or its ERROR.
pub(crate) type Answer = Result<Payload, (Text, Payload)>;

/// The session by which the router asks in one realm. It is one of the node's own: the meta API does not show it, and no
/// connection belongs to it.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) session: SessionId,
    /// The last request id.
    last: u64,
    waiting: HashMap<RequestId, Waiting, RandomState>,
    /// How long the questions are that wait, in octets.
    octets: usize,
}

/// Who waits for an answer.
#[derive(Debug)]
struct Waiting {
    sender: oneshot::Sender<Answer>,
    /// How long its question is.
    octets: usize,
}

/// How many questions may wait in a realm. They come from clients that have proved nothing yet.
const MOST: usize = 1024;
/// How long all that wait may be, in octets: less than what may wait for one session to read.
const MOST_OCTETS: usize = 8 << 20;

impl Desk {
    /// Makes a desk, and the request to join that opens its session.
    pub(crate) fn new(session: SessionId, realm: Text) -> (Self, Join) {
        let name = Text::from_static("trusted");
        let principal = Principal {
            authid: Text::from_static("authenticator"),
            authrole: name.clone(),
            authmethod: name,
            authprovider: Text::from_static("static"),
            authextra: Value::Null,
        };
        let features = Features::CALL_CANCELING;
        let hello = Hello {
            roles: Roles::default().with(Role::Caller, features),
            ..Hello::default()
        };
        let join = Join {
            session,
            realm,
            principal,
            hello,
            transport: None,
            strict_request_ids: false,
            expires: None,
            limits: None,
        };
        let desk = Self {
            session,
            last: 0,
            waiting: HashMap::default(),
            octets: 0,
        };
        (desk, join)
    }

    /// Makes a call, and gives its request id and where the answer will be; nothing if too many wait.
    pub(crate) fn ask(
        &mut self,
        procedure: Text,
        payload: Payload,
    ) -> Option<(Message, RequestId, oneshot::Receiver<Answer>)> {
        let octets = payload.len();
        if self.waiting.len() >= MOST || self.octets + octets > MOST_OCTETS {
            return None;
        }
        self.last += 1;
        let request = RequestId::new(self.last)?;
        let call = Call {
            request,
            receive_progress: None,
            progress: None,
            timeout: None,
            disclose_me: None,
            caller: None,
            passthru: None,
            procedure,
            payload,
        };
        let (sender, receiver) = oneshot::channel();
        self.octets += octets;
        self.waiting.insert(request, Waiting { sender, octets });
        Some((Message::Call(call), request, receiver))
    }

    /// Takes a message for the desk's session. Says whether the session is over.
    pub(crate) fn take(&mut self, message: Message) -> bool {
        if matches!(message, Message::Goodbye(_) | Message::Abort(_)) {
            return true;
        }
        let (request, answer) = if let Message::Result(result) = message {
            (result.request, Ok(result.payload))
        } else if let Message::Error(error) = message {
            (error.request, Err((error.error, error.payload)))
        } else {
            return false;
        };
        if let Some(waiting) = self.remove(request) {
            // Who asked may have gone.
            let _ = waiting.sender.send(answer);
        }
        false
    }

    fn remove(&mut self, request: RequestId) -> Option<Waiting> {
        let waiting = self.waiting.remove(&request)?;
        self.octets -= waiting.octets;
        Some(waiting)
    }

    /// Gives up a question. Gives what ends its call, if it is not answered yet.
    pub(crate) fn give_up(&mut self, request: RequestId) -> Option<Message> {
        self.remove(request)?;
        Some(Message::Cancel(Cancel {
            request,
            mode: Some(CancelMode::KillNoWait),
            forward_for: Vec::new(),
        }))
    }
}

/// A question that was asked. Whoever drops it does not want the answer any more.
pub(crate) struct Question {
    pub(crate) driver: Arc<Driver>,
    pub(crate) request: RequestId,
    pub(crate) answer: oneshot::Receiver<Answer>,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Question({})", self.request)
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        let mut wakes = Vec::new();
        self.driver.give_up(self.request, &mut wakes);
        wake(&mut wakes);
    }
}

impl Router {
    /// Asks an authenticator, and waits for what it answers.
    pub(crate) async fn ask(&self, inquiry: Inquiry) -> Result<Value, AuthenticatorFailure> {
        let (realm, procedure) = (inquiry.realm.clone(), inquiry.procedure.clone());
        let asked = self.driver(&realm).and_then(|driver| {
            let arguments = Payload::new(Format::Cbor, &inquiry.arguments, &Dict::new());
            driver.ask(inquiry.procedure, arguments.ok()?)
        });
        let Some(mut question) = asked else {
            let why = "the realm is not running, or too many clients wait for it";
            self.note_unavailable(&realm, &procedure, why);
            return Err(AuthenticatorFailure::Unavailable);
        };
        let answer = tokio::time::timeout(inquiry.limit, &mut question.answer).await;
        let why = match answer {
            Ok(Ok(Ok(payload))) => return Ok(single(&payload)),
            Ok(Ok(Err((uri, payload)))) => match unavailable(&uri) {
                None => return Err(refusal(uri, &payload)),
                Some(why) => why,
            },
            Ok(Err(_)) => "the realm has ended",
            Err(_) => "it did not answer in time",
        };
        self.note_unavailable(&realm, &procedure, why);
        Err(AuthenticatorFailure::Unavailable)
    }

    /// Tells the operator that clients cannot come in.
    fn note_unavailable(&self, realm: &Text, procedure: &Text, why: &str) {
        if let Some(hidden) = self.counters().told.authenticators.due() {
            warn!(%realm, %procedure, why, hidden, "an authenticator is not available: its clients are refused");
        }
    }

    /// Tells the operator that an authenticator does not do what it should.
    pub(crate) fn note_bad_answer(&self, procedure: &Text, what: &str) {
        if let Some(hidden) = self.counters().told.answers.due() {
            warn!(%procedure, what, hidden, "an authenticator gave an invalid answer: its client is refused");
        }
    }
}

/// Gives the one result of a procedure; null if there is none or more.
fn single(payload: &Payload) -> Value {
    let args = payload.args().unwrap_or_default();
    match <[Value; 1]>::try_from(args) {
        Ok([value]) => value,
        Err(_) => Value::Null,
    }
}

/// Says why nobody answered, if an error is the router's own word for that.
fn unavailable(uri: &str) -> Option<&'static str> {
    match uri {
        "wamp.error.no_such_procedure" => Some("nobody has registered the procedure"),
        "wamp.error.canceled" => Some("its session has ended"),
        "wamp.error.unavailable" | "wamp.error.no_available_callee" => Some("no callee takes it"),
        "crossbar.error.max_concurrency_reached" => Some("all its callees are busy"),
        "crossbar.error.limit_exceeded" => Some("too many clients wait for it"),
        "wamp.error.payload_size_exceeded" => Some("the question is too long for it"),
        _ => None,
    }
}

fn refusal(uri: Text, payload: &Payload) -> AuthenticatorFailure {
    let first = payload.args().unwrap_or_default().into_iter().next();
    let message = match first {
        Some(Value::Text(text)) => Some(text),
        Some(Value::Integer(number)) => Some(number.to_string()),
        Some(Value::Bool(flag)) => Some(flag.to_string()),
        Some(
            Value::Null | Value::Float(_) | Value::Binary(_) | Value::List(_) | Value::Dict(_),
        )
        | None => None,
    };
    AuthenticatorFailure::Refused { uri, message }
}
