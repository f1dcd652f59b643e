//! Asking an authorizer, a procedure of the realm, what a session may do.
//!
//! A request that needs asking waits, and what its session sends after it waits behind it, so that the order holds. Answers to
//! invocations and CANCEL do not wait: others wait for them, perhaps the authorizer itself. The realm asks as a caller without a session: nobody
//! sees it, nothing judges it, and it is told what comes of each call exactly once.

mod asking;
mod audit;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use crossbar_wire::{CancelMode, MAX_ID, Message, Payload, RequestId, SessionId, Text};

use super::{Realm, send};
use crate::abort::limit_exceeded;
use crate::calls::CallKey;
use crate::parking::{Keep, Matter, Parking, Ruling, Rulings, Waiting};
use crate::refusal::{Refusal, RequestType};
use crate::role::{Grant, RoleKey};
use crate::session::Session;
use crate::{Command, Outbox, Undecided, uris};

/// The caller of the realm's own calls. No session has this id.
pub(super) fn realm_itself() -> SessionId {
    const { SessionId::new(MAX_ID).expect("it is the greatest id") }
}

/// The questions that are open, and what is known for whole roles.
#[derive(Debug, Default)]
pub(super) struct Authorizing {
    last: u64,
    asked: BTreeMap<RequestId, Question>,
    deadlines: BTreeSet<(Instant, RequestId)>,
    answers: VecDeque<(RequestId, Answer)>,
    by_role: BTreeMap<RoleKey, Rulings>,
    /// What the message that is being taken has to be asked about.
    wanted: Option<Matter>,
}

/// What came of a question.
#[derive(Debug)]
pub(super) enum Answer {
    Given(Payload),
    /// The URI and the arguments of the error.
    Error(Text, Payload),
    Late,
}

#[derive(Debug)]
struct Question {
    session: SessionId,
    role: RoleKey,
    matter: Matter,
    /// The call, as long as it is in flight.
    call: Option<CallKey>,
    deadline: Instant,
    /// The role has been changed since.
    is_stale: bool,
    /// What was decided has been forgotten since: the answer holds for this request only.
    is_purged: bool,
}

impl Authorizing {
    /// Says whether no answer waits to be taken.
    pub(super) fn is_settled(&self) -> bool {
        self.answers.is_empty()
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }

    pub(super) fn deadlines(&self) -> usize {
        self.deadlines.len()
    }

    /// Takes the outcome of one of the realm's calls.
    pub(super) fn answer(&mut self, request: RequestId, answer: Answer) {
        if let Some(question) = self.asked.get_mut(&request) {
            question.call = None;
            self.answers.push_back((request, answer));
        }
    }

    /// Notes what a message has to be asked about.
    pub(super) fn want(&mut self, matter: Matter) {
        self.wanted = Some(matter);
    }

    fn next_question(&mut self) -> RequestId {
        self.last = if self.last == MAX_ID {
            1
        } else {
            self.last + 1
        };
        RequestId::new(self.last).expect("the counter wraps at the greatest id")
    }

    fn end(&mut self, id: RequestId) -> Option<Question> {
        let question = self.asked.remove(&id)?;
        self.deadlines.remove(&(question.deadline, id));
        Some(question)
    }
}

impl Realm {
    /// Forgets what authorizers decided that is kept: of one role, or of all.
    pub fn purge_authorizations(&mut self, role: Option<&str>) {
        let roles = &self.roles;
        let meant = |key: RoleKey| role.is_none_or(|role| roles.name(key).as_str() == role);
        self.authorizing.by_role.retain(|&key, _| !meant(key));
        for question in self.authorizing.asked.values_mut() {
            question.is_purged |= meant(question.role);
        }
        for session in self.sessions.iter_mut() {
            if let Some(parking) = session.parking.as_mut().filter(|_| meant(session.role)) {
                parking.kept.clear();
            }
        }
    }

    /// Sees to the sessions of a role that was changed.
    pub(super) fn role_changed(&mut self, role: RoleKey) {
        self.authorizing.by_role.remove(&role);
        let has_authorizer = self.roles.authorizer(role).is_some();
        for session in self.sessions.iter_mut().filter(|it| it.role == role) {
            if has_authorizer && session.parking.is_none() {
                session.parking = Some(Box::default());
            }
            if let Some(parking) = &mut session.parking {
                parking.kept.clear();
                parking.ruled.clear();
            }
        }
        for question in self.authorizing.asked.values_mut() {
            question.is_stale |= question.role == role;
        }
    }

    /// Takes a message of a session whose role has an authorizer.
    pub(super) fn take_judged(&mut self, from: SessionId, waiting: Waiting, out: &mut Outbox) {
        if let Message::Cancel(cancel) = &waiting.message
            && self.cancel_parked(from, cancel.request, out)
        {
            return;
        }
        if !waits(&waiting.message) {
            self.run(from, waiting, out);
            return;
        }
        let Some(parking) = self.parking(from) else {
            return;
        };
        if parking.push(waiting) {
            self.advance(from, out);
        } else {
            let text = "too many requests wait until the role's authorizer has decided";
            self.abort(from, limit_exceeded(text), out);
        }
    }

