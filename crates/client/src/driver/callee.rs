use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crossbar_wire::{
    CancelMode, Format, Interrupt, Invocation as InvocationMessage, Message, Payload, Register,
    RegistrationId, RequestId, Text, Unregister, Yield,
};
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::Instant;
use tracing::{info, warn};

use super::requests::{Line, Waiting};
use crate::callee::{Handler, Interrupts};
use crate::input::{Answer, Input, Key, NewRegistration, Running};
use crate::link::Link;
use crate::{Arguments, Content, Disclosure, Failure, Invocation, LinkError, RequestError};

/// How many invocations may run at a time; more are answered with an error.
const MOST_RUNNING: usize = 65_536;

/// When a registration that could not be restored is tried again: the router may still hold the session before.
const RETRY: Duration = Duration::from_secs(2);

/// The registrations of this side, and the invocations that run.
pub(super) struct Callee {
    inputs: mpsc::WeakSender<Input>,
    connection: u64,
    format: Format,
    entries: BTreeMap<Key, Entry>,
    by_id: HashMap<RegistrationId, Key>,
    tasks: JoinSet<Outcome>,
    running: HashMap<RequestId, Task>,
    by_task: HashMap<Id, RequestId>,
    retry_at: Option<Instant>,
}

struct Entry {
    register: Register,
    handler: Handler,
    interrupts: Interrupts,
    state: Registered,
}

/// How a registration stands with the router.
#[derive(Clone, Copy, PartialEq)]
enum Registered {
    /// Asked for the first time; the application waits.
    Asked,
    /// Asked again after a reconnect.
    AskedAgain,
    /// In force.
    As(RegistrationId),
    /// In force on a connection before; not asked for on this one.
    Before,
}

/// What a handler gave, encoded.
type Outcome = Result<Payload, (Text, Payload)>;

/// What [`Callee::next_done`] gives.
pub(super) type Done = Result<(Id, Outcome), JoinError>;

struct Task {
    abort: AbortHandle,
    interrupt: watch::Sender<Option<CancelMode>>,
    interrupts: Interrupts,
}

impl Callee {
    pub(super) fn new(inputs: mpsc::WeakSender<Input>) -> Self {
        Self {
            inputs,
            connection: 0,
            format: Format::MsgPack,
            entries: BTreeMap::new(),
            by_id: HashMap::new(),
            tasks: JoinSet::new(),
            running: HashMap::new(),
            by_task: HashMap::new(),
            retry_at: None,
        }
    }

    /// Takes note of a new connection.
    pub(super) const fn opened(&mut self, format: Format) {
        self.connection += 1;
        self.format = format;
    }

    pub(super) fn register(
        &mut self,
        key: Key,
        new: NewRegistration,
        answer: Answer<RegistrationId>,
        line: &mut Line<'_>,
    ) {
        let mut register = new.register;
        let request = line.requests.next_id();
        register.request = request;
        let message = Message::Register(register.clone());
        if line.send(request, &message, Waiting::Register(key, Some(answer))) {
            let entry = Entry {
                register,
                handler: new.handler,
                interrupts: new.interrupts,
                state: Registered::Asked,
            };
            self.entries.insert(key, entry);
        }
    }

