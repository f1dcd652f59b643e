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
    /// What waits for each procedure for which something does. Which there are says the configuration.
    loads: HashMap<Text, Load, RandomState>,
}

/// Who waits for an answer.
#[derive(Debug)]
struct Waiting {
    sender: oneshot::Sender<Answer>,
    procedure: Text,
    /// How long its question is.
    octets: usize,
}

/// The questions that wait for one procedure.
#[derive(Debug, Default)]
struct Load {
    count: usize,
    octets: usize,
}

/// A question that was asked.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The session of the desk that it was asked at.
    pub(crate) desk: SessionId,
    /// Its request there.
    pub(crate) request: RequestId,
    /// Where the answer will be.
    pub(crate) answer: oneshot::Receiver<Answer>,
}

/// How many questions may wait for a procedure. They come from clients that have proved nothing yet.
const MOST: usize = 1024;
/// How long all that wait for one may be, in octets.
const MOST_OCTETS: usize = 8 << 20;

/// Why nothing is asked where a realm is not there, or does not take the router's session.
pub(crate) const NO_REALM: &str = "the realm is not running";
/// Why nothing is asked where too much waits.
const CROWDED: &str = "too many clients wait for it";

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
            remembered: false,
        };
        let desk = Self {
            session,
            last: 0,
            waiting: HashMap::default(),
            loads: HashMap::default(),
        };
        (desk, join)
    }

    /// Makes a call.
    ///
    /// # Errors
    /// Says why not.
    pub(crate) fn ask(
        &mut self,
        procedure: Text,
        payload: Payload,
    ) -> Result<(Message, Asked), &'static str> {
        let octets = payload.len();
        let load = self.loads.get(&procedure);
        if load.is_some_and(|load| load.count >= MOST || load.octets + octets > MOST_OCTETS) {
            return Err(CROWDED);
        }
        self.last += 1;
        let request = RequestId::new(self.last).ok_or(NO_REALM)?;
        let load = self.loads.entry(procedure.clone()).or_default();
        load.count += 1;
        load.octets += octets;
        let call = Call {
            request,
            receive_progress: None,
            progress: None,
            timeout: None,
            disclose_me: None,
            caller: None,
            passthru: None,
            procedure: procedure.clone(),
            payload,
        };
        let (sender, answer) = oneshot::channel();
        let waiting = Waiting {
            sender,
            procedure,
            octets,
        };
        self.waiting.insert(request, waiting);
        let asked = Asked {
            desk: self.session,
            request,
            answer,
        };
        Ok((Message::Call(call), asked))
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
        if let Some(load) = self.loads.get_mut(&waiting.procedure) {
            load.count -= 1;
            load.octets -= waiting.octets;
            if load.count == 0 {
                self.loads.remove(&waiting.procedure);
            }
        }
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

/// A question that was asked in a realm. Whoever drops it does not want the answer any more.
pub(crate) struct Question {
    pub(crate) driver: Arc<Driver>,
    pub(crate) asked: Asked,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Question({})", self.asked.request)
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        let mut wakes = Vec::new();
        self.driver.give_up(&self.asked, &mut wakes);
        wake(&mut wakes);
    }
}

impl Router {
    /// Asks an authenticator, and waits for what it answers.
    pub(crate) async fn ask(&self, inquiry: Inquiry) -> Result<Value, AuthenticatorFailure> {
        let (realm, procedure) = (inquiry.realm.clone(), inquiry.procedure.clone());
        let asked = (self.driver(&realm).ok_or(NO_REALM)).and_then(|driver| {
            let arguments = Payload::new(Format::Cbor, &inquiry.arguments, &Dict::new());
            let arguments = arguments.map_err(|_| "the question cannot be written")?;
            driver.ask(inquiry.procedure, arguments)
        });
        let mut question = match asked {
            Ok(question) => question,
            Err(why) => {
                self.note_unavailable(&realm, &procedure, why);
                return Err(AuthenticatorFailure::Unavailable);
            }
        };
        let answer = tokio::time::timeout(inquiry.limit, &mut question.asked.answer).await;
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
        "wamp.error.unavailable" | "wamp.error.no_available_callee" => {
            Some("no callee takes it, or reads what waits for it")
        }
        "crossbar.error.max_concurrency_reached" => Some("all its callees are busy"),
        "crossbar.error.limit_exceeded" => Some(CROWDED),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a12_questions_are_counted_by_procedure() {
        let session = SessionId::new(7).unwrap();
        let (mut desk, _) = Desk::new(session, Text::from_static("realm1"));
        let (busy, other) = (
            Text::from_static("com.busy"),
            Text::from_static("com.other"),
        );
        let mut asked = Vec::new();
        for _ in 0..MOST {
            asked.push(desk.ask(busy.clone(), Payload::EMPTY).unwrap().1);
        }
        assert_eq!(desk.ask(busy.clone(), Payload::EMPTY).unwrap_err(), CROWDED);
        desk.ask(other, Payload::EMPTY).unwrap();
        assert!(desk.give_up(asked[0].request).is_some());
        assert!(desk.give_up(asked[0].request).is_none());
        desk.ask(busy, Payload::EMPTY).unwrap();
    }
}