    /// Takes what waits, until something has to be asked.
    fn advance(&mut self, from: SessionId, out: &mut Outbox) {
        while let Some(waiting) = self.parking(from).and_then(Parking::take_next) {
            self.take_first(from, waiting, out);
        }
    }

    fn take_first(&mut self, from: SessionId, mut waiting: Waiting, out: &mut Outbox) {
        let Some(session) = self.sessions.get_mut(from).filter(|it| it.is_open()) else {
            return;
        };
        if !waiting.is_numbered {
            waiting.is_numbered = true;
            if let Err(expected) = session.take_request_id(&waiting.message) {
                self.violate_request_id(from, expected, out);
                return;
            }
        }
        if waiting.is_canceled {
            if let Some(request) = waiting.begins_stream() {
                session.begin_stream(request); // what follows it is dropped
            }
            return;
        }
        let before = session.last_stream();
        let again = waiting.message.clone();
        self.run_numbered(from, waiting, out);
        let wanted = self.authorizing.wanted.take();
        let Some(session) = self.sessions.get_mut(from) else {
            return;
        };
        let Some(parking) = session.parking.as_mut() else {
            return;
        };
        let Some(matter) = wanted else {
            parking.ruled.clear();
            return;
        };
        session.set_last_stream(before);
        let waiting = Waiting {
            is_numbered: true,
            ..Waiting::new(again, false)
        };
        self.ask(from, waiting, matter, out);
    }

    /// Asks about the first message of a session, which waits.
    fn ask(&mut self, from: SessionId, waiting: Waiting, matter: Matter, out: &mut Outbox) {
        let Some(session) = self.sessions.get(from) else {
            return;
        };
        let role = session.role;
        let Some(authorizer) = self.roles.authorizer(role) else {
            return;
        };
        let (procedure, limit) = (authorizer.procedure.clone(), authorizer.timeout);
        let arguments = self.arguments(from, &matter, &waiting.message);
        let id = self.authorizing.next_question();
        let asked = self.call_as_realm(id, procedure, arguments, out);
        let deadline = self.now + limit;
        let question = Question {
            session: from,
            role,
            matter,
            call: asked.as_ref().ok().copied(),
            deadline,
            is_stale: false,
            is_purged: false,
        };
        self.authorizing.asked.insert(id, question);
        self.authorizing.deadlines.insert((deadline, id));
        if let Some(parking) = self.parking(from) {
            parking.put_back(waiting, id);
        }
        if let Err(refusal) = asked {
            let (error, payload) = refusal.into_error();
            self.authorizing.answer(id, Answer::Error(error, payload));
        }
    }

    /// Takes the answers that have come, and goes on with what waited for them.
    #[cold]
    pub(super) fn take_answers(&mut self, out: &mut Outbox) {
        while let Some((id, answer)) = self.authorizing.answers.pop_front() {
            let Some(question) = self.authorizing.end(id) else {
                continue;
            };
            let from = question.session;
            let now = self.now;
            let Some(parking) = self.parking(from).filter(|it| it.asked == Some(id)) else {
                continue;
            };
            parking.asked = None;
            if !question.is_stale {
                let trouble = answer.trouble();
                let (ruling, keep) = asking::read(answer, self.options.inventory.as_ref());
                if let Ruling::Failed(why) = &ruling {
                    let why = trouble.unwrap_or_else(|| Text::from(why.as_str()));
                    self.report(&question, why, out);
                }
                if !question.is_purged {
                    self.keep_ruling(&question, &ruling, keep, now);
                }
                if let Some(parking) = self.parking(from) {
                    parking.ruled.push((question.matter, ruling));
                }
            }
            self.advance(from, out);
        }
    }

    /// Lets the shell know that an authorizer did not decide.
    fn report(&self, question: &Question, why: Text, out: &mut Outbox) {
        if let Some(authorizer) = self.roles.authorizer(question.role) {
            out.push_back(Command::Undecided(Box::new(Undecided {
                session: question.session,
                role: self.roles.name(question.role).clone(),
                procedure: authorizer.procedure.clone(),
                why,
            })));
        }
    }

    fn keep_ruling(&mut self, question: &Question, ruling: &Ruling, keep: Keep, now: Instant) {
        let Some(authorizer) = self.roles.authorizer(question.role) else {
            return;
        };
        let until = |ttl: Option<Duration>| now.checked_add(ttl.unwrap_or(authorizer.cache_ttl));
        let (rulings, until, most) = match keep {
            Keep::Nobody => return,
            Keep::Session(ttl) => {
                let until = until(ttl);
                let Some(parking) = self.parking(question.session) else {
                    return;
                };
                (&mut parking.kept, until, MAX_OF_SESSION)
            }
            Keep::Role(ttl) => {
                let until = until(ttl);
                let of_role = self.authorizing.by_role.entry(question.role).or_default();
                (of_role, until, MAX_OF_ROLE)
            }
        };
        let matter = Matter {
            uri: question.matter.uri.compact(),
            ..question.matter.clone()
        };
        rulings.keep(&matter, ruling.clone(), (until, now), most);
    }