    pub(super) fn registered(
        &mut self,
        key: Key,
        id: RegistrationId,
        answer: Option<Answer<RegistrationId>>,
        line: &mut Line<'_>,
    ) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.state = Registered::As(id);
            self.by_id.insert(id, key);
        }
        if answer.is_some_and(|answer| answer.send(Ok(id)).is_err()) {
            self.unregister(key, None, line);
        }
    }

    pub(super) fn refused(
        &mut self,
        key: Key,
        answer: Option<Answer<RegistrationId>>,
        error: RequestError,
    ) {
        if let Some(answer) = answer {
            self.entries.remove(&key);
            drop(answer.send(Err(error)));
        } else if error.uri() == Some("wamp.error.procedure_already_exists") {
            if let Some(entry) = self.entries.get_mut(&key) {
                entry.state = Registered::Before;
                self.retry_at = Some(Instant::now() + RETRY);
            }
        } else if let Some(entry) = self.entries.remove(&key) {
            warn!(procedure = %entry.register.procedure, %error, "a registration cannot be restored");
        }
    }

    pub(super) fn unregister(&mut self, key: Key, answer: Option<Answer<()>>, line: &mut Line<'_>) {
        // The handler stays until UNREGISTERED: calls may be under way.
        let state = self.entries.get(&key).map(|entry| entry.state);
        if let Some(Registered::As(registration)) = state {
            let request = line.requests.next_id();
            let message = Message::Unregister(Unregister {
                request,
                registration,
                forward_for: Vec::new(),
            });
            line.send(request, &message, Waiting::Unregister(key, answer));
        } else {
            self.entries.remove(&key);
            if let Some(answer) = answer {
                drop(answer.send(Ok(())));
            }
        }
    }

    pub(super) fn unregistered(&mut self, key: Key) {
        if let Some(entry) = self.entries.remove(&key)
            && let Registered::As(id) = entry.state
        {
            self.by_id.remove(&id);
        }
    }

    /// Forgets a registration that the router has taken away.
    pub(super) fn revoked(&mut self, id: RegistrationId) {
        if let Some(entry) = self
            .by_id
            .remove(&id)
            .and_then(|key| self.entries.remove(&key))
        {
            info!(procedure = %entry.register.procedure, "registration revoked by the router");
        }
    }

    pub(super) fn invocation(
        &mut self,
        message: InvocationMessage,
        link: &mut Link,
    ) -> Result<(), LinkError> {
        let request = message.request;
        let entry = self
            .by_id
            .get(&message.registration)
            .and_then(|key| self.entries.get(key));
        let Some(entry) = entry else {
            return self.put_failure(
                request,
                &Failure::new("wamp.error.no_such_registration", "not registered here"),
                link,
            );
        };
        if self.running.len() >= MOST_RUNNING {
            let failure = Failure::new("wamp.error.unavailable", "too many calls at a time");
            return self.put_failure(request, &failure, link);
        }
        let (interrupt, interrupted) = watch::channel(None);
        let invocation = Invocation {
            content: Content(message.payload),
            procedure: message.procedure,
            caller: message.caller.as_deref().map(Disclosure::from),
            wants_progress: message.receive_progress == Some(true),
            format: self.format,
            running: Running {
                connection: self.connection,
                request,
            },
            inputs: self.inputs.clone(),
            interrupt: interrupted,
        };
        // The handler's own part runs here for the order of the calls; its panic must not end the session.
        let call = AssertUnwindSafe(|| (entry.handler)(invocation));
        let Ok(answer) = catch_unwind(call) else {
            return self.answer(request, None, link);
        };
        let format = self.format;
        let abort = self
            .tasks
            .spawn(async move { encode(answer.await, format) });
        self.by_task.insert(abort.id(), request);
        let task = Task {
            abort,
            interrupt,
            interrupts: entry.interrupts,
        };
        self.running.insert(request, task);
        Ok(())
    }

    pub(super) fn interrupt(
        &mut self,
        message: &Interrupt,
        link: &mut Link,
    ) -> Result<(), LinkError> {
        let request = message.request;
        // None: the answer crossed the interrupt.
        let Some(task) = self.running.get(&request) else {
            return Ok(());
        };
        match task.interrupts {
            Interrupts::Deliver => {
                let mode = message.mode.unwrap_or(CancelMode::Kill);
                task.interrupt.send_replace(Some(mode));
                Ok(())
            }
            Interrupts::Abort => {
                task.abort.abort();
                self.running.remove(&request);
                let failure = Failure::new("wamp.error.canceled", "the caller cancelled the call");
                self.put_failure(request, &failure, link)
            }
        }
    }

    pub(super) fn progress(&self, running: Running, payload: Payload, link: &mut Link) {
        if running.connection != self.connection || !self.running.contains_key(&running.request) {
            return;
        }
        let step = Message::Yield(Yield {
            request: running.request,
            progress: Some(true),
            passthru: None,
            payload,
        });
        if let Err(error) = link.put(&step) {
            warn!(%error, "a result cannot be sent");
        }
    }

    /// Waits for an invocation's answer; `None` if nothing runs.
    pub(super) async fn next_done(&mut self) -> Option<Done> {
        self.tasks.join_next_with_id().await
    }

    /// Sends an invocation's answer, and those of all others that are done.
    pub(super) fn finish(&mut self, done: Done, link: &mut Link) -> Result<(), LinkError> {
        let mut next = Some(done);
        while let Some(done) = next {
            let (id, outcome) = match done {
                Ok((id, outcome)) => (id, Some(outcome)),
                Err(error) => (error.id(), None),
            };
            if let Some(request) = self.by_task.remove(&id)
                && self.running.remove(&request).is_some()
            {
                self.answer(request, outcome, link)?;
            }
            next = self.tasks.try_join_next_with_id();
        }
        Ok(())
    }

    /// Registers what is not registered on this connection.
    pub(super) fn restore(&mut self, line: &mut Line<'_>) -> Result<(), LinkError> {
        self.retry_at = None;
        for (&key, entry) in &mut self.entries {
            if entry.state == Registered::Before {
                let request = line.requests.next_id();
                entry.register.request = request;
                line.link.put(&Message::Register(entry.register.clone()))?;
                line.requests.expect(request, Waiting::Register(key, None));
                entry.state = Registered::AskedAgain;
            }
        }
        Ok(())
    }

    pub(super) const fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Ends what runs for a connection that is no more, and keeps what is to be restored.
    pub(super) fn lost(&mut self) {
        self.retry_at = None;
        self.by_id.clear();
        self.running.clear();
        self.by_task.clear();
        self.tasks = JoinSet::new();
        self.entries
            .retain(|_, entry| entry.state != Registered::Asked);
        for entry in self.entries.values_mut() {
            entry.state = Registered::Before;
        }
    }

    fn answer(
        &self,
        request: RequestId,
        outcome: Option<Outcome>,
        link: &mut Link,
    ) -> Result<(), LinkError> {
        let sent = match outcome {
            Some(Ok(payload)) => link.put(&Message::Yield(Yield {
                request,
                progress: None,
                passthru: None,
                payload,
            })),
            Some(Err((uri, payload))) => link.put(&error(request, uri, payload)),
            None => {
                warn!("a handler panicked");
                let failure = Failure::new("wamp.error.runtime_error", "the callee failed");
                return self.put_failure(request, &failure, link);
            }
        };
        match sent {
            Err(LinkError::TooLong { length, limit }) => {
                let text = format!("a result of {length} octets is over the limit of {limit}");
                let failure = Failure::new("wamp.error.payload_size_exceeded", &text);
                self.put_failure(request, &failure, link)
            }
            Err(LinkError::Encode(error)) => {
                let failure = Failure::new("wamp.error.runtime_error", &error.to_string());
                self.put_failure(request, &failure, link)
            }
            other => other,
        }
    }

    fn put_failure(
        &self,
        request: RequestId,
        failure: &Failure,
        link: &mut Link,
    ) -> Result<(), LinkError> {
        let payload = failure
            .arguments
            .clone()
            .encode(self.format)
            .unwrap_or_default();
        link.put(&error(request, failure.uri.clone(), payload))
    }
}

fn encode(outcome: Result<Arguments, Failure>, format: Format) -> Outcome {
    let failed = |failure: Failure| {
        let payload = failure.arguments.encode(format).unwrap_or_default();
        (failure.uri, payload)
    };
    match outcome {
        Ok(arguments) => arguments
            .encode(format)
            .map_err(|error| failed(error.into())),
        Err(failure) => Err(failed(failure)),
    }
}

fn error(request: RequestId, uri: Text, payload: Payload) -> Message {
    Message::Error(crossbar_wire::Error {
        request_type: InvocationMessage::CODE,
        request,
        passthru: None,
        callee: None,
        error: uri,
        payload,
    })
}