    /// Ends the questions that were not answered in time.
    pub(super) fn take_late(&mut self, now: Instant, out: &mut Outbox) {
        while let Some(&(deadline, id)) = self.authorizing.deadlines.first()
            && deadline <= now
        {
            self.authorizing.deadlines.remove(&(deadline, id));
            self.withdraw(id, out);
            self.authorizing.answer(id, Answer::Late);
        }
    }

    /// Ends the call of a question.
    fn withdraw(&mut self, id: RequestId, out: &mut Outbox) {
        let question = self.authorizing.asked.get_mut(&id);
        if let Some(key) = question.and_then(|question| question.call.take()) {
            self.interrupt(key, CancelMode::KillNoWait, out);
            self.end_call(key);
        }
    }

    /// Forgets what waits of a session that ends.
    pub(super) fn unpark(&mut self, from: SessionId, out: &mut Outbox) {
        let session = self.sessions.get_mut(from);
        let Some(parking) = session.and_then(|session| session.parking.take()) else {
            return;
        };
        if let Some(id) = parking.asked {
            self.withdraw(id, out);
            self.authorizing.end(id);
        }
    }

    /// Cancels a call that waits. Says whether there is one.
    fn cancel_parked(&mut self, from: SessionId, request: RequestId, out: &mut Outbox) -> bool {
        let Some(session) = self.sessions.get_mut(from) else {
            return false;
        };
        if session.calls.contains_key(&request) || session.may_continue(request) {
            return false; // it has begun, and what waits is more of it
        }
        let Some(parking) = &mut session.parking else {
            return false;
        };
        let Some(canceled) = parking.cancel(request) else {
            return false;
        };
        for _ in 0..canceled.calls {
            let refusal = Refusal::new(uris::CANCELED, "the call was canceled by the caller");
            send(out, from, refusal.answer(RequestType::Call, request));
        }
        if let Some(id) = canceled.question {
            self.withdraw(id, out);
            self.authorizing.end(id);
        }
        self.advance(from, out);
        true
    }

    /// Gives what is known about a matter; else what is to be asked.
    pub(super) fn rule(&self, session: &Session, matter: Matter) -> Result<Grant, Refusal> {
        if !session.is_open() {
            return Ok(Grant::default()); // a testament: it was allowed when it was left
        }
        let parking = session.parking.as_deref();
        let of_role = self.authorizing.by_role.get(&session.role);
        let ruling = parking
            .and_then(|parking| parking.ruling(&matter))
            .or_else(|| parking?.kept.get(&matter, self.now))
            .or_else(|| of_role?.get(&matter, self.now));
        match ruling {
            Some(Ruling::Allowed(grant)) => Ok(grant.clone()),
            Some(Ruling::Denied) => Err(self.denied(session, matter.action, &matter.uri)),
            Some(Ruling::Failed(why)) => {
                let text = format!("<{}> could not be authorized: {why}", matter.uri);
                Err(Refusal::new(uris::AUTHORIZATION_FAILED, text))
            }
            None => Err(Refusal::pending(matter)),
        }
    }

    fn run(&mut self, from: SessionId, waiting: Waiting, out: &mut Outbox) {
        if let Some(session) = self.sessions.get_mut(from)
            && let Err(expected) = session.take_request_id(&waiting.message)
        {
            self.violate_request_id(from, expected, out);
            return;
        }
        self.run_numbered(from, waiting, out);
    }

    fn run_numbered(&mut self, from: SessionId, waiting: Waiting, out: &mut Outbox) {
        if waiting.is_large {
            self.take_large(from, &waiting.message, out);
        } else {
            let session = self.sessions.get(from);
            let is_chunk = session.is_some_and(|it| it.is_chunk(&waiting.message));
            self.take(from, waiting.message, is_chunk, out);
        }
    }

    fn parking(&mut self, session: SessionId) -> Option<&mut Parking> {
        self.sessions.get_mut(session)?.parking.as_deref_mut()
    }
}

/// Says whether a message keeps its place behind the requests that wait.
fn waits(message: &Message) -> bool {
    matches!(
        message,
        Message::Call(_)
            | Message::Publish(_)
            | Message::Subscribe(_)
            | Message::Unsubscribe(_)
            | Message::Register(_)
            | Message::Unregister(_)
            | Message::Goodbye(_)
    )
}

/// How many rulings are kept for a session.
const MAX_OF_SESSION: usize = 256;

/// How many rulings are kept for a role.
const MAX_OF_ROLE: usize = 4096;
